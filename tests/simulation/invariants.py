"""What holds of every run once all is quiet: read what is stored, and say what is wrong with it.

`read_stored` reads the tables, in memory or real; `Outside` is what the world around them saw. Each of
`RULES` is one promise; `find_violations` tries them all.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from tests.tenants import ManualClock

from muneris.cloud.agenda import Agenda
from muneris.cloud.events import Event
from muneris.cloud.tables import Table, rows_with_prefix
from muneris.config.ordering import Capacity
from muneris.config.property import Property
from muneris.core.clock import from_rfc3339
from muneris.core.ids import from_newest_first
from muneris.inventory.model import Hold, HoldStatus, StockItem, is_limit
from muneris.inventory.store import InventoryStore
from muneris.orders.changes import Changes
from muneris.orders.intake.capacity import UNPROMISED
from muneris.orders.intake.timing import lead_of
from muneris.orders.life.posted import round_reference_of
from muneris.orders.model import TRANSITIONS, Ask, Order, Status
from muneris.orders.store import OrderStore
from muneris.orders.stored import StoredOrder

type OrderKey = tuple[str, UUID]
"""A property's code and the id of an order there: one key may be used at two properties."""
type Sku = tuple[str, str]
"""A property's code and the name of a stock item, or of a hold, there."""
type Finding = tuple[str, OrderKey | None]
"""What is wrong, and with which order if it is about one."""

