"""What orders say and ask, and the answers they react to."""

from collections.abc import Mapping
from uuid import UUID

import orjson

from muneris.cloud.events import Event
from muneris.core.problems import Json
from muneris.orders.model import Ask, Step, Work

ASKED_AS: Mapping[Step, str] = {
    Step.RESERVE: "muneris.stock.reserve",
    Step.POST: "muneris.check.post",
    Step.CONSUME: "muneris.stock.consume",
    Step.RELEASE: "muneris.stock.release",
    Step.VOID: "muneris.check.void",
    Step.TELL_CONFIRMED: "muneris.order.confirmed",
    Step.TELL_REJECTED: "muneris.order.rejected",
    Step.TELL_CANCELLED: "muneris.order.cancelled",
    Step.TELL_COMPLETED: "muneris.order.completed",
    Step.TELL_NEEDS_ATTENTION: "muneris.order.needs_attention",
    Step.TELL_ROUND_CONFIRMED: "muneris.round.confirmed",
    Step.TELL_ROUND_REJECTED: "muneris.round.rejected",
}
"""The event type that says each owed step."""

ANSWER_TO: Mapping[str, Step] = {
    "muneris.stock.reserved": Step.RESERVE,
    "muneris.stock.rejected": Step.RESERVE,
    "muneris.stock.consumed": Step.CONSUME,
    "muneris.stock.released": Step.RELEASE,
    "muneris.check.post": Step.POST,
    "muneris.check.void": Step.VOID,
}
"""The step that an event we receive is about."""


def event_of(work: Work) -> Event:
    """The event that says an owed step: the same id however often it is said."""
    ask, order_id = work.ask, str(work.ask.order_id)
    data: dict[str, Json] = {
        "property_code": ask.property_code,
        "order_id": order_id,
        "number": ask.number,
        **({"round": ask.round} if ask.round else {}),
        **orjson.loads(work.payload),
    }
    subject = f"{ask.property_code}/orders/{order_id}"
    of_round = f"-{ask.round}" if ask.round else ""
    return Event(ASKED_AS[ask.step], subject, f"{order_id}-{ask.number}-{ask.step}{of_round}", data)


def ask_of(event: Event) -> Ask:
    """The ask that an event is about.

    Raises:
        ValueError: it is about none.
    """
    try:
        number = event.data["number"]
        order_id = UUID(str(event.data["order_id"]))
        step = ANSWER_TO[event.type]
    except KeyError as error:
        raise ValueError(f"{event.type} {event.id}: no {error}") from error
    if not isinstance(number, int):
        raise ValueError(f"{event.type} {event.id}: number is no integer")  # noqa: TRY004 - bad content
    of_round = event.data.get("round") or ""
    return Ask(str(event.data["property_code"]), order_id, number, step, str(of_round))
