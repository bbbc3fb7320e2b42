"""Taking orders: one call, one order, whatever the network does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import RowConflictError
from muneris.config.menu import Menu
from muneris.config.property import Property
from muneris.core.clock import Clock, to_rfc3339
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
from muneris.orders import model, pricing
from muneris.orders.guests import GuestLimit
from muneris.orders.model import (
    Fulfilment,
    HistoryEntry,
    Order,
    Payment,
    PricedLine,
    Status,
    Totals,
)
from muneris.orders.read_models import ReadModels
from muneris.orders.request import OrderRequest, ReadOrder, read_key, read_order
from muneris.orders.scheduler import Scheduler
from muneris.orders.store import Claim, GuestOrders, OrderStore, StoredOrder

PROPERTY_NOT_OPEN = ProblemType("property_not_open", 409, "Property not open")
PAYMENT_NOT_CONFIGURED = ProblemType("payment_not_configured", 409, "Payment not configured")
ITEM_UNAVAILABLE = ProblemType("item_unavailable", 409, "Item unavailable")


@dataclass(frozen=True)
class PlaceOrder:
    """Someone's wish to order, as it came over the wire."""

    caller: Caller
    property_code: str
    idempotency_key: str | None
    body: bytes


@dataclass(frozen=True)
class Placed:
    """An accepted order: the bytes of its receipt, the same for ever."""

    order_id: UUID
    receipt: bytes
    replayed: bool


