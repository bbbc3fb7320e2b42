"""What inventory is asked by orders, and what it answers."""

import logging
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, Field

from muneris.cloud.events import Event, Publisher
from muneris.core.problems import Json
from muneris.inventory.holds import Holds
from muneris.inventory.model import (
    MOST_ITEMS,
    SKU,
    Command,
    Hold,
    HoldStatus,
    ImpossibleCommandError,
    StockLine,
    hold_id_of,
)

_log = logging.getLogger(__name__)

COMMANDS: Mapping[str, Command] = {
    "muneris.stock.reserve": Command.RESERVE,
    "muneris.stock.consume": Command.CONSUME,
    "muneris.stock.release": Command.RELEASE,
}


class _Line(BaseModel):
    sku: str = Field(pattern=f"^{SKU.pattern}$")
    quantity: Decimal = Field(ge=0)


class StockAsk(BaseModel):
    """What an ask's event carries. What storage would refuse ends here: it would fail all that is with it.

    `round`: it is about that round of the order, whose stock is a hold of its own.
    """

    property_code: str
    order_id: str = Field(pattern="^[A-Za-z0-9_.-]{1,64}$")
    number: int
    round: UUID | None = None
    lines: tuple[_Line, ...] = Field(default=(), max_length=MOST_ITEMS)

    @property
    def hold_id(self) -> str:
        """What its hold is known by."""
        return hold_id_of(self.order_id, self.round)


class StockAnswers:
    """Carries out asks and answers them. Whoever is asked again gives the same answer, from its own state."""

    def __init__(self, holds: Holds, publisher: Publisher) -> None:
        self._holds = holds
        self._publisher = publisher

    async def answer(self, event: Event) -> None:
        """Carry out one ask and answer it.

        Raises:
            ValueError: it is no ask.
            OperationalError: storage or Event Grid does not answer; the ask will be repeated.
        """
        command = COMMANDS.get(event.type)
        if command is None:
            raise ValueError(f"inventory is not asked {event.type}")
        ask = StockAsk.model_validate(event.data)
        try:
            hold = await self._carry_out(command, ask)
        except ImpossibleCommandError:
            _log.exception("no answer to %s", event.id)
            return
        await self._publisher.publish([_answer(event, ask, command, hold)])

    async def _carry_out(self, command: Command, ask: StockAsk) -> Hold:
        if command is not Command.RESERVE:
            return await self._holds.settle(ask.property_code, ask.hold_id, command)
        lines = [StockLine(sku=line.sku, quantity=line.quantity) for line in ask.lines]
        return await self._holds.reserve(ask.property_code, ask.hold_id, lines)


def _answer(event: Event, ask: StockAsk, command: Command, hold: Hold) -> Event:
    data: dict[str, Json] = {
        "property_code": ask.property_code,
        "order_id": ask.order_id,
        "number": ask.number,
    }
    if event.time is not None:
        data["asked_at"] = event.time
    if ask.round is not None:
        data["round"] = str(ask.round)
    said = {Command.CONSUME: "consumed", Command.RELEASE: "released"}.get(command)
    if said is None:
        said = "reserved" if hold.status in {HoldStatus.HELD, HoldStatus.CONSUMED} else "rejected"
    if said == "rejected":
        data["items"] = list(hold.short)
    return Event(f"muneris.stock.{said}", event.subject, f"{event.id}-{said}", data)
