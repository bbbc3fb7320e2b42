"""What inventory keeps of items and recipes."""

import asyncio
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.restaurant import NOON
from tests.simulation.interleaving import just_before
from tests.unit.inventory.kitchen import CODE, Kitchen, asks

from muneris.cloud.http.conditional import to_etag
from muneris.cloud.tables import TableUnavailableError
from muneris.core.problems import ProblemError
from muneris.inventory.model import StockItem, version_of
from muneris.inventory.movement import MovementAsk, put_over
from muneris.inventory.read_models import recipe_read_model
from muneris.inventory.recipes import Ingredient


async def test_putting_an_item_keeps_what_is_held(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    item = StockItem(sku="bun", name="Brioche", unit="box", on_hand=Decimal("7.5"), supplier="Baker")
    assert (await kitchen.inventory.put_item(CODE, item)).held == 4
    stored = await kitchen.inventory.find_item(CODE, "bun")
    assert stored == item.model_copy(update={"held": Decimal(4)})
    assert [each.sku for each in (await kitchen.inventory.items(CODE, 10)).items] == ["beef", "bun"]


@pytest.mark.parametrize("on_hand", ["0", "3.999999"])
async def test_less_than_is_held_changes_nothing(kitchen: Kitchen, on_hand: str) -> None:
    await kitchen.ask("reserve", bun=4)
    before = await kitchen.inventory.find_item(CODE, "bun")
    with pytest.raises(ProblemError) as raised:
        await kitchen.inventory.put_item(CODE, StockItem(sku="bun", name="Brioche", on_hand=Decimal(on_hand)))
    assert raised.value.type.code == "less_than_held"
    assert raised.value.detail == "Orders hold 4 of bun: not less can be on hand."
    assert await kitchen.inventory.find_item(CODE, "bun") == before


async def test_as_much_as_is_held_can_be_on_hand(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    await kitchen.stock(bun=4)
    assert (await kitchen.ask("consume")).type == "muneris.stock.consumed"
    assert await kitchen.item("bun") == (0, 0)


async def test_recipes_are_published_together(kitchen: Kitchen) -> None:
    read = recipe_read_model(kitchen.documents)
    assert await read.find("NOR-ODE01") is None
    half, beef = (Ingredient(sku=sku, quantity=Decimal("0.5")) for sku in ("bun", "beef"))
    await kitchen.inventory.put_recipe(CODE, 1, (half,))
    await kitchen.inventory.put_recipe(CODE, 2, (half, beef))
    await kitchen.inventory.put_recipe(CODE, 1, (beef,))
    recipes = await read.find(CODE)
    assert recipes is not None
    assert (recipes.of(1), recipes.of(2), recipes.of(3)) == ((beef,), (half, beef), ())


async def journal(kitchen: Kitchen, sku: str = "bun") -> list[tuple[Decimal | int, Decimal | int, str]]:
    """The stock-takes of an item, the newest first: by how much each changed it, to what, and who said so."""
    movements = (await kitchen.movements.page(CODE, sku, 100)).movements
    assert {each.kind for each in movements} == {"stock-take"}
    return [(each.delta, each.on_hand, each.by) for each in movements]


def bun(on_hand: str, name: str = "bun") -> StockItem:
    return StockItem(sku="bun", name=name, on_hand=Decimal(on_hand))


@pytest.mark.parametrize("on_hand", ["12.5", "0"])
async def test_what_an_item_opens_with_is_in_its_journal(on_hand: str) -> None:
    kitchen = Kitchen()
    assert await kitchen.inventory.put_item(CODE, bun(on_hand), by="ann") == bun(on_hand)
    assert await journal(kitchen) == [(Decimal(on_hand), Decimal(on_hand), "ann")]


async def test_a_correction_is_written_with_the_item(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    kitchen.clock.advance(seconds=1)
    kitchen.table.forget()
    put = await kitchen.inventory.put_item(CODE, bun("7.5"), by="ann")
    assert put == bun("7.5").moved(held=Decimal(4))
    ((movement, item),) = kitchen.table.transactions
    assert (movement.partition("|")[0], item) == ("move", "item|bun")
    assert await journal(kitchen) == [(Decimal("-2.5"), Decimal("7.5"), "ann"), (10, 10, "staff")]


async def test_what_is_put_again_writes_nothing(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    before = await kitchen.inventory.find_item(CODE, "bun")
    kitchen.table.forget()
    assert await kitchen.inventory.put_item(CODE, bun("10.0")) == before
    assert kitchen.table.transactions == []


async def test_a_name_alone_is_no_movement(kitchen: Kitchen) -> None:
    put = await kitchen.inventory.put_item(CODE, bun("10", "Brioche"))
    assert await kitchen.inventory.find_item(CODE, "bun") == put == bun("10", "Brioche")
    assert len(await journal(kitchen)) == 1


async def test_what_cannot_be_put_leaves_no_movement(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    with pytest.raises(ProblemError, match="less_than_held"):
        await kitchen.inventory.put_item(CODE, bun("3"))
    assert len(await journal(kitchen)) == 1


async def test_an_outdated_version_is_refused_before_its_stock_is(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    with pytest.raises(ProblemError, match="changed_meanwhile"):
        await kitchen.inventory.put_item(CODE, bun("3"), if_match='"of before"')


async def test_a_put_that_failed_is_settled_by_its_repeat(kitchen: Kitchen) -> None:
    kitchen.faults.fail("after", {1})
    with pytest.raises(TableUnavailableError):
        await kitchen.inventory.put_item(CODE, bun("7"))
    assert kitchen.faults.struck == 1
    kitchen.faults.calm()
    kitchen.restart()
    assert await kitchen.inventory.put_item(CODE, bun("7"), if_match='"of before"') == bun("7")
    assert sorted(await journal(kitchen)) == [(-3, 7, "staff"), (10, 10, "staff")]


async def test_a_hold_that_is_made_as_an_item_is_put_stays(kitchen: Kitchen) -> None:
    other = Kitchen(kitchen)
    with just_before(kitchen.table, "transact", lambda: other.ask("reserve", bun=4)):
        put = await kitchen.inventory.put_item(CODE, bun("7"))
    assert put == bun("7").moved(held=Decimal(4))
    assert await kitchen.item("bun") == (7, 4)


async def test_what_is_used_as_an_item_is_put_is_counted_once(kitchen: Kitchen) -> None:
    other = Kitchen(kitchen)
    await other.ask("reserve", bun=4)
    kitchen.clock.advance(seconds=1)
    with just_before(kitchen.table, "transact", lambda: other.ask("consume")):
        await kitchen.inventory.put_item(CODE, bun("7"))
    assert await kitchen.item("bun") == (7, 0)
    assert await journal(kitchen) == [(1, 7, "staff"), (10, 10, "staff")]


async def test_what_is_used_as_the_version_read_is_put_is_not_undone(kitchen: Kitchen) -> None:
    other, read = Kitchen(kitchen), await kitchen.inventory.find_item(CODE, "bun")
    assert read is not None
    await other.ask("reserve", bun=4)
    held = await kitchen.inventory.find_item(CODE, "bun")
    assert held is not None
    with (
        just_before(kitchen.table, "transact", lambda: other.ask("consume")),
        pytest.raises(ProblemError, match="changed_meanwhile"),
    ):
        await kitchen.inventory.put_item(CODE, bun("10", "Brioche"), if_match=to_etag(version_of(held)))
    assert await kitchen.inventory.find_item(CODE, "bun") == bun("6")
    assert len(await journal(kitchen)) == 1


async def test_an_item_that_two_put_first_is_opened_once() -> None:
    kitchen = Kitchen()
    other = Kitchen(kitchen)
    with just_before(kitchen.table, "transact", lambda: other.inventory.put_item(CODE, bun("5"), by="ann")):
        await kitchen.inventory.put_item(CODE, bun("7"), by="bob")
    assert await kitchen.item("bun") == (7, 0)
    assert sorted(await journal(kitchen)) == [(2, 7, "bob"), (5, 5, "ann")]


async def test_of_two_who_change_one_version_one_does() -> None:
    kitchen = Kitchen()
    other = Kitchen(kitchen)
    await kitchen.stock(bun=10)
    etag = to_etag(version_of(bun("10")))
    with (
        just_before(
            kitchen.table, "transact", lambda: other.inventory.put_item(CODE, bun("5"), if_match=etag)
        ),
        pytest.raises(ProblemError, match="changed_meanwhile"),
    ):
        await kitchen.inventory.put_item(CODE, bun("7"), if_match=etag)
    assert await kitchen.item("bun") == (5, 0)


async def test_puts_and_orders_at_once_leave_what_the_journal_and_orders_sum_up_to() -> None:
    first = Kitchen()
    await first.stock(bun=100)
    second, orders = Kitchen(first), [f"o{number}" for number in range(10)]
    await asyncio.gather(
        first.ask_at_once(*asks("reserve", orders, bun=1)),
        *(
            each.inventory.put_item(CODE, bun(f"{50 + number}"))
            for number, each in enumerate([first, second] * 5)
        ),
    )
    await asyncio.gather(
        second.ask_at_once(*asks("consume", orders)),
        *(first.inventory.put_item(CODE, bun(f"{80 + number}")) for number in range(5)),
    )
    on_hand, held = await first.item("bun")
    assert held == 0
    assert on_hand == sum(delta for delta, _, _ in await journal(first)) - len(orders)


async def test_a_recipe_takes_what_is_a_stock_item(kitchen: Kitchen) -> None:
    await kitchen.recipe(1, bun=1)
    kitchen.table.forget()
    with pytest.raises(ProblemError) as raised:
        await kitchen.recipe(1, salt=1, bun=1, pepper="0.1")
    assert (raised.value.type.code, raised.value.members) == (
        "unknown_stock_item",
        {"skus": ["salt", "pepper"]},
    )
    assert kitchen.table.transactions == []
    await kitchen.stock(salt=0, pepper=0)
    await kitchen.recipe(1, salt=1, bun=1, pepper="0.1")
    recipes = await kitchen.published_recipes()
    assert recipes is not None
    assert [each.sku for each in recipes.of(1)] == ["salt", "bun", "pepper"]


async def test_a_recipe_may_take_nothing(kitchen: Kitchen) -> None:
    await kitchen.recipe(1, bun=1)
    await kitchen.recipe(1)
    recipes = await kitchen.published_recipes()
    assert recipes is not None
    assert recipes.of(1) == ()


QUANTITIES = st.decimals("0", "20", places=6)


@given(st.none() | st.tuples(QUANTITIES, QUANTITIES), QUANTITIES)
def test_what_putting_an_item_amounts_to_is_exact_or_refused(
    there: tuple[Decimal, Decimal] | None, on_hand: Decimal
) -> None:
    before = None if there is None else bun(f"{sum(there)}").model_copy(update={"held": there[0]})
    held, had = (Decimal(0), Decimal(0)) if before is None else (before.held, before.on_hand)
    after = bun(f"{on_hand}").model_copy(update={"held": held})
    asked = MovementAsk("bun", "stock-take", on_hand, UUID(int=7), "", "ann")
    if on_hand < held:
        with pytest.raises(ProblemError, match="less_than_held"):
            put_over(before, after, asked, NOON)
        return
    movement = put_over(before, after, asked, NOON)
    if movement is None:
        assert before is not None
        assert on_hand == had
        return
    assert (movement.on_hand_before, movement.delta, movement.on_hand) == (had, on_hand - had, on_hand)
    assert (movement.movement_id, movement.by, movement.at) == (UUID(int=7), "ann", NOON)