IN_DOUBT = "needs_attention"
STANDS = frozenset({"confirmed", "completed"})
"""Statuses of an order that Simphony holds."""
FELL = frozenset({"rejected", "cancelled"})
"""Statuses of an order that Simphony does not hold, or no longer."""
HOLDS: Mapping[str, AbstractSet[HoldStatus]] = {
    "confirmed": {HoldStatus.CONSUMED},
    "completed": {HoldStatus.CONSUMED},
    "rejected": {HoldStatus.REJECTED, HoldStatus.RELEASED},
    "cancelled": {HoldStatus.REJECTED, HoldStatus.RELEASED, HoldStatus.RETURNED},
    IN_DOUBT: {HoldStatus.HELD},
}
"""What may have become of an order's stock, by the order's status."""
PAID: Mapping[str, str] = {"completed": "paid", "rejected": "void", "cancelled": "void"}
"""What became of what was to be paid, by the order's status; due in any other."""
SKEW = timedelta(seconds=10)
"""How far the clocks of processes are apart at most."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROUND_HOLDS: Mapping[str, AbstractSet[HoldStatus]] = {
    "confirmed": {HoldStatus.CONSUMED},
    "rejected": {HoldStatus.REJECTED, HoldStatus.RELEASED},
    IN_DOUBT: {HoldStatus.HELD},
}
"""What may have become of a round's stock, by the round's status, while its order stands."""
TOLD: Mapping[str, str] = {
    f"muneris.order.{status}": status for status in ("confirmed", "rejected", "cancelled", "completed")
}
"""What an order of each status is told of."""


@dataclass(frozen=True)
class SeenCheck:
    """A check in Simphony; `is_open`: it was not voided.

    `rounds`: the references of those that were added to it, `total` what it comes to; None: nobody looked.
    """

    property_code: str
    order_id: UUID
    check_ref: str
    is_open: bool = True
    rounds: tuple[str, ...] | None = None
    total: Decimal | None = None


@dataclass(frozen=True)
class Stored:
    """What the tables hold."""

    orders: Mapping[OrderKey, StoredOrder]
    open_orders: AbstractSet[OrderKey]
    works: Sequence[Ask]
    items: Mapping[Sku, StockItem]
    holds: Mapping[Sku, Hold]
    movements: Mapping[Sku, Mapping[UUID, Decimal]] = field(default_factory=dict)
    """What was moved of each item, by key."""

    def __or__(self, other: "Stored") -> "Stored":
        """What two regions hold."""
        return Stored(
            {**self.orders, **other.orders},
            self.open_orders | other.open_orders,
            [*self.works, *other.works],
            {**self.items, **other.items},
            {**self.holds, **other.holds},
            {**self.movements, **other.movements},
        )


@dataclass(frozen=True)
class Outside:
    """What the world around saw.

    `receipts`: every one that a caller heard, by order. `delivered`: what each stock item began with;
    `moved`: what people heard of its movements since.
    `said`: every event that Event Grid took; None: nobody listened. `asked`: orders that may have been
    accepted, heard or not; None: not known. `unknowable`: orders of which nobody can know what Simphony did.
    `limited`: properties that take only so many orders.
    """

    receipts: Mapping[OrderKey, AbstractSet[bytes]]
    checks: Sequence[SeenCheck]
    delivered: Mapping[Sku, Decimal]
    moved: Mapping[Sku, Mapping[UUID, Decimal]] = field(default_factory=dict)
    said: Collection[Event] | None = None
    asked: AbstractSet[OrderKey] | None = None
    unknowable: AbstractSet[OrderKey] = frozenset()
    limited: Sequence[Property] = ()


@dataclass(frozen=True)
class Violation:
    """A promise that was not kept, to which order if it is about one."""

    rule: str
    said: str
    about: OrderKey | None = None

    def __str__(self) -> str:
        return f"{self.rule}: {'/'.join(map(str, self.about or ()))} {self.said}"


async def read_stored(property_codes: Collection[str], orders: Table, inventory: Table) -> Stored:
    """Everything that these tables hold of some properties."""
    clock = ManualClock()
    store = OrderStore(orders, Changes(orders))
    stock = InventoryStore(inventory, Agenda(inventory, "stock", clock), clock)  # which it only reads
    found: dict[OrderKey, StoredOrder] = {}
    open_orders: set[OrderKey] = set()
    works: list[Ask] = []
    items: dict[Sku, StockItem] = {}
    holds: dict[Sku, Hold] = {}
    movements: dict[Sku, dict[UUID, Decimal]] = defaultdict(dict)
    for code in property_codes:
        for order_id in await _ids(orders, code, "order|"):
            stored = await store.find(code, order_id)
            assert stored is not None
            found[code, order_id] = stored
        open_orders |= {(code, order_id) for order_id in await _ids(orders, code, "open|")}
        works += [work.ask async for work in store.works(code)]
        async for item in stock.items(code):
            items[code, item.sku] = item
            async for _, moved in stock.movements(code, item.sku):
                movements[code, item.sku][moved.movement_id] = moved.delta
        async for row in rows_with_prefix(inventory, code, "hold|"):
            hold = await stock.find_hold(code, row.key.removeprefix("hold|"))
            assert hold is not None
            holds[code, row.key.removeprefix("hold|")] = hold.value
    return Stored(found, open_orders, works, items, holds, movements)


async def _ids(orders: Table, code: str, prefix: str) -> list[UUID]:
    return [
        from_newest_first(row.key.removeprefix(prefix))
        async for row in rows_with_prefix(orders, code, prefix)
    ]


def find_violations(stored: Stored, outside: Outside) -> list[Violation]:
    """Every promise that was not kept; none is what a run is to end with."""
    return [
        Violation(rule.__name__.replace("_", " "), said, about)
        for rule in RULES
        for said, about in rule(stored, outside)
    ]


def one_order_per_key(stored: Stored, outside: Outside) -> Iterator[Finding]:
    for key, receipts in outside.receipts.items():
        kept = stored.orders.get(key)
        if kept is None:
            yield "was accepted and is lost", key
        elif receipts != {kept.claim.receipt}:
            yield f"was answered with {len(receipts | {kept.claim.receipt})} receipts", key
    if outside.asked is not None:
        for key in stored.orders.keys() - outside.asked:
            yield "is stored, and nobody was told so", key


def every_order_comes_to_rest(stored: Stored, outside: Outside) -> Iterator[Finding]:
    for key, order in _orders(stored):
        if order.status == IN_DOUBT:
            if key not in outside.unknowable:
                yield "needs attention, though its outcome can be known", key
        elif not order.at_rest:
            yield f"is {order.status} for good", key


def nothing_is_left_to_do(stored: Stored, _: Outside) -> Iterator[Finding]:
    for ask in stored.works:
        yield f"owes {ask.step} {ask.number}", (ask.property_code, ask.order_id)
    resting = {key for key, order in _orders(stored) if order.at_rest}
    for key in stored.open_orders & resting:
        yield "is at rest and listed as open", key
    for key in stored.orders.keys() - resting - stored.open_orders:
        yield "is not at rest and not listed as open", key


def every_step_is_allowed(stored: Stored, _: Outside) -> Iterator[Finding]:
    for key, order in _orders(stored):
        statuses = [entry.status for entry in order.history]
        if (key[0], statuses[0], statuses[-1]) != (order.property_code, "received", order.status):
            yield f"of {order.property_code} is {order.status} and its history is {statuses}", key
        for before, after in pairwise(statuses):
            if before != after and after not in TRANSITIONS[before]:
                yield f"went from {before} to {after}", key


def simphony_holds_each_confirmed_order_once(stored: Stored, outside: Outside) -> Iterator[Finding]:
    checks: dict[OrderKey, list[SeenCheck]] = defaultdict(list)
    for check in outside.checks:
        checks[key := (check.property_code, check.order_id)].append(check)
        if key not in stored.orders:
            yield f"is on check {check.check_ref}, and there is no such order", key
    for key, order in _orders(stored):
        standing = [check.check_ref for check in checks[key] if check.is_open]
        if order.status in STANDS and standing != [order.check and order.check.check_ref]:
            yield f"is {order.status} on {order.check} and Simphony has {standing}", key
        elif order.status in FELL and standing:
            yield f"is {order.status} and Simphony has {standing}", key
        elif len(checks[key]) > 1:
            yield f"was posted {len(checks[key])} times", key


def stock_is_conserved(stored: Stored, outside: Outside) -> Iterator[Finding]:
    held: dict[Sku, Decimal] = defaultdict(Decimal)
    used: dict[Sku, Decimal] = defaultdict(Decimal)
    for (code, _), hold in stored.holds.items():
        for line in hold.lines:
            held[code, line.sku] += line.quantity if hold.status is HoldStatus.HELD else 0
            used[code, line.sku] += line.quantity if _is_used(hold.status, line.sku) else 0
    for sku, item in stored.items.items():
        if not 0 <= item.held <= item.on_hand:
            yield f"{sku}: {item.held} held of {item.on_hand}", None
        if item.held != held[sku]:
            yield f"{sku}: {item.held} held, and orders hold {held[sku]}", None
        moved = sum(stored.movements.get(sku, {}).values(), Decimal(0))
        began = outside.delivered.get(sku) if is_limit(item.sku) else Decimal(0)  # its journal has it
        if began is not None and item.on_hand != began + moved - used[sku]:
            yield f"{sku}: people moved {moved}, orders used {used[sku]}, and {item.on_hand} are left", None
    for sku, heard in outside.moved.items():
        if not heard.items() <= stored.movements.get(sku, {}).items():
            yield f"{sku}: the journal lacks movements that people made", None


def _is_used(status: HoldStatus, sku: str) -> bool:
    """Whether a hold's stock is gone. What was sold of a limit stays sold."""
    return status is HoldStatus.CONSUMED or (status is HoldStatus.RETURNED and is_limit(sku))


