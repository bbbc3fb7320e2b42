"""Whatever people, events, crashes and Simphony do in whatever order: it is as a simple reference says."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from tests.ordering import OWNER, OrderingRegion
from tests.point_of_sale import Mood
from tests.restaurant import BURGER, CODE
from tests.simulation.invariants import Outside, SeenCheck, find_violations, read_stored
from tests.simulation.seeded.virtual_time import VirtualTimeLoop

from muneris.cloud.events import Event
from muneris.core.problems import ProblemError
from muneris.orders.intake.service import PlaceOrder

BUNS = 6
KITCHEN = ("accepted", "preparing", "ready", "completed")
MOODS: tuple[Mood, ...] = ("takes", "refuses", "unreachable")

type Kitchen = Literal["preparing", "ready", "completed"]


@dataclass
class Known:
    """An order as the reference knows it: its status, its hold, its checks and how far the kitchen is."""

    buns: int
    receipt: bytes
    status: str = "received"
    hold: str = ""
    checks: list[str] = field(default_factory=list)
    kitchen: str = "accepted"


class Reference:
    """What orders come to, said in the simplest way: one thing after the other, in one memory."""

    def __init__(self) -> None:
        self.orders: dict[UUID, Known] = {}
        self.mood: Mood = "takes"
        self.void_mood: Mood = "takes"
        self._answered: set[str] = set()

    @property
    def stock(self) -> tuple[int, int]:
        """Buns on hand, and held."""
        return BUNS - self._buns("consumed"), self._buns("held")

    def _buns(self, hold: str) -> int:
        return sum(each.buns for each in self.orders.values() if each.hold == hold)

    def cancel(self, order_id: UUID) -> str | None:
        """The code of its refusal, or None."""
        order = self.orders[order_id]
        if order.status in {"rejected", "completed"}:
            return "too_late_to_cancel"
        if order.status in {"received", "reserved"}:
            order.status = "cancelled"
        elif order.status in {"posting", "confirmed"}:
            order.status = "cancelling"
        return None

    def fulfil(self, order_id: UUID, status: Kitchen) -> str | None:
        """The code of its refusal, or None."""
        order = self.orders[order_id]
        if order.status not in {"confirmed", "completed"}:
            return "order_not_confirmed"
        if KITCHEN.index(status) < KITCHEN.index(order.kitchen):
            return "fulfilment_order"
        order.kitchen = status
        if status == "completed":
            order.status = "completed"
        return None

    def hear(self, event: Event) -> None:
        """An event arrives."""
        order = self.orders[UUID(str(event.data["order_id"]))]
        match event.type:
            case "muneris.stock.reserve" if not order.hold:
                on_hand, held = self.stock
                order.hold = "held" if on_hand - held >= order.buns else "rejected"
            case "muneris.stock.consume" if order.hold == "held":
                order.hold = "consumed"
            case "muneris.stock.release":
                after = {"": "released", "held": "released", "consumed": "returned"}
                order.hold = after.get(order.hold, order.hold)
            case "muneris.stock.reserved" if order.status == "received":
                order.status = "reserved"
            case "muneris.stock.rejected" if order.status == "received":
                order.status = "rejected"
            case "muneris.check.post" if event.id not in self._answered:
                self._post(order, event)
            case "muneris.check.void" if event.id not in self._answered:
                self._void(order, event)

    def _post(self, order: Known, event: Event) -> None:
        if order.status == "cancelling" and not order.checks:
            order.status = "cancelled"
        elif order.status in {"reserved", "posting"}:
            order.status = {"takes": "confirmed", "refuses": "rejected"}.get(self.mood, "posting")
            order.checks += ["open"] if order.status == "confirmed" else []
        if order.status != "posting":
            self._answered.add(event.id)

    def _void(self, order: Known, event: Event) -> None:
        if order.status != "cancelling" or self.void_mood == "unreachable":
            return
        self._answered.add(event.id)
        if self.void_mood == "refuses":
            order.status = "confirmed"
        else:
            order.status, order.checks = "cancelled", ["voided"]


class Restaurant(RuleBasedStateMachine):
    """The product in memory, beside the reference."""

    orders = Bundle[UUID]("orders")

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner(loop_factory=VirtualTimeLoop)
        self._region = OrderingRegion()
        self._reference = Reference()

    @initialize()
    def open(self) -> None:
        self._do(self._region.open(bun=BUNS))

    @rule(target=orders, burgers=st.integers(1, 3))
    def place(self, burgers: int) -> UUID:
        key = self._region.key()
        placed = self._do(self._region.intake.place(_wish(key, burgers)))
        assert not placed.replayed
        self._reference.orders[placed.order_id] = Known(burgers, placed.receipt)
        return placed.order_id

    @rule(order_id=orders)
    def place_again(self, order_id: UUID) -> None:
        known = self._reference.orders[order_id]
        placed = self._do(self._region.intake.place(_wish(str(order_id), known.buns)))
        assert (placed.receipt, placed.replayed) == (known.receipt, True)

    @rule(order_id=orders)
    def use_its_key_for_another(self, order_id: UUID) -> None:
        another = self._region.intake.place(_wish(str(order_id), 9))
        assert self._refusal(another) == "idempotency_key_reused"

    @rule(order_id=orders)
    def cancel(self, order_id: UUID) -> None:
        refused = self._refusal(self._region.commands.cancel(OWNER, CODE, str(order_id), None))
        assert refused == self._reference.cancel(order_id)

    @rule(order_id=orders, status=st.sampled_from(["preparing", "ready", "completed"]))
    def fulfil(self, order_id: UUID, status: Kitchen) -> None:
        refused = self._refusal(self._region.commands.fulfil(OWNER, CODE, str(order_id), status))
        assert refused == self._reference.fulfil(order_id, status)

    @precondition(lambda self: self._region.bus.waiting)
    @rule(which=st.integers(0, 99), again=st.booleans())
    def deliver(self, which: int, *, again: bool) -> None:
        """An event arrives, whichever; perhaps `again` later."""
        waiting = self._region.bus.waiting
        event = waiting[which % len(waiting)]
        if not again:
            waiting.remove(event)
        self._deliver(event)

    @precondition(lambda self: self._region.bus.waiting)
    @rule(which=st.integers(0, 99))
    def lose(self, which: int) -> None:
        waiting = self._region.bus.waiting
        del waiting[which % len(waiting)]

    @rule(seconds=st.sampled_from([5, 30, 300]))
    def sweep(self, seconds: int) -> None:
        self._region.clock.advance(seconds=seconds)
        self._do(self._region.scheduler.sweep())

    @rule()
    def crash(self) -> None:
        self._region.restart()

    @rule(mood=st.sampled_from(MOODS), void_mood=st.sampled_from(MOODS))
    def be_moody(self, mood: Mood, void_mood: Mood) -> None:
        self._region.pos.mood = self._reference.mood = mood
        self._region.pos.void_mood = self._reference.void_mood = void_mood

    @invariant()
    def it_is_what_the_reference_says(self) -> None:
        self._do(self._compare())

    def teardown(self) -> None:
        """Everybody does what is still to be done: nothing is broken then."""
        try:
            self.be_moody("takes", "takes")
            for _ in range(200):
                while self._region.bus.waiting:
                    self._deliver(self._region.bus.waiting.popleft())
                if not self._do(self._region.works()):
                    break
                self.sweep(30)
            self._do(self._compare())
            self._do(self._keep_promises())
        finally:
            self._runner.close()

    def _do[T](self, doing: Coroutine[object, object, T]) -> T:
        async def to_the_end() -> T:
            try:
                return await doing
            finally:
                await self._region.scheduler.quiet()

        return self._runner.run(to_the_end())

    def _refusal(self, doing: Coroutine[object, object, object]) -> str | None:
        try:
            self._do(doing)
        except ProblemError as problem:
            return problem.type.code
        return None

    def _deliver(self, event: Event) -> None:
        self._do(self._region.deliver(event))
        self._reference.hear(event)

    async def _compare(self) -> None:
        region, reference = self._region, self._reference
        for order_id, known in reference.orders.items():
            order = await region.order(order_id)
            checks = [check.state for check in region.pos.checks_of(str(order_id))]
            kitchen = order.fulfilment.status or "accepted"
            assert (order.status, checks, kitchen) == (known.status, known.checks, known.kitchen)
        if reference.orders:
            assert await region.item("bun") == tuple(map(str, reference.stock))

    async def _keep_promises(self) -> None:
        region, orders = self._region, self._reference.orders
        outside = Outside(
            receipts={(CODE, order_id): {known.receipt} for order_id, known in orders.items()},
            checks=[
                SeenCheck(CODE, UUID(each.new.order_id), each.check.check_ref, each.state != "voided")
                for each in region.pos.opened
            ],
            delivered={(CODE, "bun"): Decimal(BUNS)} if orders else {},
            said=region.bus.published,
            asked={(CODE, order_id) for order_id in orders},
        )
        assert find_violations(await read_stored([CODE], region.orders, region.stock), outside) == []


def _wish(key: str, burgers: int) -> PlaceOrder:
    order = {
        "channel": "online",
        "fulfilment": {"type": "pickup"},
        "lines": [{"menu_item_id": BURGER, "quantity": burgers}],
        "payment": {"method": "at_counter"},
    }
    return PlaceOrder(OWNER, CODE, key, json.dumps(order).encode())


Restaurant.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestRestaurant = Restaurant.TestCase
