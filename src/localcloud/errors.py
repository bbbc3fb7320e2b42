"""What a command refuses, said to the person who typed it."""


class LocalCloudError(Exception):
    """An expected failure: its message is one clear line that says what to do."""