def each_hold_is_settled_as_its_order_is(stored: Stored, _: Outside) -> Iterator[Finding]:
    seen: set[OrderKey] = set()
    for (code, hold_id), hold in stored.holds.items():
        key = code, UUID(hold_id.partition("|")[0])
        seen.add(key)
        if key not in stored.orders:
            yield f"has a hold that is {hold.status}, and there is no such order", key
        elif hold.status not in _holds_of(stored.orders[key].order, hold_id.partition("|")[2]):
            yield f"is {stored.orders[key].order.status} and its stock {hold_id} {hold.status}", key
    for key, order in _orders(stored):
        if order.status in STANDS and key not in seen:
            yield f"is {order.status} and inventory never heard of it", key


def _holds_of(order: Order, round_id: str) -> AbstractSet[HoldStatus]:
    """What may have become of the stock of an order, or of a round of it."""
    if not round_id or order.status in FELL:
        return HOLDS.get(order.status, set())
    statuses = [each.status for each in order.rounds if each.id == round_id]
    return ROUND_HOLDS.get(statuses[0], set()) if statuses else set()


def simphony_holds_each_confirmed_round_once(stored: Stored, outside: Outside) -> Iterator[Finding]:
    on_checks = {
        (check.property_code, check.order_id): check.rounds
        for check in outside.checks
        if check.is_open and check.rounds is not None
    }
    for key, order in _orders(stored):
        added = on_checks.get(key)
        if added is None or order.status not in STANDS:
            continue
        wanted = {round_reference_of(order, each.id): each.status for each in order.rounds}
        for reference, status in wanted.items():
            count = added.count(reference)
            if status not in ROUND_HOLDS:
                yield f"has a round that is {status} for good", key
            elif status == IN_DOUBT and key not in outside.unknowable:
                yield "has a round that needs attention, though its outcome can be known", key
            elif count > 1 or (status != IN_DOUBT and count != (status == "confirmed")):
                yield f"has a round that is {status}, {count} times on its check", key
        for reference in set(added) - wanted.keys():
            yield f"has round {reference} on its check, and nobody added it", key


