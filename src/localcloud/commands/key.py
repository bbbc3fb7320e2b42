"""`muneris key`: a new Idempotency-Key, for shells that cannot make a UUIDv7."""

from datetime import UTC, datetime

from localcloud.commands.answer import answer
from localcloud.commands.options import AsJson
from muneris.core.ids import new_uuid7


def key(*, as_json: AsJson = False) -> None:
    """Make a new Idempotency-Key: one for each order, the same on its retries."""
    made = str(new_uuid7(datetime.now(UTC)))
    answer({"idempotency_key": made}, made, as_json=as_json)
