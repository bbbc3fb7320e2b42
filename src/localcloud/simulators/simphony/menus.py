"""Menus: loaded, priced from, and served with conditional GET (Configuration API v1)."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import NamedTuple, Self

from aiohttp import web
from pydantic import ValidationError

from localcloud.simulators.simphony.problems import invalid, not_found, of_validation, refused_by_pos
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import Json, Wire, answer, answer_text, parse, to_text

_CENT = Decimal("0.01")

TextMap = dict[str, str]


class Price(Wire):
    """What a definition costs under one price sequence, in the location's currency."""

    price_sequence: int = 1
    price: Decimal = Decimal(0)


class Definition(Wire):
    """One orderable form of an item or condiment."""

    definition_sequence: int = 1
    prices: tuple[Price, ...] = ()


class MenuItem(Wire):
    """An item of a menu."""

    menu_item_id: int
    name: TextMap
    definitions: tuple[Definition, ...]


class CondimentItem(Wire):
    """A condiment of a menu."""

    condiment_id: int
    name: TextMap
    definitions: tuple[Definition, ...]


class MenuBody(Wire):
    """The part of a menu that prices a check; the whole document is served as it was loaded."""

    menu_items: tuple[MenuItem, ...] = ()
    condiment_items: tuple[CondimentItem, ...] = ()


class Orderable(NamedTuple):
    """What identifies a price: the item (or condiment), its definition, its price sequence."""

    item: int
    definition: int
    price: int


class Offer(NamedTuple):
    """What is sold under an orderable key."""

    name: TextMap
    price: Decimal

    def name_in(self, language: str) -> str:
        """The name in a language, or in the menu's first."""
        return self.name.get(language) or next(iter(self.name.values()), "")


def _offers(items: Mapping[int, MenuItem | CondimentItem]) -> dict[Orderable, Offer]:
    return {
        Orderable(key, definition.definition_sequence, price.price_sequence): Offer(
            item.name, price.price.quantize(_CENT)
        )
        for key, item in items.items()
        for definition in item.definitions
        for price in definition.prices
    }


@dataclass(frozen=True)
class Menu:
    """One revenue center's menu."""

    site: Site
    text: str
    etag: str
    modified_at: datetime
    items: Mapping[Orderable, Offer]
    condiments: Mapping[Orderable, Offer]

    @classmethod
    def load(cls, site: Site, document: Json, modified_at: datetime) -> Self:
        """The menu a document in Simphony's v1 shape describes.

        Raises:
            ProblemError: it has another shape.
        """
        if not isinstance(document, Mapping):
            raise invalid("A menu is a JSON object")
        try:
            body = MenuBody.model_validate(document)
        except ValidationError as error:
            raise of_validation(error) from error
        text = to_text({**document, **site.fields, "menuId": str(site)})
        return cls(
            site=site,
            text=text,
            etag=f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"',
            modified_at=modified_at,
            items=_offers({item.menu_item_id: item for item in body.menu_items}),
            condiments=_offers({item.condiment_id: item for item in body.condiment_items}),
        )

    def get_item(self, key: Orderable) -> Offer:
        """The item sold under a key.

        Raises:
            ProblemError: nothing is.
        """
        return self._get(self.items, key, "menu item")

    def get_condiment(self, key: Orderable) -> Offer:
        """The condiment sold under a key.

        Raises:
            ProblemError: nothing is.
        """
        return self._get(self.condiments, key, "condiment")

    @staticmethod
    def _get(offers: Mapping[Orderable, Offer], key: Orderable, what: str) -> Offer:
        if key not in offers:
            detail = f"No {what} {key.item} with definition {key.definition} and price {key.price}"
            raise refused_by_pos("menu_item_invalid", detail)
        return offers[key]


class Menus:
    """Every loaded menu; a site exists exactly when it has one."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._menus: dict[Site, Menu] = {}

    @property
    def sites(self) -> tuple[Site, ...]:
        """Every site there is."""
        return tuple(self._menus)

    def load(self, site: Site, document: Json) -> Menu:
        """Load or replace a site's menu.

        Raises:
            ProblemError: the document is no menu.
        """
        menu = Menu.load(site, document, self._now())
        self._menus[site] = menu
        return menu

    def get(self, site: Site) -> Menu:
        """A site's menu.

        Raises:
            ProblemError: the site does not exist.
        """
        if site not in self._menus:
            raise not_found(f"Revenue center {site}")
        return self._menus[site]

    def routes(self) -> list[web.RouteDef]:
        """The menu operations, and the control that loads a menu."""
        return [
            web.get("/api/v1/menus/summary", self._summary),
            web.get("/api/v1/menus/{menu_id}", self._menu),
            web.put("/sim/menus/{org}/{loc}/{rvc}", self._put),
        ]

    async def _summary(self, request: web.Request) -> web.Response:
        menu = self.get(Site.of_query(request.query))
        item = {**menu.site.fields, "menuId": str(menu.site), "name": "Menu", "description": ""}
        return answer({"items": [item]})

    async def _menu(self, request: web.Request) -> web.Response:
        menu = self.get(Site.of_headers(request.headers))
        if request.match_info["menu_id"].lower() != str(menu.site):
            raise not_found(f"Menu {request.match_info['menu_id']}")
        response = web.Response(status=304) if _is_unchanged(request, menu) else answer_text(menu.text)
        response.headers["ETag"] = menu.etag
        response.headers["Last-Modified"] = format_datetime(menu.modified_at.astimezone(UTC), usegmt=True)
        return response

    async def _put(self, request: web.Request) -> web.Response:
        names = request.match_info
        try:
            document = parse(await request.read())
        except ValueError as error:
            raise invalid(f"The menu is no JSON: {error}") from error
        menu = self.load(Site.of(names["org"], names["loc"], names["rvc"]), document)
        return answer({"menuId": str(menu.site), "items": len(menu.items)})


def _is_unchanged(request: web.Request, menu: Menu) -> bool:
    """RFC 9110, section 13.2.2: an entity tag decides before a date does."""
    tag = request.headers.get("If-None-Match")
    if tag is not None:
        return tag == menu.etag
    since = request.if_modified_since
    return since is not None and menu.modified_at.replace(microsecond=0) <= since
