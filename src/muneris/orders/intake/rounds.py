"""Adding to orders: one call, one round, however many devices add at once.

Adding one reads the order and writes one transaction. With its answers a round's life is six transactions,
one each: it is added, reserved, called for, confirmed, told of, and its stock consumed.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import orjson

from muneris.cloud.agenda import Agenda
from muneris.config.menu import Menu
from muneris.config.property import Property
from muneris.core.attempts import Attempts
from muneris.core.clock import Clock, to_rfc3339
from muneris.core.idempotency import read_key
from muneris.core.identity import Caller
from muneris.core.money import to_wire
from muneris.core.problems import IDEMPOTENCY_KEY_REUSED, ProblemError, ProblemType
from muneris.inventory.availability import Availability
from muneris.inventory.recipes import Recipes
from muneris.orders.access import get_key, shown
from muneris.orders.intake import pricing
from muneris.orders.intake.request import ReadRound, read_round
from muneris.orders.intake.timing import PROPERTY_NOT_OPEN, expiry_of
from muneris.orders.life import round_transitions
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.model import Advance, Order, Status
from muneris.orders.order_rows import has_room
from muneris.orders.read_models import ReadModels
from muneris.orders.round import Round
from muneris.orders.store import OrderStore
from muneris.orders.stored import Claim

CHECK_NOT_OPEN = ProblemType("check_not_open", 409, "Check not open yet")
CHECK_CLOSED = ProblemType("check_closed", 409, "Check closed")
TOO_MANY_ROUNDS = ProblemType("too_many_rounds", 409, "Too many rounds")

MOST_ROUNDS = 50
"""Rounds an order may have: as it is voided they are all in one transaction of 100 rows."""
MOST_UNDER_WAY = 16
"""Rounds that may be under way at once: as an order is cancelled, three rows each of that transaction."""
_EARLY = frozenset({Status.RECEIVED, Status.RESERVED, Status.POSTING})
_RETRY_AFTER = {"Retry-After": "5"}


@dataclass(frozen=True)
class AddRound:
    """Someone's wish to add to an order, as it came over the wire."""

    caller: Caller
    property_code: str
    order_id: str
    idempotency_key: str | None
    body: bytes


@dataclass(frozen=True)
class Added:
    """An accepted round: the bytes of its receipt, the same for ever."""

    receipt: bytes
    replayed: bool


@dataclass(frozen=True)
class _Arrival:
    """A well-formed round that is meant for us."""

    wish: AddRound
    order_id: UUID
    round_id: UUID
    read: ReadRound


class Rounds:
    """Adds rounds to orders in one region."""

    def __init__(
        self,
        store: OrderStore,
        agenda: Agenda,
        scheduler: Scheduler,
        read_models: ReadModels,
        clock: Clock,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._scheduler = scheduler
        self._read = read_models
        self._clock = clock
        self._attempts = Attempts("order", sleep=sleep, chance=chance)

    async def add(self, wish: AddRound) -> Added:
        """Accept a round, or answer as the first time if it was accepted before.

        Raises:
            ProblemError: it is refused; nothing was stored.
            OperationalError: it is not known to be accepted; the same call again settles it.
        """
        round_id = read_key(wish.idempotency_key, self._clock.now())
        read = read_round(wish.body)
        order_id = await get_key(self._read.homes, wish.caller, wish.property_code, wish.order_id)
        new = _Arrival(wish, order_id, round_id, read)
        return await self._attempts.run(str(order_id), partial(self._try_to_add, new))

    async def _try_to_add(self, new: _Arrival) -> Added | None:
        """Add it to the order as it is now; None: another round, or an answer, was faster at it.

        The stored answer always wins.
        """
        stored = shown(await self._store.find(new.wish.property_code, new.order_id), new.wish.caller)
        try:
            advance, claim = await self._admit(new, stored.order)
        except ProblemError:
            earlier = await self._find_earlier(new)
            if earlier is None:
                raise
            return earlier
        await self._agenda.touch(stored.order.property_code)
        if await self._store.advance(stored, advance, new_round=(new.round_id, claim)) is None:
            return await self._find_earlier(new)
        self._scheduler.offer(advance.begun)
        return Added(claim.receipt, replayed=False)

    async def _find_earlier(self, new: _Arrival) -> Added | None:
        """What was answered to the same call before."""
        claim = await self._store.find_round(new.wish.property_code, new.order_id, new.round_id)
        if claim is None:
            return None
        if not claim.is_repeated_by(new.wish.caller, new.read.fingerprint):
            raise IDEMPOTENCY_KEY_REUSED(
                "This key belongs to another round: make a new UUIDv7 for each round."
            )
        return Added(claim.receipt, replayed=True)

    async def _admit(self, new: _Arrival, order: Order) -> tuple[Advance, Claim]:
        """The order with the round, and what that is answered with."""
        now, code, lines = self._clock.now(), order.property_code, new.read.request.lines
        _require_open_check(order)
        known, menu = await self._get_menu(order)
        priced = pricing.price_lines(lines, menu)
        pricing.require_in_force(priced, menu, known.time_zone, now)
        stock = pricing.stock_payload(lines, await self._read.recipes.find(code) or Recipes())
        availability = await self._read.availability.find(code) or Availability()
        pricing.require_available(priced, menu, availability, now)
        expires_at = expiry_of(known, None, now)
        round_ = Round(
            id=str(new.round_id),
            lines=new.read.lines,
            priced_lines=priced,
            total=to_wire(pricing.sum_of(priced), menu.currency),
            placed_by=new.wish.caller.subject,
            created_at=to_rfc3339(now),
            expires_at=None if expires_at is None else to_rfc3339(expires_at),
        )
        advance = round_transitions.added(order, round_, stock, now)
        if not has_room(advance.order):
            raise TOO_MANY_ROUNDS("The order has no room for more lines: place another order.")
        return advance, Claim(new.read.fingerprint, round_.placed_by, _receipt(order, round_))

    async def _get_menu(self, order: Order) -> tuple[Property, Menu]:
        """The order's property and its menu, in the order's currency."""
        known = await self._read.properties.find(order.property_code)
        menu = await self._read.menus.find(order.property_code)
        if known is None or menu is None:
            raise PROPERTY_NOT_OPEN("The property does not take orders: it is not configured.")
        if menu.currency != order.totals.currency:
            raise PROPERTY_NOT_OPEN("The property's menu is in another currency than the order.")
        return known, menu


def _require_open_check(order: Order) -> None:
    if order.status in _EARLY:
        raise CHECK_NOT_OPEN("The order is not confirmed yet: try again soon.", headers=_RETRY_AFTER)
    if order.status is not Status.CONFIRMED:
        raise CHECK_CLOSED(f"The order is {order.status}: place another one.")
    if len(order.rounds) >= MOST_ROUNDS:
        raise TOO_MANY_ROUNDS(f"The order has {MOST_ROUNDS} rounds, the most it may have: place another one.")
    if sum(not each.is_over for each in order.rounds) >= MOST_UNDER_WAY:
        raise TOO_MANY_ROUNDS(
            f"{MOST_UNDER_WAY} rounds of the order are under way: try again soon.", headers=_RETRY_AFTER
        )


def _receipt(order: Order, added: Round) -> bytes:
    receipt = {
        "round_id": added.id,
        "order_id": str(order.order_id),
        "property_code": order.property_code,
        "status": added.status,
        "total": added.total,
        "currency": order.totals.currency,
        "created_at": added.created_at,
    }
    return orjson.dumps(receipt)
