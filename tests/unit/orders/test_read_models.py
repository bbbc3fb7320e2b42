"""What an order at a property needs is read at once where nothing is known of it yet."""

import asyncio

import pytest
from tests.ordering import OrderingRegion, Published
from tests.polling import until
from tests.restaurant import CODE

from muneris.cloud.documents import Document
from muneris.cloud.documents.memory import MemoryDocuments
from muneris.cloud.tables import Row
from muneris.config.menu import Menu
from muneris.config.property import Property
from muneris.config.read_models import menu_read_model
from muneris.inventory.read_models import availability_read_model, recipe_read_model
from muneris.orders.read_models import ReadModels


class SlowDocuments(MemoryDocuments):
    """Answers nobody until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.answers = asyncio.Event()

    async def find(self, name: str, *, unless: str | None = None) -> Document | None:
        self.asked.append(name)
        await self.answers.wait()
        return await super().find(name, unless=unless)


async def test_nobody_waits_for_one_document_after_the_other() -> None:
    documents = SlowDocuments()
    models = ReadModels(
        OrderingRegion().homes,
        Published[Property](),
        menu_read_model(documents),
        recipe_read_model(documents),
        availability_read_model(documents),
    )
    models.expect_all(CODE)
    finding = [
        asyncio.create_task(models.menus.find(CODE)),
        asyncio.create_task(models.availability.find(CODE)),
    ]
    await until(lambda: len(documents.asked) >= 3)
    assert sorted(documents.asked) == [
        f"{CODE}/availability.json",
        f"{CODE}/menu.json",
        f"{CODE}/recipes.json",
    ]
    documents.answers.set()
    assert await asyncio.gather(*finding) == [None, None]
    assert len(documents.asked) == 3


async def test_whoever_orders_waits_for_nothing_that_was_not_asked_for_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    region = OrderingRegion()
    await region.open()
    asked, answers = list[str](), asyncio.Event()
    find_menu, find_row = region.menus.find, region.orders.find

    async def slow_menu(code: str) -> Menu | None:
        await answers.wait()
        return await find_menu(code)

    async def noted_row(partition: str, key: str) -> Row | None:
        asked.append(key)
        return await find_row(partition, key)

    monkeypatch.setattr(region.menus, "find", slow_menu)
    monkeypatch.setattr(region.orders, "find", noted_row)
    placing = asyncio.create_task(region.place())
    await until(lambda: asked == ["intake"])
    assert [each.expected for each in (region.menus, region.recipes, region.availability)] == [[CODE]] * 3
    answers.set()
    assert (await placing).status == 202


async def test_where_a_property_lives_is_asked_for_together_with_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    region = OrderingRegion()
    await region.open()
    region.restart()
    asked, answers = list[str](), asyncio.Event()
    find_property, find_home = region.properties.find, region.directory.find

    async def slow_property(code: str) -> Property | None:
        await answers.wait()
        return await find_property(code)

    async def noted_home(partition: str, key: str) -> Row | None:
        asked.append(partition)
        return await find_home(partition, key)

    monkeypatch.setattr(region.properties, "find", slow_property)
    monkeypatch.setattr(region.directory, "find", noted_home)
    placing = asyncio.create_task(region.place())
    await until(lambda: asked == [CODE])
    answers.set()
    assert (await placing).status == 202
    assert asked == [CODE]
