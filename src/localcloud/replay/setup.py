"""Makes a property ready to sell a sample: found or created, its menu loaded, everything in stock."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal

import aiohttp
from pydantic import BaseModel

from localcloud.replay.api import Answer
from localcloud.replay.menu import SampleMenu
from localcloud.replay.owner import Company, NewStockItem, Owner, PropertySettings, Site, StockItem
from localcloud.replay.simulator import load_menu

STALE_SECONDS = 5.5
"""What intake knows of menus and recipes may be 5 s old."""
_HOME_REGION = "api1"
_LOOK_EVERY_SECONDS = 0.25

type Price = tuple[int, int, Decimal]
"""Item, definition sequence, price."""


class _Price(BaseModel):
    price: Decimal


class _Definition(BaseModel):
    definition_sequence: int
    prices: list[_Price]


class _Item(BaseModel):
    menu_item_id: int
    definitions: list[_Definition]


class _Menu(BaseModel):
    items: list[_Item]


async def set_up(
    session: aiohttp.ClientSession,
    owner: Owner,
    property_code: str,
    menu: SampleMenu,
    needed: Counter[str],
    simulator: str,
    *,
    stale_seconds: float = STALE_SECONDS,
) -> dict[str, StockItem]:
    """Make a property sell a menu, with what is needed in stock; return that stock as it is then.

    Raises:
        LocalCloudError: something is refused.
    """
    company = property_code[:3]
    site = Site(url=simulator, org=f"muneris-{company.lower()}", loc=property_code.lower())
    await load_menu(session, site, menu.simphony_menu)
    await owner.ensure_property(*_new_property(property_code))
    before = await owner.find_menu()
    await asyncio.gather(_publish_menu(owner, site), _fill_stock(owner, menu, needed))
    published = await _wait_for_menu(owner, set(_prices(menu)))
    if before is None or before.headers.get("ETag") != published.headers.get("ETag"):
        await asyncio.sleep(stale_seconds)
    stock = await owner.get_stock()
    return {sku: stock[sku] for sku in needed}


def _new_property(code: str) -> tuple[Company, PropertySettings]:
    """What is created if there is nothing yet."""
    company = code[:3]
    domain = f"{company.lower()}.example"
    return (
        Company(
            code=company,
            name=f"{company} Restaurants",
            contact_email=f"it@{domain}",
            vat_number=f"US-{company}",
            home_region=_HOME_REGION,
        ),
        PropertySettings(
            name=f"Restaurant {code}",
            country="US",
            currency="USD",
            time_zone="America/New_York",
            contact_email=f"{code.lower()}@{domain}",
        ),
    )


async def _publish_menu(owner: Owner, site: Site) -> None:
    await owner.connect(site)
    await owner.refresh_menu()


async def _fill_stock(owner: Owner, menu: SampleMenu, needed: Mapping[str, int]) -> None:
    """Add what is needed to what there is."""
    there = await owner.get_stock()
    on_hand = {sku: item.on_hand for sku, item in there.items()}
    await owner.put_stock(
        {
            item.number: NewStockItem(
                sku=item.sku,
                name=item.name,
                on_hand=on_hand.get(item.sku, Decimal(0)) + needed[item.sku],
            )
            for item in menu.items.values()
        }
    )


async def _wait_for_menu(owner: Owner, prices: set[Price]) -> Answer:
    """The published menu once it is the one with these prices."""
    while True:
        published = await owner.find_menu()
        if published is not None and set(_published_prices(published)) == prices:
            return published
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def _prices(menu: SampleMenu) -> Iterator[Price]:
    for item in menu.items.values():
        for sequence, price in enumerate(item.prices, start=1):
            yield item.number, sequence, price


def _published_prices(answer: Answer) -> Iterator[Price]:
    for item in _Menu.model_validate_json(answer.body).items:
        for definition in item.definitions:
            for price in definition.prices:
                yield item.menu_item_id, definition.definition_sequence, price.price
