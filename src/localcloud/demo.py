"""The demo: a restaurant with a menu and stock, and one order seen from beginning to end."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from functools import partial
from http import HTTPStatus

import aiohttp
from pydantic import BaseModel, JsonValue

from localcloud import staff
from localcloud.app_settings import endpoint
from localcloud.errors import LocalCloudError
from localcloud.layout import Layout, url
from localcloud.replay.api import Api, RefusedError, Request, once_known
from localcloud.replay.following import Order, follow
from localcloud.replay.guest import Guest
from localcloud.replay.owner import Company, NewStockItem, Owner, PropertySettings, Site
from localcloud.supervisor.keys import read_staff_key
from muneris.core.clock import SystemClock
from muneris.core.ids import new_uuid7

PROPERTY = "NOR-CPH01"

_SECONDS = 60
_SHELF = Decimal(100)
_COMPANY = Company(
    code="NOR",
    name="Nordic Kitchens",
    contact_email="it@nordickitchens.example",
    vat_number="DK12345678",
    home_region="api1",
)
_SETTINGS = PropertySettings(
    name="Nordic Kitchens Nyhavn",
    country="DK",
    currency="DKK",
    time_zone="Europe/Copenhagen",
    contact_email="nyhavn@nordickitchens.example",
)
_ORDER: JsonValue = {
    "channel": "online",
    "fulfilment": {"type": "pickup"},
    "lines": [
        {"menu_item_id": 11001, "quantity": 2, "condiments": [{"condiment_id": 52003}], "note": "no onion"},
        {"menu_item_id": 11005, "definition_sequence": 2, "quantity": 1},
        {"menu_item_id": 12003, "quantity": 2},
    ],
    "payment": {"method": "none"},
}


class _Item(BaseModel):
    menu_item_id: int
    name: dict[str, str]


class _Menu(BaseModel):
    items: list[_Item]


async def run(layout: Layout, say: Callable[[str], None]) -> None:
    """Seed the demo, which may be there already, and place one order; say how it goes.

    A demo that fails is said too: the local cloud is of use without it.
    """
    try:
        async with asyncio.timeout(_SECONDS), aiohttp.ClientSession() as session:
            await _run(layout, session, say)
    except LocalCloudError as error:
        say(f"The demo failed: {error}")
    except TimeoutError:
        say(f"The demo was not done after {_SECONDS} s: see 'muneris status' and {layout.logs}")


async def _run(layout: Layout, session: aiohttp.ClientSession, say: Callable[[str], None]) -> None:
    api = partial(Api, session, endpoint(layout.traffic_manager))
    key = read_staff_key(layout.data_dir)
    await _open_restaurant(Owner(api(), PROPERTY, lambda: staff.issue_token(key)), layout)
    said = 0
    async for order in _order(api()):
        for change in order.history[said:]:
            say(f"{change.at}  {change.status}")
        said = len(order.history)
        last = order
    check = f"check {last.check.check_number}" if last.check else last.reason or "no check"
    say(f"One order at {PROPERTY}: {check}, {last.totals.total} {last.totals.currency}")


async def _open_restaurant(owner: Owner, layout: Layout) -> None:
    await owner.ensure_property(_COMPANY, _SETTINGS)
    await owner.connect(Site(url=url(layout.simphony), org="muneris-demo", loc="cph01"))
    await owner.refresh_menu()
    published = await owner.find_menu()
    if published is None:
        raise LocalCloudError(f"{PROPERTY} has no menu although it was refreshed: see {layout.logs}")
    there = await owner.get_stock()
    shelves: dict[int, NewStockItem] = {}
    for item in _Menu.model_validate_json(published.body).items:
        name = next(iter(item.name.values()))
        sku = re.sub(r"[^a-z0-9]+", "-", name.lower())
        on_hand = max(_SHELF, there[sku].on_hand) if sku in there else _SHELF
        shelves[item.menu_item_id] = NewStockItem(sku=sku, name=name, on_hand=on_hand)
    await owner.put_stock(shelves)


async def _order(api: Api) -> AsyncIterator[Order]:
    """A guest's order as it changes."""
    guest = await once_known(partial(Guest.arrive, api, PROPERTY))
    order_id = new_uuid7(SystemClock().now())
    request = Request(
        "POST", f"/v1/orders/{PROPERTY}", json.dumps(_ORDER).encode(), {"Idempotency-Key": str(order_id)}
    )
    await once_known(partial(_place, guest, request))
    async for order in follow(guest, f"/v1/orders/{PROPERTY}/{order_id}"):
        yield order


async def _place(guest: Guest, request: Request) -> None:
    answer = await guest.call(request)
    if answer.status != HTTPStatus.ACCEPTED:
        raise RefusedError("The demo's order is refused", answer.status, answer.problem)
