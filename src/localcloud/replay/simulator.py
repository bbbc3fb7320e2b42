"""The Simphony simulator's own controls: menus in, checks out."""

from collections.abc import Container
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus

import aiohttp
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from localcloud.errors import LocalCloudError
from localcloud.replay.owner import Site
from localcloud.simulators.simphony.wire import parse, to_text
from muneris.simphony.menu import SimphonyMenu

_ORDER_ID = "order_id"


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel)


class _Totals(_Node):
    subtotal: Decimal


class _Extension(_Node):
    data_name: str
    data: str


class _Check(_Node):
    totals: _Totals
    extensions: tuple[_Extension, ...] = ()


class _Checks(_Node):
    items: tuple[_Check, ...]


@dataclass(frozen=True)
class HeldCheck:
    """A check that Simphony holds for one of our orders, and its amount."""

    order_id: str
    total: Decimal


async def load_menu(session: aiohttp.ClientSession, site: Site, menu: SimphonyMenu) -> None:
    """Give a site its menu; the site exists from then on.

    Raises:
        LocalCloudError: the simulator does not take it.
    """
    path = f"/sim/menus/{site.org}/{site.loc}/{site.rvc}"
    document = menu.model_dump(by_alias=True, exclude_none=True)
    async with session.put(site.url + path, data=to_text(document)) as answer:
        if answer.status != HTTPStatus.OK:
            raise LocalCloudError(f"The simulator refuses the menu: {await answer.text()}")


async def get_checks(
    session: aiohttp.ClientSession, simulator: str, order_ids: Container[str]
) -> list[HeldCheck]:
    """Every check that carries one of these orders."""
    async with session.get(f"{simulator}/sim/checks") as answer:
        answer.raise_for_status()
        checks = _Checks.model_validate(parse(await answer.read()))
    return [
        HeldCheck(extension.data, check.totals.subtotal)
        for check in checks.items
        for extension in check.extensions
        if extension.data_name == _ORDER_ID and extension.data in order_ids
    ]
