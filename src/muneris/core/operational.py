"""Operational faults: something around us failed; counted and retried, no bug and nobody's refusal."""


class OperationalError(Exception):
    """A dependency did not answer, or answered that it cannot now. Trying again later may work."""