class Intake:
    """Takes orders in one region.

    Accepting one reads nothing from storage while its read models are warm, except a guest's open orders,
    and writes one transaction: its insert is the claim of the key. Only a refusal reads the key first,
    because an accepted order is never refused on its retry.
    """

    def __init__(
        self,
        region: str,
        store: OrderStore,
        agenda: Agenda,
        scheduler: Scheduler,
        guests: GuestLimit,
        read_models: ReadModels,
        clock: Clock,
    ) -> None:
        self._region = region
        self._store = store
        self._agenda = agenda
        self._scheduler = scheduler
        self._guests = guests
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
        known = await self._read.properties.find(code) if PROPERTY_CODE.fullmatch(code) else None
        read = read_order(wish.body, now, known.currency if known else None)
        if read.is_late:
            return await self._repeat_late(wish, order_id, read.fingerprint)
        if not wish.caller.may_order_at(code):
            raise FORBIDDEN("This token is for another property.")
        if not PROPERTY_CODE.fullmatch(code):
            raise PROPERTY_NOT_FOUND("There is no such property.")
        await self._read.homes.require_here(code)
        async with self._guests.turn(wish.caller, code):
            return await self._admit(wish, order_id, read, known)

    async def _admit(
        self, wish: PlaceOrder, order_id: UUID, read: ReadOrder, known: Property | None
    ) -> Placed:
        """Accept what is well-formed and meant for us. From here on the stored answer wins over a refusal."""
        code = wish.property_code
        try:
            menu = await self._open_menu(code, known, read.request)
            guest = await self._guests.admit(wish.caller, code, order_id)
            order, stock = await self._price(wish, order_id, read, menu)
        except ProblemError:
            accepted = await self._store.find(code, order_id)
            if accepted is None:
                raise
            return _repeated(accepted, wish.caller, read.fingerprint)
        return await self._accept(wish, order, stock, read.fingerprint, guest)

    async def _repeat_late(self, wish: PlaceOrder, order_id: UUID, fingerprint: str) -> Placed:
        """Refuse what is wanted in the past, unless it was accepted when that was still to come."""
        known = PROPERTY_CODE.fullmatch(wish.property_code)
        accepted = await self._store.find(wish.property_code, order_id) if known else None
        if accepted is None or not _is_repeat(accepted.claim, wish.caller, fingerprint):
            raise refuse_invalid([("fulfilment.requested_at", "is in the past")])
        return Placed(order_id, accepted.claim.receipt, replayed=True)

    async def _open_menu(self, code: str, known: Property | None, request: OrderRequest) -> Menu:
        """The menu of a property that takes such orders."""
        menu = await self._read.menus.find(code)
        if known is None or known.status != "configured" or menu is None:
            raise PROPERTY_NOT_OPEN("The property does not take orders yet: it is not configured.")
        if menu.currency != known.currency:
            raise PROPERTY_NOT_OPEN("The property's menu is in another currency: it is being changed.")
        if known.simphony is None or request.fulfilment.type not in known.simphony.order_type_refs:
            raise PROPERTY_NOT_OPEN(f"The property does not take {request.fulfilment.type} orders.")
        if request.payment.method == "online":
            raise PAYMENT_NOT_CONFIGURED("The property has no payment provider: choose another method.")
        return menu

    async def _price(
        self, wish: PlaceOrder, order_id: UUID, read: ReadOrder, menu: Menu
    ) -> tuple[Order, Mapping[str, Decimal]]:
        """The order as it would be accepted, and the stock it takes."""
        code, request = wish.property_code, read.request
        lines = pricing.price_lines(request.lines, menu)
        stock = pricing.stock_taken(request.lines, await self._read.recipes.find(code) or Recipes())
        await self._require_available(code, lines)
        totals = pricing.total_up(request, lines, menu.currency)
        return self._received(wish, order_id, read, lines, totals), stock

    async def _require_available(self, code: str, lines: Sequence[PricedLine]) -> None:
        availability, now = await self._read.availability.find(code) or Availability(), self._clock.now()
        missing = [line.name for line in lines if availability.is_unavailable(line.menu_item_id, now)]
        if missing:
            raise ITEM_UNAVAILABLE(f"Not available now: {', '.join(dict.fromkeys(missing))}.")

    def _received(
        self,
        wish: PlaceOrder,
        order_id: UUID,
        read: ReadOrder,
        lines: tuple[PricedLine, ...],
        totals: Totals,
    ) -> Order:
        at, request = to_rfc3339(self._clock.now()), read.request
        payment = Payment(method=request.payment.method, status="none", reference=request.payment.reference)
        return Order(
            order_id=order_id,
            property_code=wish.property_code,
            region=self._region,
            status=Status.RECEIVED,
            channel=request.channel,
            fulfilment=Fulfilment(**request.fulfilment.model_dump()),
            lines=read.lines,
            priced_lines=lines,
            totals=totals,
            payment=payment,
            customer=request.customer.model_dump(exclude_none=True) if request.customer else None,
            history=(HistoryEntry(at=at, status=Status.RECEIVED, by=wish.caller.subject),),
            placed_by=wish.caller.subject,
            created_at=at,
            updated_at=at,
        )

    async def _accept(
        self,
        wish: PlaceOrder,
        order: Order,
        stock: Mapping[str, Decimal],
        fingerprint: str,
        guest: GuestOrders | None,
    ) -> Placed:
        claim = Claim(fingerprint, wish.caller.subject, _receipt(order))
        work = model.reserve_stock(order, _stock_payload(stock), self._clock.now())
        await self._agenda.touch(order.property_code)
        while True:
            try:
                await self._store.accept(order, claim, work, guest)
            except RowConflictError:
                accepted = await self._store.find(order.property_code, order.order_id)
                if accepted is not None:
                    return _repeated(accepted, wish.caller, fingerprint)
                # Another order of the same guest was faster.
                guest = await self._guests.admit(wish.caller, order.property_code, order.order_id)
            else:
                self._scheduler.offer([work])
                return Placed(order.order_id, claim.receipt, replayed=False)


def _repeated(accepted: StoredOrder, caller: Caller, fingerprint: str) -> Placed:
    if not _is_repeat(accepted.claim, caller, fingerprint):
        raise IDEMPOTENCY_KEY_REUSED("This key belongs to another order: make a new UUIDv7 for each order.")
    return Placed(accepted.order.order_id, accepted.claim.receipt, replayed=True)


def _is_repeat(claim: Claim, caller: Caller, fingerprint: str) -> bool:
    return claim.placed_by == caller.subject and claim.fingerprint == fingerprint


def _receipt(order: Order) -> bytes:
    receipt = {
        "order_id": str(order.order_id),
        "property_code": order.property_code,
        "region": order.region,
        "status": order.status,
        "total": order.totals.total,
        "currency": order.totals.currency,
        "created_at": order.created_at,
    }
    return json.dumps(receipt).encode()


def _stock_payload(stock: Mapping[str, Decimal]) -> str:
    return json.dumps({"lines": [{"sku": sku, "quantity": str(stock[sku])} for sku in sorted(stock)]})
