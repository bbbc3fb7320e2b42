"""Stock adjusted, received, wasted and counted: once for each key, and never below what orders hold."""

import asyncio
from collections.abc import Awaitable
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.faults import Kind as Fault
from tests.unit.inventory.kitchen import CODE, Kitchen, asks

from muneris.cloud.tables import TableUnavailableError
from muneris.core.problems import ProblemError
from muneris.inventory import movement
from muneris.inventory.model import StockItem
from muneris.inventory.movement import Kind, Movement, MovementAsk

KEY = UUID("01bb56c7-1600-7000-8000-00000000000a")
AFTER: list[tuple[Kind, str, str]] = [
    ("adjust", "-2.5", "7.5"),
    ("adjust", "0.000001", "10.000001"),
    ("receive", "2.5", "12.5"),
    ("waste", "0.75", "9.25"),
    ("stock-take", "8.4", "8.4"),
    ("stock-take", "10", "10"),
]


async def journal(kitchen: Kitchen, sku: str = "bun") -> list[Movement]:
    """What was moved of an item since it was put for the first time."""
    movements = (await kitchen.movements.page(CODE, sku, 100)).movements
    (opening,) = (each for each in movements if each.on_hand_before == 0)
    assert opening.kind == "stock-take"
    return [each for each in movements if each is not opening]


async def refusal(movement: Awaitable[object]) -> str:
    """The code that a movement is refused with."""
    with pytest.raises(ProblemError) as raised:
        await movement
    return raised.value.type.code


@pytest.mark.parametrize(("kind", "quantity", "after"), AFTER)
async def test_what_is_moved_changes_what_is_on_hand(
    kitchen: Kitchen, kind: Kind, quantity: str, after: str
) -> None:
    await kitchen.ask("reserve", bun=4)
    done = await kitchen.move(kind, quantity, key=KEY)
    expected = Movement(
        movement_id=KEY,
        sku="bun",
        kind=kind,
        delta=Decimal(after) - 10,
        on_hand_before=Decimal(10),
        on_hand=Decimal(after),
        at=kitchen.clock.now(),
        by="staff",
    )
    assert (done.movement, done.replayed) == (expected, False)
    assert await kitchen.item("bun") == (Decimal(after), 4)
    assert await journal(kitchen) == [expected]


@pytest.mark.parametrize(("kind", "quantity", "after"), AFTER)
async def test_a_repeat_is_answered_as_the_first_time(
    kitchen: Kitchen, kind: Kind, quantity: str, after: str
) -> None:
    first = await kitchen.move(kind, quantity, key=KEY)
    await kitchen.ask("reserve", bun=1)
    await kitchen.ask("consume")
    kitchen.clock.advance(hours=1)
    again = await kitchen.move(kind, quantity, key=KEY)
    assert (again.movement, again.replayed) == (first.movement, True)
    assert again.movement.model_dump_json() == first.movement.model_dump_json()
    assert await kitchen.item("bun") == (Decimal(after) - 1, 0)
    assert await journal(kitchen) == [first.movement]


@pytest.mark.parametrize(("quantity", "by"), [("3", "staff"), ("2", "ann")])
async def test_the_key_of_another_request_is_refused(kitchen: Kitchen, quantity: str, by: str) -> None:
    await kitchen.move("receive", "2", key=KEY)
    assert await refusal(kitchen.move("receive", quantity, key=KEY, by=by)) == "idempotency_key_reused"
    assert await kitchen.item("bun") == (12, 0)


async def test_a_key_counts_for_one_item_and_one_kind_of_movement(kitchen: Kitchen) -> None:
    await kitchen.move("receive", "2", key=KEY)
    await kitchen.move("waste", "2", key=KEY)
    await kitchen.move("receive", "2", "beef", key=KEY)
    assert (await kitchen.item("bun"), await kitchen.item("beef")) == ((10, 0), (12, 0))


@pytest.mark.parametrize(
    ("kind", "quantity"), [("adjust", "-6.000001"), ("waste", "6.000001"), ("stock-take", "3.999999")]
)
async def test_less_than_is_held_is_refused_and_changes_nothing(
    kitchen: Kitchen, kind: Kind, quantity: str
) -> None:
    await kitchen.ask("reserve", bun=4)
    assert await refusal(kitchen.move(kind, quantity)) == "less_than_held"
    assert await kitchen.item("bun") == (10, 4)
    assert await journal(kitchen) == []


