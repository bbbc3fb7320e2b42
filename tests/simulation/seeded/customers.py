"""The apps that people order with: they try again, twice at once, elsewhere, late, or with another body."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Literal

from tests.restaurant import BURGER, SODA
from tests.simulation.invariants import OrderKey, Violation
from tests.simulation.seeded.history import UNKNOWN, UNREACHABLE, History, Placing, Reading
from tests.simulation.seeded.network import Net
from tests.simulation.seeded.processes import Machine, OrdersProcess, Process
from tests.simulation.seeded.region import Region
from tests.simulation.seeded.virtual_time import SkewedClock

from muneris.core.clock import to_rfc3339
from muneris.core.identity import GUEST, STAFF, Caller
from muneris.core.ids import new_uuid7
from muneris.core.operational import OperationalError
from muneris.core.problems import ProblemError
from muneris.orders.intake.rounds import AddRound
from muneris.orders.intake.service import PlaceOrder
from muneris.orders.stored import StoredOrder

PATIENCE = 12.0
"""Seconds that an app waits for an answer."""
TRIES = 8
GUESTS = 40
"""Guests of a property: few enough to meet the limit of open orders."""


STAFF_CALLER = Caller("staff", STAFF)
type Kitchen = Literal["preparing", "ready", "completed"]
KITCHEN: tuple[Kitchen, ...] = ("preparing", "ready", "completed")


class UnansweredError(Exception):
    """No answer came; the call may have been carried out."""


class NobodyThereError(Exception):
    """The call reached nobody."""


@dataclass
class Crowd:
    """Everybody who orders, and what they saw; `surprises` are answers that nobody should get."""

    regions: Sequence[Region]
    net: Net
    history: History = field(default_factory=History)
    surprises: list[Violation] = field(default_factory=list)

    async def ask[P: Process, T](
        self, machines: Sequence[Machine[P]], call: Callable[[P], Awaitable[T]]
    ) -> T:
        """One call to an app, as its callers make it over a bad network.

        Raises:
            UnansweredError: it may have been carried out.
            NobodyThereError: it was not.
            ProblemError: it was refused.
        """
        chance, calm = self.net.chance, self.net.is_calm
        up = [machine.process for machine in machines if machine.process is not None]
        await asyncio.sleep(chance.uniform(0.005, 0.05))
        process = chance.choice(up) if up else None
        if process is None or process.is_dead:
            raise NobodyThereError
        answering = process.spawn(_awaited(call(process)))
        answering.add_done_callback(_heed)
        patience = PATIENCE if calm or chance.random() > 0.01 else chance.uniform(0, 0.05)
        await asyncio.wait({answering}, timeout=patience)
        await asyncio.sleep(chance.uniform(0.005, 0.05))
        if not answering.done() or answering.cancelled() or (not calm and chance.random() < 0.01):
            raise UnansweredError
        try:
            return answering.result()
        except OperationalError as error:
            raise UnansweredError from error

    async def command(
        self,
        region: Region,
        key: OrderKey,
        what: str,
        call: Callable[[OrdersProcess], Awaitable[StoredOrder]],
    ) -> str:
        """What came of a command on an order, given again until it is answered: a status or a code."""
        outcome = UNKNOWN
        for _ in range(TRIES):
            try:
                outcome = (await self.ask(region.orders, call)).order.status
            except ProblemError as problem:
                outcome = problem.type.code
            except (UnansweredError, NobodyThereError):
                outcome = UNKNOWN
            self.net.journal.note("command", f"{what}: {outcome}", str(key[1]))
            if outcome != UNKNOWN:
                break
            await asyncio.sleep(self.net.chance.uniform(0.5, 6))
        return outcome


async def _awaited[T](doing: Awaitable[T]) -> T:
    return await doing


def _heed(answering: asyncio.Task[object]) -> None:
    """What came of it is known, though nobody may wait for it any more."""
    if not answering.cancelled():
        answering.exception()


class Customer:
    """Somebody who places one order, and what becomes of it in their app."""

    def __init__(self, crowd: Crowd, home: Region, property_code: str) -> None:
        self._crowd = crowd
        self._chance = crowd.net.chance
        self._home = home
        self._code = property_code
        self._me = self._caller()
        key = new_uuid7(SkewedClock().now(), self._chance.randbytes)
        self._key: OrderKey = property_code, key
        self._body = _body(self._chance)
        self._seen = 0

    async def live(self) -> None:
        """Order, look how it goes, and now and then be difficult."""
        chance = self._chance
        twice = chance.random() < 0.06
        outcomes = await asyncio.gather(*(self._place_until_answered() for _ in range(1 + twice)))
        if "accepted" not in outcomes:
            return
        async with asyncio.TaskGroup() as doings:
            for share, doing in self._doings():
                if chance.random() < share:
                    doings.create_task(doing())

    def _doings(self) -> list[tuple[float, Callable[[], Coroutine[object, object, None]]]]:
        """What may come of an order, all at once, and how often."""
        return [
            (0.03, self._reuse_key),
            (0.03, self._spy),
            (0.25, self._follow),
            (0.05, self._place_much_later),
            (0.2, self._cancel),
            (0.03, self._cancel),
            (0.5, self._be_served),
            (0.2, self._add_round),
            (0.1, self._add_round),
        ]

    async def _reuse_key(self) -> None:
        await self._place(self._home, self._me, _body(self._chance, burgers=9))

    async def _place_much_later(self) -> None:
        await asyncio.sleep(self._chance.uniform(1, 1200))
        await self._place_until_answered()

    async def _cancel(self) -> None:
        await asyncio.sleep(self._chance.choice([0.0, 0.05, 0.3, 2.0, 30.0, 300.0]) * self._chance.random())
        code, order_id = self._key
        by = self._chance.choice([self._me, STAFF_CALLER])
        outcome = await self._crowd.command(
            self._home,
            self._key,
            "cancel",
            lambda process: process.commands.cancel(by, code, str(order_id), "changed my mind"),
        )
        self._crowd.history.cancellings.append((self._key, outcome))

    async def _be_served(self) -> None:
        """The kitchen prepares it, unless it is cancelled or refused."""
        for status in KITCHEN:
            await asyncio.sleep(self._chance.uniform(5, 120))
            for _ in range(TRIES):
                outcome = await self._crowd.command(
                    self._home,
                    self._key,
                    status,
                    partial(_fulfil, self._key, status),
                )
                if outcome != "order_not_confirmed":
                    break
                await asyncio.sleep(self._chance.uniform(5, 60))

    async def _place_until_answered(self) -> str:
        chance = self._chance
        region = chance.choice(self._crowd.regions) if chance.random() < 0.03 else self._home
        outcome = UNKNOWN
        for _ in range(TRIES):
            outcome = await self._place(region, self._me, self._body)
            if outcome == "property_in_another_region":
                region = self._home
            elif outcome not in {UNKNOWN, UNREACHABLE, "too_many_open_orders"}:
                break
            await asyncio.sleep(chance.uniform(0.5, 6))
        return outcome

    async def _place(self, region: Region, caller: Caller, body: bytes) -> str:
        began = _now()
        wish = PlaceOrder(caller, self._code, str(self._key[1]), body)
        receipt = b""
        try:
            receipt = (
                await self._crowd.ask(region.orders, lambda process: process.intake.place(wish))
            ).receipt
            outcome = "accepted"
        except ProblemError as problem:
            outcome = problem.type.code
        except UnansweredError:
            outcome = UNKNOWN
        except NobodyThereError:
            outcome = UNREACHABLE
        except Exception as error:  # noqa: BLE001 - a bug of the product is what is looked for
            outcome = UNKNOWN
            self._crowd.surprises.append(Violation("nobody meets a bug", repr(error), self._key))
        placing = Placing(self._key, caller.subject, body, began, _now(), outcome, receipt)
        self._crowd.history.placings.append(placing)
        self._crowd.net.journal.note(caller.subject, f"places at {region.name}: {outcome}", str(self._key[1]))
        return outcome

    async def _follow(self) -> None:
        for _ in range(self._chance.randint(1, 6)):
            await self._look(self._me, seconds=5)
            await asyncio.sleep(self._chance.uniform(0, 10))

    async def _look(self, caller: Caller, seconds: float) -> str:
        """What came of a look: the order's status, a problem's code, or `unknown`."""
        began = _now()
        code, order_id = self._key
        try:
            stored = await self._crowd.ask(
                self._home.orders,
                lambda process: process.queries.get_change(
                    caller, code, str(order_id), lambda order: order.sequence == self._seen, seconds
                ),
            )
        except ProblemError as problem:
            outcome, sequence = problem.type.code, 0
        except (UnansweredError, NobodyThereError):
            return UNKNOWN
        else:
            outcome, sequence = stored.order.status, stored.order.sequence
        if caller == self._me:
            self._seen = sequence
            reading = Reading(self._key, caller.subject, began, _now(), sequence, outcome)
            self._crowd.history.readings.append(reading)
        return outcome

    async def _add_round(self) -> None:
        """Another burger, once the order is confirmed; asked for until that is answered."""
        code, order_id = self._key
        round_id = new_uuid7(SkewedClock().now(), self._chance.randbytes)
        body = json.dumps({"lines": [{"menu_item_id": BURGER, "quantity": 1}]}).encode()
        wish = AddRound(self._me, code, str(order_id), str(round_id), body)
        for _ in range(TRIES):
            await asyncio.sleep(self._chance.uniform(0.1, 15))
            outcome = "accepted"
            try:
                await self._crowd.ask(self._home.orders, lambda process: process.rounds.add(wish))
                self._crowd.history.rounds.append((self._key, str(round_id)))
            except ProblemError as problem:
                outcome = problem.type.code
            except (UnansweredError, NobodyThereError):
                outcome = UNKNOWN
            self._crowd.net.journal.note(
                self._me.subject, f"adds a round: {outcome}", f"{order_id} {round_id}"
            )
            if outcome not in {UNKNOWN, "check_not_open"}:
                return

    async def _spy(self) -> None:
        """Look at the order, and use its key, as somebody who did not place it."""
        other = Caller("nosy", GUEST, self._code)
        seen = await self._look(other, seconds=0)
        if seen not in {"order_not_found", UNKNOWN}:
            self._be_surprised(f"another guest sees that it is {seen}")
        await self._place(self._home, other, self._body)

    def _be_surprised(self, what: str) -> None:
        self._crowd.surprises.append(Violation("nothing of a tenant is visible to another", what, self._key))

    def _caller(self) -> Caller:
        if self._chance.random() < 0.3:
            return STAFF_CALLER
        return Caller(f"guest-{self._chance.randrange(GUESTS)}", GUEST, self._code)


async def _fulfil(key: OrderKey, status: Kitchen, process: OrdersProcess) -> StoredOrder:
    return await process.commands.fulfil(STAFF_CALLER, key[0], str(key[1]), status)


def _body(chance: random.Random, burgers: int = 0) -> bytes:
    lines: list[Mapping[str, int]] = [{"menu_item_id": BURGER, "quantity": burgers or chance.randint(1, 3)}]
    if chance.random() < 0.3:
        lines.append({"menu_item_id": SODA, "quantity": 1})
    fulfilment = {"type": "pickup"}
    if chance.random() < 0.1:
        at = SkewedClock().now() + timedelta(minutes=chance.uniform(6, 40))
        fulfilment["requested_at"] = to_rfc3339(at)
    order = {
        "channel": "online",
        "fulfilment": fulfilment,
        "lines": lines,
        "payment": {"method": chance.choice(["at_counter", "terminal", "none"])},
    }
    return json.dumps(order).encode()


def _now() -> float:
    return asyncio.get_running_loop().time()