def each_check_is_as_it_was_asked_for(stored: Stored, outside: Outside) -> Iterator[Finding]:
    totals = {(each.property_code, each.order_id): each.total for each in outside.checks if each.is_open}
    for key, order in _orders(stored):
        told = [entry.differences for entry in order.history] + [each.differences for each in order.rounds]
        if any(told):
            yield f"differs from its check in {[each for each in told if each]}", key
        due = Decimal(order.totals.total) - Decimal(order.totals.tip)
        in_doubt = any(each.status == IN_DOUBT for each in order.rounds)
        if order.status in STANDS and not in_doubt and totals.get(key) not in {None, due}:
            yield f"comes to {due}, and its check to {totals[key]}", key


def everybody_is_told(stored: Stored, outside: Outside) -> Iterator[Finding]:
    told: dict[OrderKey, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for event in outside.said or ():
        if event.type in TOLD:
            key = str(event.data["property_code"]), UUID(str(event.data["order_id"]))
            told[key][TOLD[event.type]].add(event.id)
    for key, order in _orders(stored):
        been = [entry.status for entry in order.history]
        if outside.said is not None and order.at_rest and not told[key][order.status]:
            yield f"is {order.status} and nobody was told", key
        for status, ids in told[key].items():
            if len(ids) > been.count(Status(status)):
                yield f"was said to be {status} {len(ids)} times", key


def nothing_is_owed_that_was_not_sold(stored: Stored, _: Outside) -> Iterator[Finding]:
    for key, order in _orders(stored):
        payment = order.payment
        expected = "none" if payment.method == "none" else PAID.get(order.status, "due")
        if payment.status != expected:
            yield f"is {order.status} and its payment by {payment.method} {payment.status}", key


def no_slot_is_over_capacity(stored: Stored, outside: Outside) -> Iterator[Finding]:
    for known in outside.limited:
        for kind, limit in known.ordering.capacity.items():
            taken = [
                order
                for (code, _), order in _orders(stored)
                if (code, order.fulfilment.type) == (known.code, kind)
            ]
            stays = [stay for order in taken if (stay := _stay(order, known, limit)) is not None]
            at_once = max(
                (sum(begin <= start < end for begin, end in stays) for start, _ in stays), default=0
            )
            if limit.in_progress is not None and at_once > limit.in_progress:
                yield (
                    f"{known.code}: {at_once} {kind} orders in progress at once, of {limit.in_progress}",
                    None,
                )
            windows = Counter(_window(order, known, limit) for order in taken if order.status not in FELL)
            for window, count in windows.items():
                if limit.per_window is not None and window is not None and count > limit.per_window:
                    yield f"{known.code}: {count} {kind} orders for {window}, of {limit.per_window}", None


def _stay(order: Order, known: Property, limit: Capacity) -> tuple[datetime, datetime] | None:
    """From when until when an order surely had its place, by everybody's clock; None: it needed none.

    It has had it for some time when it first moves on.
    """
    created_at, wanted_at = from_rfc3339(order.created_at), _wanted_at(order, known)
    if wanted_at - lead_of(known) >= created_at + timedelta(minutes=limit.window_minutes) - SKEW:
        return None
    begin = from_rfc3339(order.history[min(1, len(order.history) - 1)].at)
    promised = order.fulfilment.promised_at
    end = wanted_at + UNPROMISED if promised is None else from_rfc3339(promised)
    for entry in order.history:
        if entry.status in FELL or entry.status == "completed" or entry.reason == "ready":
            end = min(end, from_rfc3339(entry.at))
    return begin + SKEW, end - SKEW


def _window(order: Order, known: Property, limit: Capacity) -> datetime | None:
    """The start of the window that an order is wanted in; None: clocks may differ on that."""
    wanted_at, length = _wanted_at(order, known), timedelta(minutes=limit.window_minutes)
    since = (wanted_at - EPOCH) % length
    return wanted_at - since if SKEW < since < length - SKEW else None


def _wanted_at(order: Order, known: Property) -> datetime:
    if order.fulfilment.requested_at is not None:
        return from_rfc3339(order.fulfilment.requested_at)
    return from_rfc3339(order.created_at) + lead_of(known)


def _orders(stored: Stored) -> Iterator[tuple[OrderKey, Order]]:
    return ((key, each.order) for key, each in stored.orders.items())


RULES: tuple[Callable[[Stored, Outside], Iterator[Finding]], ...] = (
    one_order_per_key,
    every_order_comes_to_rest,
    nothing_is_left_to_do,
    every_step_is_allowed,
    simphony_holds_each_confirmed_order_once,
    simphony_holds_each_confirmed_round_once,
    each_check_is_as_it_was_asked_for,
    stock_is_conserved,
    each_hold_is_settled_as_its_order_is,
    everybody_is_told,
    nothing_is_owed_that_was_not_sold,
    no_slot_is_over_capacity,
)
