"""Taking orders: one call, one order, whatever the network does."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import orjson

from muneris.config.menu import Menu
from muneris.config.property import Property
from muneris.core.clock import Clock, to_rfc3339
from muneris.core.idempotency import read_key
from muneris.core.identity import Caller
from muneris.core.ids import PROPERTY_CODE
from muneris.core.problems import (
    FORBIDDEN,
    IDEMPOTENCY_KEY_REUSED,
    PROPERTY_NOT_FOUND,
    ProblemError,
    ProblemType,
)
from muneris.core.validation import refuse_invalid
from muneris.inventory.availability import Availability
from muneris.inventory.recipes import Recipes
from muneris.orders import model
from muneris.orders.intake import pricing
from muneris.orders.intake.acceptance import Acceptance, Candidate
from muneris.orders.intake.calculator import Calculator
from muneris.orders.intake.capacity import Wanted
from muneris.orders.intake.guests import GuestLimit
from muneris.orders.intake.request import OrderRequest, ReadOrder, read_order
from muneris.orders.intake.switch import IntakeSwitch
from muneris.orders.intake.timing import PROPERTY_NOT_OPEN, Timing, expiry_of, plan
from muneris.orders.model import (
    Fulfilment,
    HistoryEntry,
    Order,
    Payment,
    Status,
)
from muneris.orders.priced import PricedLine, Totals
from muneris.orders.read_models import ReadModels
from muneris.orders.store import OrderStore
from muneris.orders.stored import Claim

PAYMENT_NOT_CONFIGURED = ProblemType("payment_not_configured", 409, "Payment not configured")


class PlaceOrder(NamedTuple):
    """Someone's wish to order, as it came over the wire."""

    caller: Caller
    property_code: str
    idempotency_key: str | None
    body: bytes


class Placed(NamedTuple):
    """An accepted order: the bytes of its receipt, the same for ever."""

    order_id: UUID
    receipt: bytes
    replayed: bool


class _Arrival(NamedTuple):
    """A well-formed order that is meant for us, and what its property is."""

    wish: PlaceOrder
    order_id: UUID
    read: ReadOrder
    known: Property | None
    now: datetime


