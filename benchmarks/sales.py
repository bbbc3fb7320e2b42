"""Properties that sell, everything running: opened by the public API, their orders followed to Simphony."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from uuid import UUID

import aiohttp

from benchmarks.load import Answer, Connection, get
from benchmarks.placing import Request, place
from benchmarks.region import Region
from benchmarks.restaurant import ITEMS, ORDERED, PRICE
from localcloud.layout import url
from localcloud.replay.api import Api
from localcloud.replay.following import FINAL, Order
from localcloud.replay.owner import Company, NewStockItem, Owner, PropertySettings, Site
from localcloud.replay.quiet import wait_until_quiet
from localcloud.replay.simulator import get_checks, load_menu
from muneris.simphony.menu import Definition, FamilyGroup, MenuItem, Price, SimphonyMenu

_SHELF = Decimal(10_000_000)
_FIRST_NUMBER = 100
_LOOK_SECONDS = 0.25
_KNOWN_SECONDS = 60.0
"""Apps learn of a new property within seconds."""
_FOLLOW_SECONDS = 300.0
_WAIT = 15
_LANGUAGE = "en-US"
_MENU = SimphonyMenu(
    menu_id="bench",
    family_groups=(FamilyGroup(family_group_item_id=1, name={_LANGUAGE: "Food"}),),
    menu_items=tuple(
        MenuItem(
            menu_item_id=number,
            name={_LANGUAGE: f"Item {number}"},
            family_group_ref=1,
            definitions=(Definition(name={_LANGUAGE: f"Item {number}"}, prices=(Price(price=PRICE),)),),
        )
        for number in ITEMS
    ),
)
_COMPANY = Company(
    code="BEN",
    name="Bench",
    contact_email="it@bench.example",
    vat_number="FR12345678901",
    home_region="api1",
)


@dataclass(frozen=True)
class Sold:
    """An accepted order: how long its 202 took, in seconds."""

    code: str
    order_id: UUID
    accepted_after: float


class Sales:
    """The open properties of a region, and what is sold there through its gateway."""

    def __init__(self, region: Region, session: aiohttp.ClientSession, codes: Sequence[str]) -> None:
        self.codes = codes
        self._region = region
        self._session = session
        self._token = region.tokens()[0]
        self._requests = {code: Request.at(code, self._token) for code in codes}
        self._idle: list[Connection] = []

    async def sell(self, code: str, request: Request | None = None) -> Sold:
        """Place one order, by staff unless the request says otherwise."""
        connection = self._idle.pop() if self._idle else await Connection.open(self._region.gateway)
        begun = time.perf_counter()
        order_id, _ = await place(connection, request or self._requests[code])
        took = time.perf_counter() - begun
        self._idle.append(connection)
        return Sold(code, order_id, took)

    async def offer(self, rate: float, seconds: float) -> list[Sold]:
        """Place orders at a fixed rate, each on time whatever becomes of those before."""
        begun = time.perf_counter()
        orders = []
        for number in range(round(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            orders.append(asyncio.create_task(self.sell(self.codes[number % len(self.codes)])))
        return await asyncio.gather(*orders)

    async def follow(self, sold: Sold) -> Order:
        """Look on as an app does, until nothing moves the order any more; RuntimeError after 5 minutes."""
        connection = await Connection.open(self._region.gateway)
        path, headers = f"/v1/orders/{sold.code}/{sold.order_id}", {"Authorization": f"Bearer {self._token}"}
        ends_at = time.perf_counter() + _FOLLOW_SECONDS
        answer = _seen(await connection.send(get(path, headers)))
        while (order := Order.model_validate_json(answer.body)).status not in FINAL:
            if time.perf_counter() > ends_at:
                raise RuntimeError(f"an order is still {order.status} after {_FOLLOW_SECONDS:.0f} s")
            known = {"If-None-Match": answer.header("etag")}
            changed = _seen(await connection.send(get(f"{path}?wait={_WAIT}", headers | known)))
            if changed.status == HTTPStatus.OK:
                answer = changed
        connection.close()
        return order

    async def wait_until_quiet(self, seconds: float) -> None:
        """Wait until no order owes anything; RuntimeError if some still do."""
        for code in self.codes:
            left = await wait_until_quiet([self._region.storage.connection_string], code, seconds)
            if left:
                raise RuntimeError(f"{code} does not come to rest: {left[:3]}")

    async def count_checks(self, sold: Sequence[Sold]) -> int:
        """How many checks Simphony holds for these orders."""
        ids = {str(each.order_id) for each in sold}
        return len(await get_checks(self._session, self._region.simphony, ids))


def _seen(answer: Answer) -> Answer:
    if answer.status not in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
        raise RuntimeError(f"an accepted order was answered {answer.status}: {answer.body.decode()}")
    return answer


def seconds_to_confirm(order: Order) -> float:
    """From accepted to confirmed, by the order's own history; RuntimeError if it is not confirmed."""
    if order.status != "confirmed":
        raise RuntimeError(f"an order is {order.status}: {order.reason}")
    at = {change.status: datetime.fromisoformat(change.at) for change in order.history}
    return (at["confirmed"] - at["received"]).total_seconds()


def confirmed_at(order: Order) -> float:
    """When it was confirmed, in seconds since 1970."""
    return next(
        datetime.fromisoformat(each.at).timestamp() for each in order.history if each.status == "confirmed"
    )


@asynccontextmanager
async def selling(region: Region, properties: int, stocked: Iterable[int] = ORDERED) -> AsyncIterator[Sales]:
    """Everything but storage started, and so many properties that have sold one order each.

    `stocked`: the menu items that take stock, of which there is no end.
    """
    await region.start()
    async with aiohttp.ClientSession() as session:
        codes = [f"BEN-{number}" for number in range(_FIRST_NUMBER, _FIRST_NUMBER + properties)]
        for code in codes:
            await _open(region, session, code, stocked)
        sales = Sales(region, session, codes)
        for code in codes:
            await _sell_first(sales, code)
        yield sales


async def _open(region: Region, session: aiohttp.ClientSession, code: str, stocked: Iterable[int]) -> None:
    token = region.tokens()[0]
    owner = Owner(Api(session, url(region.gateway)), code, lambda: token)
    settings = PropertySettings(
        name=code,
        country="FR",
        currency="EUR",
        time_zone="Europe/Paris",
        contact_email="restaurant@bench.example",
    )
    site = Site(url=region.simphony, org="muneris-bench", loc=code.lower())
    await load_menu(session, site, _MENU)
    await owner.ensure_property(_COMPANY, settings)
    await owner.connect(site)
    await owner.refresh_menu()
    stock = {
        number: NewStockItem(sku=f"sku{number}", name=f"Item {number}", on_hand=_SHELF) for number in stocked
    }
    await owner.put_stock(stock)


async def _sell_first(sales: Sales, code: str) -> None:
    """Sell once the apps know the property; the last refusal if they never do."""
    ends_at = time.perf_counter() + _KNOWN_SECONDS
    while True:
        try:
            sold = await sales.sell(code)
        except RuntimeError:
            if time.perf_counter() > ends_at:
                raise
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            await sales.follow(sold)
            return
