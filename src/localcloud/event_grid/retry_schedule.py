"""When Event Grid tries again (Azure: "Event Grid message delivery and retry")."""

from collections.abc import Callable

from localcloud.event_grid.delivery import Outcome

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DELAYS = (
    10,
    30,
    _MINUTE,
    5 * _MINUTE,
    10 * _MINUTE,
    30 * _MINUTE,
    _HOUR,
    3 * _HOUR,
    6 * _HOUR,
    12 * _HOUR,
)
_AT_LEAST = {Outcome.NOT_FOUND: 5 * _MINUTE, Outcome.UNAUTHORIZED: 5 * _MINUTE, Outcome.BUSY: 30}
_JITTER = 0.1

NOT_RETRIED = frozenset({Outcome.BAD_REQUEST, Outcome.FORBIDDEN, Outcome.PAYLOAD_TOO_LARGE})
"""What a further attempt would not change, for a destination in Azure."""


def delay_seconds(attempts: int, outcome: Outcome | None, random: Callable[[], float]) -> float:
    """Seconds until the next attempt, after `attempts` of which the last had this outcome.

    Args:
        attempts: From 1.
        outcome: Some have a delay of their own at least.
        random: A number from 0 to 1, spreading the delay by a tenth either way.
    """
    step = _DELAYS[min(attempts, len(_DELAYS)) - 1]
    at_least = _AT_LEAST.get(outcome, 0) if outcome else 0
    return max(step, at_least) * (1 + _JITTER * (2 * random() - 1))