class Intake:
    """Takes orders in one region.

    Accepting one reads nothing from storage while its read models are warm, except a guest's open orders and
    the slots that its property limits, and writes one transaction: its insert is the claim of the key. Only
    a refusal reads the key first, because an accepted order is never refused on its retry. Where a property
    wants its orders priced by Simphony, one that goes at once waits for that as long as the property says.
    """

    def __init__(  # noqa: PLR0913 - each has its part in an order
        self,
        region: str,
        store: OrderStore,
        switch: IntakeSwitch,
        guests: GuestLimit,
        acceptance: Acceptance,
        *,
        calculator: Calculator,
        read_models: ReadModels,
        clock: Clock,
    ) -> None:
        self._region = region
        self._store = store
        self._switch = switch
        self._guests = guests
        self._acceptance = acceptance
        self._calculator = calculator
        self._read = read_models
        self._clock = clock

    async def place(self, wish: PlaceOrder) -> Placed:
        """Accept an order, or answer as the first time if it was accepted before.

        Raises:
            ProblemError: it is refused; nothing was stored.
            OperationalError: it is not known to be accepted; the same call again settles it.
        """
        code, now = wish.property_code, self._clock.now()
        order_id = read_key(wish.idempotency_key, now)
        known = await self._find_property(code)
        read = read_order(wish.body, now, known.currency if known else None)
        if read.is_late:
            return await self._repeat_late(wish, order_id, read.fingerprint)
        if not wish.caller.may_order_at(code):
            raise FORBIDDEN("This token is for another property.")
        if not PROPERTY_CODE.fullmatch(code):
            raise PROPERTY_NOT_FOUND("There is no such property.")
        await self._read.homes.require_here(code)
        async with self._guests.turn(wish.caller, code):
            return await self._place_here(_Arrival(wish, order_id, read, known, now))

    async def _find_property(self, code: str) -> Property | None:
        if not PROPERTY_CODE.fullmatch(code):
            return None
        self._read.homes.expect(code)
        return await self._read.properties.find(code)

    async def _place_here(self, new: _Arrival) -> Placed:
        """From here on the stored answer wins over a refusal."""
        try:
            candidate = await self._admit(new)
            earlier = await self._acceptance.accept(candidate)
            if earlier is None:
                return Placed(new.order_id, candidate.claim.receipt, replayed=False)
        except ProblemError:
            earlier = await self._store.find(new.wish.property_code, new.order_id)
            if earlier is None:
                raise
        if not earlier.claim.is_repeated_by(new.wish.caller, new.read.fingerprint):
            raise IDEMPOTENCY_KEY_REUSED(
                "This key belongs to another order: make a new UUIDv7 for each order."
            )
        return Placed(new.order_id, earlier.claim.receipt, replayed=True)

    async def _admit(self, new: _Arrival) -> Candidate:
        """The order as it would be accepted, unless others have its places."""
        wish, request = new.wish, new.read.request
        code = wish.property_code
        self._read.expect_all(code)
        self._switch.expect(code)
        known, menu = await self._open(code, new.known, request)
        state = await self._switch.get(code)
        timing = plan(known, state, new.read.requested_at, new.now)
        guest = await self._guests.admit(wish.caller, code, new.order_id)
        goes_at = timing.release_at or new.now
        lines = pricing.price_lines(request.lines, menu)
        pricing.require_in_force(lines, menu, known.time_zone, goes_at)
        stock = pricing.stock_payload(request.lines, await self._read.recipes.find(code) or Recipes())
        availability = await self._read.availability.find(code) or Availability()
        is_later = timing.release_at is not None
        pricing.require_available(lines, menu, availability, goes_at, later=is_later)
        totals = pricing.total_up(request, lines, menu.currency)
        order = self._received(new, known, timing, lines, totals)
        pre_check_ms = known.ordering.pre_check_ms
        if pre_check_ms is not None and not is_later:  # what Simphony says is of now
            order = await self._calculator.priced(order, timedelta(milliseconds=pre_check_ms))
        pricing.require_expected(request, order.totals)
        return Candidate(
            caller=wish.caller,
            order=order,
            claim=Claim(new.read.fingerprint, wish.caller.subject, _receipt(order)),
            work=model.reserve_stock(order, stock, new.now, release_at=timing.release_at),
            guest=guest,
            wanted=Wanted(
                known=known,
                state=state,
                order_id=new.order_id,
                type=request.fulfilment.type,
                timing=timing,
                now=new.now,
            ),
        )

    async def _repeat_late(self, wish: PlaceOrder, order_id: UUID, fingerprint: str) -> Placed:
        """Refuse what is wanted in the past, unless it was accepted when that was still to come.

        Whether another region's property accepted it is for that region to say.
        """
        accepted = None
        if PROPERTY_CODE.fullmatch(wish.property_code):
            await self._read.homes.refuse_elsewhere(wish.property_code)
            accepted = await self._store.find(wish.property_code, order_id)
        if accepted is None or not accepted.claim.is_repeated_by(wish.caller, fingerprint):
            raise refuse_invalid([("fulfilment.requested_at", "is in the past")])
        return Placed(order_id, accepted.claim.receipt, replayed=True)

    async def _open(self, code: str, known: Property | None, request: OrderRequest) -> tuple[Property, Menu]:
        """A property that takes such orders, and its menu."""
        menu = await self._read.menus.find(code)
        if known is None or known.status != "configured" or menu is None:
            raise PROPERTY_NOT_OPEN("The property does not take orders yet: it is not configured.")
        if menu.currency != known.currency:
            raise PROPERTY_NOT_OPEN("The property's menu is in another currency: it is being changed.")
        if known.simphony is None or request.fulfilment.type not in known.simphony.order_type_refs:
            raise PROPERTY_NOT_OPEN(f"The property does not take {request.fulfilment.type} orders.")
        if request.payment.method == "online":
            raise PAYMENT_NOT_CONFIGURED("The property has no payment provider: choose another method.")
        return known, menu

    def _received(
        self,
        new: _Arrival,
        known: Property,
        timing: Timing,
        lines: tuple[PricedLine, ...],
        totals: Totals,
    ) -> Order:
        at, request, subject = to_rfc3339(new.now), new.read.request, new.wish.caller.subject
        expires_at = expiry_of(known, new.read.requested_at, new.now)
        return Order(
            order_id=new.order_id,
            property_code=new.wish.property_code,
            region=self._region,
            status=Status.RECEIVED,
            channel=request.channel,
            fulfilment=Fulfilment(**dict(request.fulfilment), promised_at=_wire(timing.promised_at)),
            lines=new.read.lines,
            priced_lines=lines,
            totals=totals,
            payment=Payment.of_new_order(request.payment.method, request.payment.reference),
            customer=request.customer.model_dump(exclude_none=True) if request.customer else None,
            history=(HistoryEntry(at=at, status=Status.RECEIVED, by=subject),),
            placed_by=subject,
            created_at=at,
            updated_at=at,
            expires_at=_wire(expires_at),
        )


def _wire(moment: datetime | None) -> str | None:
    return None if moment is None else to_rfc3339(moment)


def _receipt(order: Order) -> bytes:
    receipt = {
        "order_id": order.order_id,
        "property_code": order.property_code,
        "region": order.region,
        "status": order.status,
        "total": order.totals.total,
        "currency": order.totals.currency,
        "created_at": order.created_at,
    }
    return orjson.dumps(receipt)