async def test_what_was_done_is_answered_though_it_would_be_refused_now(kitchen: Kitchen) -> None:
    await kitchen.move("waste", "10", key=KEY)
    assert (await kitchen.move("waste", "10", key=KEY)).replayed


async def test_an_item_that_is_not_there_is_not_moved(kitchen: Kitchen) -> None:
    assert await refusal(kitchen.move("receive", "1", "salt")) == "item_not_found"
    with pytest.raises(ProblemError, match="item_not_found"):
        await journal(kitchen, "salt")


async def test_the_journal_of_an_item_is_read_newest_first_and_page_by_page(kitchen: Kitchen) -> None:
    for number in range(5):
        kitchen.clock.advance(seconds=1)
        await kitchen.move("receive", str(number))
        await kitchen.move("receive", "9", "beef")
    quantities, start = [], ""
    while True:
        page = await kitchen.movements.page(CODE, "bun", 2, start)
        quantities.append([str(each.delta) for each in page.movements])
        if page.following is None:
            break
        start = page.following
    assert quantities == [["4", "3"], ["2", "1"], ["0", "10"]]


async def test_the_same_request_many_times_at_once_moves_once() -> None:
    first = Kitchen()
    await first.stock(bun=10)
    kitchens = [first, *(Kitchen(first) for _ in range(3))]
    done = await asyncio.gather(*(each.move("receive", "1", key=KEY) for each in kitchens * 4))
    assert [each.replayed for each in done].count(False) == 1
    assert len({each.movement.model_dump_json() for each in done}) == 1
    assert await first.item("bun") == (11, 0)


async def test_movements_and_orders_at_once_leave_what_they_sum_up_to() -> None:
    first = Kitchen()
    await first.stock(bun=100)
    second = Kitchen(first)
    orders = [f"o{number}" for number in range(20)]
    await asyncio.gather(
        first.ask_at_once(*asks("reserve", orders, bun=1)),
        second.ask_at_once(*asks("reserve", orders, bun=1)),
        *(second.move("waste", "0.5") for _ in range(10)),
        *(first.move("receive", "2") for _ in range(10)),
    )
    assert await first.item("bun") == (115, 20)
    assert len(await journal(first)) == 20


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("call", range(3))
async def test_a_movement_that_failed_is_settled_by_its_repeat(
    kitchen: Kitchen, fault: Fault, call: int
) -> None:
    kitchen.faults.fail(fault, {call})
    with pytest.raises(TableUnavailableError):
        await kitchen.move("receive", "2", key=KEY)
    assert kitchen.faults.struck == 1
    kitchen.faults.calm()
    kitchen.restart()
    was_done = (fault, call) == ("after", 2)
    assert (await kitchen.move("receive", "2", key=KEY)).replayed is was_done
    assert await kitchen.item("bun") == (12, 0)


QUANTITIES = st.decimals("0", "20", places=6)
KINDS: list[Kind] = ["adjust", "receive", "waste", "stock-take"]


@given(QUANTITIES, QUANTITIES, st.sampled_from(KINDS), st.decimals("-20", "20", places=6))
def test_a_movement_is_exact_or_refused(
    on_hand: Decimal, held: Decimal, kind: Kind, quantity: Decimal
) -> None:
    item = StockItem(sku="bun", name="Bun", on_hand=on_hand + held, held=held)
    now = Kitchen().clock.now()
    quantity = quantity if kind == "adjust" else abs(quantity)
    asked = MovementAsk("bun", kind, quantity, KEY, "", "staff")
    expected = {
        "adjust": item.on_hand + quantity,
        "receive": item.on_hand + quantity,
        "waste": item.on_hand - quantity,
        "stock-take": quantity,
    }[kind]
    if expected < held:
        with pytest.raises(ProblemError, match="less_than_held"):
            movement.moved(item, asked, now)
        return
    after, moved = movement.moved(item, asked, now)
    assert after == item.model_copy(update={"on_hand": expected})
    assert (moved.on_hand_before, moved.on_hand) == (item.on_hand, expected)
    assert moved.on_hand_before + moved.delta == moved.on_hand
