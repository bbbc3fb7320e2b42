"""Owed steps as rows: `work|<order>|<number>|<step>`, and `|<round>` if it is a round's."""

from datetime import datetime
from uuid import UUID

from muneris.cloud.tables import Row, Values
from muneris.core.clock import from_rfc3339, to_rfc3339
from muneris.orders.model import Ask, Step, Work

WORK = "work|"
"""How the keys of all of them begin."""


def work_key(ask: Ask) -> str:
    """The key of a step's row."""
    of_round = f"|{ask.round}" if ask.round else ""
    return f"{WORK}{ask.order_id}|{ask.number:06}|{ask.step}{of_round}"


def due_values(work: Work) -> Values:
    """What a sender writes before it sends."""
    return {"DueAt": to_rfc3339(work.due_at), "Attempts": work.attempts}


def work_values(work: Work) -> Values:
    """All of a step but its key; one that never expires has no `ExpiresAt`."""
    return {
        **due_values(work),
        "Payload": work.payload,
        "BornAt": to_rfc3339(work.born_at),
        "FirstSentAt": _time_value(work.first_sent_at),
        "LastDeadline": _time_value(work.last_deadline),
        "CallsLost": work.calls_lost,
        "ClaimedUntil": _time_value(work.claimed_until),
        **({} if work.expires_at is None else {"ExpiresAt": to_rfc3339(work.expires_at)}),
    }


def work_of(row: Row) -> Work:
    """The step that a row holds; what a row of an older version lacks is as if it never was."""
    _, order_id, number, step, *of_round = row.key.split("|")
    return Work(
        ask=Ask(row.partition, UUID(order_id), int(number), Step(step), *of_round),
        payload=row.text("Payload"),
        born_at=from_rfc3339(row.text("BornAt")),
        due_at=from_rfc3339(row.text("DueAt")),
        attempts=row.number("Attempts"),
        first_sent_at=_find_time(row, "FirstSentAt"),
        last_deadline=_find_time(row, "LastDeadline"),
        calls_lost=row.number("CallsLost"),
        claimed_until=_find_time(row, "ClaimedUntil"),
        expires_at=_find_time(row, "ExpiresAt"),
        etag=row.etag,
    )


def _time_value(moment: datetime | None) -> str:
    return "" if moment is None else to_rfc3339(moment)


def _find_time(row: Row, name: str) -> datetime | None:
    text = row.text(name)
    return from_rfc3339(text) if text else None
