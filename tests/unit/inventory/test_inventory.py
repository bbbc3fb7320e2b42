"""What inventory keeps of items and recipes."""

from decimal import Decimal

import pytest
from tests.unit.inventory.kitchen import CODE, Kitchen

from muneris.core.problems import ProblemError
from muneris.inventory.model import StockItem
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
    bun, beef = (Ingredient(sku=sku, quantity=Decimal("0.15")) for sku in ("bun", "beef"))
    await kitchen.inventory.put_recipe(CODE, 1, (bun,))
    await kitchen.inventory.put_recipe(CODE, 2, (bun, beef))
    await kitchen.inventory.put_recipe(CODE, 1, (beef,))
    recipes = await read.find(CODE)
    assert recipes is not None
    assert (recipes.of(1), recipes.of(2), recipes.of(3)) == ((beef,), (bun, beef), ())
