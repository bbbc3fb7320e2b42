"""What a check holds otherwise than it was asked for: kept with what was posted, and told. Pure."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from muneris.simphony.model import Difference

CHECK_DIFFERS = "check_differs"
"""Why an order, or a round, is worth a look although it is confirmed."""
MOST_KEPT = 20
"""A row and an event have only so much room; the log has them all."""
_OF_MONEY = frozenset({"tip", "change", "total"})

type Differences = tuple[Difference, ...]

_PAYLOAD = TypeAdapter(dict[str, Differences])


def to_keep(found: Sequence[Difference]) -> Differences:
    """Those that are kept: what concerns money first."""
    return tuple(sorted(found, key=lambda each: each.kind not in _OF_MONEY)[:MOST_KEPT])


def payload_of(differences: Differences) -> str:
    """What is said with a confirmation: JSON, empty if nothing differs."""
    return _PAYLOAD.dump_json({"differences": differences}).decode() if differences else "{}"
