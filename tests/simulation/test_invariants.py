"""Each promise is noticed when it is broken: a run that kept them all, with one thing changed."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.ordering import OrderingRegion
from tests.restaurant import CODE, ORDER_ID, PROPERTY
from tests.simulation.invariants import OrderKey, Outside, SeenCheck, Stored, find_violations, read_stored

from muneris.cloud.events import Event
from muneris.config.ordering import Capacity, Ordering
from muneris.inventory.model import HoldStatus
from muneris.orders.life.posted import round_reference_of
from muneris.orders.model import Ask, CheckReference, HistoryEntry, Order, Status, Step
from muneris.orders.round import Round, RoundStatus
from muneris.simphony.model import Difference

type Evidence = tuple[Stored, Outside, OrderKey]
type Spoil = Callable[[Stored, Outside, OrderKey], tuple[Stored, Outside]]


@pytest.fixture
async def evidence() -> Evidence:
    """Of one order that was confirmed."""
    region = OrderingRegion()
    await region.open()
    order_id = await region.accepted()
    await region.pump()
    key = CODE, order_id
    stored = await read_stored([CODE], region.orders, region.stock)
    check = region.pos.opened[0].check
    outside = Outside(
        receipts={key: {stored.orders[key].claim.receipt}},
        checks=[SeenCheck(CODE, order_id, check.check_ref, total=Decimal("22.00"))],
        delivered={(CODE, "bun"): Decimal(100), (CODE, "beef"): Decimal(100)},
        said=region.bus.published,
        asked={key},
    )
    return stored, outside, key


def test_a_good_run_kept_every_promise(evidence: Evidence) -> None:
    stored, outside, _ = evidence
    assert find_violations(stored, outside) == []


def with_order(stored: Stored, key: OrderKey, **changes: object) -> Stored:
    kept = stored.orders[key]
    return replace(stored, orders={key: replace(kept, order=kept.order.model_copy(update=changes))})


def with_hold(stored: Stored, key: OrderKey, status: HoldStatus) -> Stored:
    name = CODE, str(key[1])
    return replace(stored, holds={name: stored.holds[name].model_copy(update={"status": status})})


def with_difference(stored: Stored, key: OrderKey) -> Stored:
    told = (Difference(kind="tip", wanted="1.00", found="0"),)
    *before, last = stored.orders[key].order.history
    return with_order(stored, key, history=(*before, last.model_copy(update={"differences": told})))


def with_status(stored: Stored, key: OrderKey, *statuses: Status) -> Stored:
    entries = tuple(HistoryEntry(at="2030-05-04T12:00:00Z", status=each, by="x") for each in statuses)
    return with_order(stored, key, status=statuses[-1], history=entries)


def checks(outside: Outside, *seen: SeenCheck) -> Outside:
    return replace(outside, checks=seen)


ROUND = Round(
    id=str(ORDER_ID),
    status=RoundStatus.CONFIRMED,
    lines=(),
    priced_lines=(),
    total="10.00",
    placed_by="x",
    created_at="2030-05-04T12:07:00Z",
)
REJECTED_ROUND = ROUND.model_copy(update={"status": RoundStatus.REJECTED})


def with_rounds(outside: Outside, *references: str) -> SeenCheck:
    return replace(outside.checks[0], rounds=references)


def reference(stored: Stored, key: OrderKey) -> str:
    return round_reference_of(stored.orders[key].order, ROUND.id)


def with_round_hold(stored: Stored, key: OrderKey, status: HoldStatus) -> Stored:
    order_hold = stored.holds[CODE, str(key[1])]
    name = f"{key[1]}|{ROUND.id}"
    hold = order_hold.model_copy(update={"hold_id": name, "status": status})
    return replace(stored, holds={**stored.holds, (CODE, name): hold})


def test_a_round_on_its_check_is_as_it_should_be(evidence: Evidence) -> None:
    stored, outside, key = evidence
    added = with_order(stored, key, rounds=(ROUND,))
    assert find_violations(added, checks(outside, with_rounds(outside, reference(stored, key)))) == []


def limited(stored: Stored, outside: Outside, key: OrderKey, capacity: Capacity) -> tuple[Stored, Outside]:
    """The same order twice, where only one fits."""
    kept, another = stored.orders[key], key[1].int + 1
    order: Order = kept.order
    entries = (
        HistoryEntry(at="2030-05-04T12:07:00Z", status=Status.RECEIVED, by="x"),
        HistoryEntry(at="2030-05-04T12:07:01Z", status=Status.RESERVED, by="x"),
    )
    update = {"created_at": "2030-05-04T12:07:00Z", "history": entries}
    twin = replace(kept, order=order.model_copy(update=update))
    known = PROPERTY.model_copy(update={"ordering": Ordering(capacity={"pickup": capacity})})
    both = {key: twin, (CODE, type(key[1])(int=another)): twin}
    return replace(stored, orders=both), replace(outside, limited=[known])


BROKEN: dict[str, tuple[str, Spoil]] = {
    "lost": ("one order per key", lambda stored, outside, _: (replace(stored, orders={}), outside)),
    "another receipt": (
        "one order per key",
        lambda stored, outside, key: (stored, replace(outside, receipts={key: {b"another"}})),
    ),
    "out of nowhere": (
        "one order per key",
        lambda stored, outside, _: (stored, replace(outside, receipts={}, asked=frozenset())),
    ),
    "stuck": (
        "every order comes to rest",
        lambda stored, outside, key: (with_status(stored, key, Status.RECEIVED), outside),
    ),
    "doubted for no reason": (
        "every order comes to rest",
        lambda stored, outside, key: (with_status(stored, key, Status.NEEDS_ATTENTION), outside),
    ),
    "still owing": (
        "nothing is left to do",
        lambda stored, outside, key: (replace(stored, works=[Ask(*key, 2, Step.POST)]), outside),
    ),
    "at rest and open": (
        "nothing is left to do",
        lambda stored, outside, key: (replace(stored, open_orders={key}), outside),
    ),
    "a step that is not allowed": (
        "every step is allowed",
        lambda stored, outside, key: (with_status(stored, key, Status.RECEIVED, Status.CONFIRMED), outside),
    ),
    "not in Simphony": (
        "simphony holds each confirmed order once",
        lambda stored, outside, _: (stored, checks(outside)),
    ),
    "twice in Simphony": (
        "simphony holds each confirmed order once",
        lambda stored, outside, key: (stored, checks(outside, *outside.checks, SeenCheck(*key, "another"))),
    ),
    "on another check": (
        "simphony holds each confirmed order once",
        lambda stored, outside, key: (
            with_order(stored, key, check=CheckReference(check_ref="another", check_number=9)),
            outside,
        ),
    ),
    "rejected and in Simphony": (
        "simphony holds each confirmed order once",
        lambda stored, outside, key: (with_status(stored, key, Status.RECEIVED, Status.REJECTED), outside),
    ),
    "posted twice": (
        "simphony holds each confirmed order once",
        lambda stored, outside, key: (
            stored,
            checks(outside, *outside.checks, SeenCheck(*key, "voided", is_open=False)),
        ),
    ),
    "a round that nobody added": (
        "simphony holds each confirmed round once",
        lambda stored, outside, _: (stored, checks(outside, with_rounds(outside, "another"))),
    ),
    "a round that is not in Simphony": (
        "simphony holds each confirmed round once",
        lambda stored, outside, key: (
            with_order(stored, key, rounds=(ROUND,)),
            checks(outside, with_rounds(outside)),
        ),
    ),
    "a round twice in Simphony": (
        "simphony holds each confirmed round once",
        lambda stored, outside, key: (
            with_order(stored, key, rounds=(ROUND,)),
            checks(outside, with_rounds(outside, *[reference(stored, key)] * 2)),
        ),
    ),
    "a rejected round in Simphony": (
        "simphony holds each confirmed round once",
        lambda stored, outside, key: (
            with_order(stored, key, rounds=(REJECTED_ROUND,)),
            checks(outside, with_rounds(outside, reference(stored, key))),
        ),
    ),
    "another total in Simphony": (
        "each check is as it was asked for",
        lambda stored, outside, _: (
            stored,
            checks(outside, *(replace(each, total=Decimal("22.01")) for each in outside.checks)),
        ),
    ),
    "a difference": (
        "each check is as it was asked for",
        lambda stored, outside, key: (with_difference(stored, key), outside),
    ),
    "a round's stock given back": (
        "each hold is settled as its order is",
        lambda stored, outside, key: (
            with_round_hold(with_order(stored, key, rounds=(ROUND,)), key, HoldStatus.RELEASED),
            outside,
        ),
    ),
    "stock used twice": (
        "stock is conserved",
        lambda stored, outside, _: (
            replace(stored, movements={sku: {ORDER_ID: Decimal(102)} for sku in stored.movements}),
            outside,
        ),
    ),
    "stock held for nobody": (
        "stock is conserved",
        lambda stored, outside, _: (
            replace(stored, items={sku: item.moved(held=Decimal(1)) for sku, item in stored.items.items()}),
            outside,
        ),
    ),
    "a movement that is gone": (
        "stock is conserved",
        lambda stored, outside, key: (
            stored,
            replace(outside, moved={(CODE, "bun"): {key[1]: Decimal(3)}}),
        ),
    ),
    "confirmed and given back": (
        "each hold is settled as its order is",
        lambda stored, outside, key: (with_hold(stored, key, HoldStatus.RELEASED), outside),
    ),
    "confirmed and never held": (
        "each hold is settled as its order is",
        lambda stored, outside, _: (replace(stored, holds={}), outside),
    ),
    "nobody told": (
        "everybody is told",
        lambda stored, outside, _: (stored, replace(outside, said=[])),
    ),
    "told otherwise": (
        "everybody is told",
        lambda stored, outside, key: (stored, replace(outside, said=[*(outside.said or ()), rejected(key)])),
    ),
    "paid for nothing": (
        "nothing is owed that was not sold",
        lambda stored, outside, key: (with_status(stored, key, Status.RECEIVED, Status.REJECTED), outside),
    ),
    "two in progress": (
        "no slot is over capacity",
        lambda stored, outside, key: limited(stored, outside, key, Capacity(in_progress=1)),
    ),
    "two in a window": (
        "no slot is over capacity",
        lambda stored, outside, key: limited(stored, outside, key, Capacity(per_window=1)),
    ),
}


def rejected(key: OrderKey) -> Event:
    data = {"property_code": key[0], "order_id": str(key[1])}
    return Event("muneris.order.rejected", key[0], "a rejection", data)


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_promise_is_noticed(evidence: Evidence, case: str) -> None:
    rule, spoil = BROKEN[case]
    assert rule in {violation.rule for violation in find_violations(*spoil(*evidence))}


def test_a_doubt_that_nobody_can_settle_is_none(evidence: Evidence) -> None:
    stored, outside, key = evidence
    doubted = replace(with_status(stored, key, Status.NEEDS_ATTENTION), open_orders={key})
    found = find_violations(doubted, replace(outside, unknowable={key}))
    assert "every order comes to rest" not in {violation.rule for violation in found}
