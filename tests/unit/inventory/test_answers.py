"""What inventory answers, first and again, and what it keeps and publishes."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from tests.faults import Faults, FaultyTable
from tests.tenants import ManualClock

from muneris.cloud.documents.memory import MemoryDocuments
from muneris.cloud.events import Event
from muneris.cloud.events.memory import MemoryPublisher
from muneris.cloud.tables import TableUnavailableError
from muneris.core.operational import OperationalError
from muneris.core.problems import Json, ProblemError
from muneris.inventory.availability import ItemAvailability
from muneris.inventory.events import StockAnswers
from muneris.inventory.model import StockItem, StockLine
from muneris.inventory.read_models import availability_read_model, recipe_read_model
from muneris.inventory.recipes import Ingredient
from muneris.inventory.service import Inventory
from muneris.inventory.store import InventoryStore

CODE = "NOR-CPH01"


class ContestedDocuments(MemoryDocuments):
    """Documents before whose next write another process gets its turn."""

    other: Callable[[], Awaitable[object]] | None = None

    async def put(self, name: str, body: bytes) -> str:
        if self.other is not None:
            other, self.other = self.other, None
            await other()
        return await super().put(name, body)


class Kitchen:
    """Inventory on one storage account, which several share as processes do."""

    def __init__(self, shared: "Kitchen | None" = None) -> None:
        self.faults: Faults = Faults() if shared is None else shared.faults
        self.table: FaultyTable = FaultyTable(faults=self.faults) if shared is None else shared.table
        self.documents: ContestedDocuments = ContestedDocuments() if shared is None else shared.documents
        self.publisher = MemoryPublisher()
        self.inventory = Inventory(InventoryStore(self.table), self.documents, ManualClock(), sleep=_soon)
        self.answers = StockAnswers(self.inventory, self.publisher)

    async def stock(self, **on_hand: int) -> None:
        for sku, quantity in on_hand.items():
            await self.inventory.put_item(CODE, StockItem(sku=sku, name=sku, on_hand=Decimal(quantity)))

    async def ask(self, step: str, order_id: str = "a", **quantities: int) -> Event:
        """Ask, and the answer to it."""
        before = len(self.publisher.published)
        await self.answers.answer(ask(step, order_id, **quantities))
        (answer,) = self.publisher.published[before:]
        return answer

    async def item(self, sku: str) -> tuple[Decimal | int, Decimal | int]:
        item = await self.inventory.find_item(CODE, sku)
        assert item is not None
        return item.on_hand, item.held


async def _soon(_: float) -> None:
    await asyncio.sleep(0)


def ask(step: str, order_id: str = "a", **quantities: int) -> Event:
    lines: list[Json] = [{"sku": sku, "quantity": str(count)} for sku, count in quantities.items()]
    data: dict[str, Json] = {"property_code": CODE, "order_id": order_id, "number": 1, "lines": lines}
    return Event(f"muneris.stock.{step}", f"{CODE}/orders/{order_id}", f"{order_id}-1-{step}", data)


@pytest.fixture
async def kitchen() -> Kitchen:
    kitchen = Kitchen()
    await kitchen.stock(bun=10, beef=10)
    return kitchen


async def test_an_answer_names_what_it_answers(kitchen: Kitchen) -> None:
    answer = await kitchen.ask("reserve", bun=2)
    assert answer == Event(
        "muneris.stock.reserved",
        f"{CODE}/orders/a",
        "a-1-reserve-reserved",
        {"property_code": CODE, "order_id": "a", "number": 1},
    )


async def test_a_rejection_names_what_there_is_not_enough_of(kitchen: Kitchen) -> None:
    answer = await kitchen.ask("reserve", bun=11, beef=1, salt=1)
    assert answer.type == "muneris.stock.rejected"
    assert answer.data["items"] == ["bun", "salt"]
    assert await kitchen.item("beef") == (10, 0)


async def test_whoever_asks_again_gets_the_same_answer_whatever_the_stock_is_now(kitchen: Kitchen) -> None:
    held, short = await kitchen.ask("reserve", bun=10), await kitchen.ask("reserve", "b", bun=1)
    await kitchen.stock(bun=100)
    assert await kitchen.ask("reserve", bun=10) == held
    assert await kitchen.ask("reserve", "b", bun=1) == short
    assert await kitchen.item("bun") == (100, 10)
    consumed = await kitchen.ask("consume")
    assert consumed.type == "muneris.stock.consumed"
    assert await kitchen.ask("consume") == consumed
    assert await kitchen.ask("reserve", bun=10) == held
    assert await kitchen.item("bun") == (90, 0)


async def test_a_release_gives_back_once(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    for _ in range(3):
        assert (await kitchen.ask("release")).type == "muneris.stock.released"
    assert await kitchen.item("bun") == (10, 0)


async def test_a_release_after_consuming_returns_once(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    await kitchen.ask("consume")
    for _ in range(3):
        assert (await kitchen.ask("release")).type == "muneris.stock.released"
    assert await kitchen.item("bun") == (10, 0)


async def test_a_release_that_overtakes_its_reserve_wins(kitchen: Kitchen) -> None:
    assert (await kitchen.ask("release")).type == "muneris.stock.released"
    late = await kitchen.ask("reserve", bun=4)
    assert (late.type, late.data["items"]) == ("muneris.stock.rejected", [])
    assert await kitchen.item("bun") == (10, 0)


async def test_consuming_what_is_not_held_is_logged_and_not_answered(
    kitchen: Kitchen, caplog: pytest.LogCaptureFixture
) -> None:
    await kitchen.answers.answer(ask("consume", "never-held"))
    assert kitchen.publisher.published == []
    assert "never-held" in caplog.text
    assert await kitchen.item("bun") == (10, 0)


async def test_what_is_no_ask_is_a_bug(kitchen: Kitchen) -> None:
    with pytest.raises(ValueError, match=r"muneris\.stock\.paint"):
        await kitchen.answers.answer(ask("paint"))
    with pytest.raises(ValueError, match="order_id"):
        await kitchen.answers.answer(Event("muneris.stock.reserve", "s", "i", {"property_code": CODE}))


async def test_98_items_are_held_together(kitchen: Kitchen) -> None:
    wanted = {f"sku{number}": 1 for number in range(98)}
    await kitchen.stock(**wanted)
    assert (await kitchen.ask("reserve", "a", **wanted)).type == "muneris.stock.reserved"
    assert (await kitchen.ask("consume")).type == "muneris.stock.consumed"
    assert await kitchen.item("sku97") == (0, 0)


async def test_processes_that_race_for_the_last_ones_share_them() -> None:
    first = Kitchen()
    await first.stock(bun=10, beef=10)
    kitchens = [first, *(Kitchen(first) for _ in range(3))]
    chance = random.Random(7)  # noqa: S311 - the same race each time
    orders = [f"o{number}" for number in range(24)]
    await asyncio.gather(
        *(
            chance.choice(kitchens).answers.answer(ask("reserve", order_id, bun=1, beef=1))
            for order_id in orders * 2
        )
    )
    answers = {
        str(event.data["order_id"]): event.type for each in kitchens for event in each.publisher.published
    }
    assert sorted(answers) == sorted(orders)
    assert list(answers.values()).count("muneris.stock.reserved") == 10
    assert await first.item("bun") == (10, 10)
    assert await first.item("beef") == (10, 10)


@pytest.mark.parametrize("kind", ["before", "after"])
@pytest.mark.parametrize("call", range(6))
@pytest.mark.parametrize("step", ["reserve", "consume", "release"])
async def test_an_ask_that_failed_is_answered_when_it_is_repeated(step: str, call: int, kind: str) -> None:
    kitchen = Kitchen()
    await kitchen.stock(bun=10)
    if step != "reserve":
        await kitchen.ask("reserve", bun=4)
    kitchen.faults.fail("before" if kind == "before" else "after", {call})
    try:
        await kitchen.answers.answer(ask(step, bun=4))
    except OperationalError as error:
        assert isinstance(error, TableUnavailableError)  # noqa: PT017 - only where the fault struck
        assert kitchen.faults.struck
    kitchen.faults.calm()
    await kitchen.ask(step, bun=4)
    expected = {"reserve": (10, 4), "consume": (6, 0), "release": (10, 0)}
    assert await kitchen.item("bun") == expected[step]


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


async def test_availability_is_published_together(kitchen: Kitchen) -> None:
    gone, back = ItemAvailability(state="unavailable"), ItemAvailability(state="available")
    await kitchen.inventory.put_availability(CODE, 1, gone)
    await kitchen.inventory.put_availability(CODE, 2, gone)
    await kitchen.inventory.put_availability(CODE, 1, back)
    published = await availability_read_model(kitchen.documents).find(CODE)
    assert published is not None
    assert published.items == {1: back, 2: gone}
    assert await kitchen.inventory.availability(CODE) == published


async def test_availability_put_at_once_is_all_kept() -> None:
    first = Kitchen()
    second = Kitchen(first)
    gone = ItemAvailability(state="unavailable")
    await asyncio.gather(
        *(
            (first if number % 2 else second).inventory.put_availability(CODE, number, gone)
            for number in range(10)
        )
    )
    assert sorted((await first.inventory.availability(CODE)).items) == list(range(10))


async def test_the_newest_recipes_are_published_whoever_publishes_last() -> None:
    first = Kitchen()
    second = Kitchen(first)
    ingredients = (Ingredient(sku="bun", quantity=Decimal(1)),)
    first.documents.other = lambda: second.inventory.put_recipe(CODE, 2, ingredients)
    answered = await first.inventory.put_recipe(CODE, 1, ingredients)
    published = await recipe_read_model(first.documents).find(CODE)
    assert published == answered
    assert published is not None
    assert sorted(published.recipes) == [1, 2]


async def test_the_newest_availability_is_published_whoever_publishes_last() -> None:
    first = Kitchen()
    second = Kitchen(first)
    gone = ItemAvailability(state="unavailable")
    first.documents.other = lambda: second.inventory.put_availability(CODE, 2, gone)
    answered = await first.inventory.put_availability(CODE, 1, gone)
    published = await availability_read_model(first.documents).find(CODE)
    assert published == answered
    assert published is not None
    assert sorted(published.items) == [1, 2]


async def test_lines_of_one_item_are_held_together(kitchen: Kitchen) -> None:
    lines = [StockLine(sku="bun", quantity=Decimal(6)), StockLine(sku="bun", quantity=Decimal(6))]
    assert (await kitchen.inventory.reserve(CODE, "a", lines)).short == ("bun",)
