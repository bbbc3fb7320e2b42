"""How long to wait before a service that ended is started again."""

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 5.0
STABLE_SECONDS = 30.0
"""A service that lived this long is taken to be well: its next restart is quick again."""


class RestartDelay:
    """Doubles from one end to the next, until a service has lived long enough."""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    def after(self, lifetime: float) -> float:
        """Seconds to wait after a service ended that had lived `lifetime` seconds."""
        if lifetime >= STABLE_SECONDS:
            self._next = FIRST_SECONDS
        delay = self._next
        self._next = min(delay * 2, LONGEST_SECONDS)
        return delay
