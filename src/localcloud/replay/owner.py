"""The restaurant's side of the public API: its company, property, Simphony, menu and stock, set as staff."""

import asyncio
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from http import HTTPStatus

from pydantic import BaseModel, JsonValue

from localcloud.replay.api import Answer, Api, RefusedError, Request

_AT_ONCE = 8


class Company(BaseModel, frozen=True):
    """A company to register."""

    code: str
    name: str
    contact_email: str
    vat_number: str
    home_region: str


class PropertySettings(BaseModel, frozen=True):
    """A property to create."""

    name: str
    country: str
    currency: str
    time_zone: str
    contact_email: str


class Site(BaseModel, frozen=True):
    """A revenue center in the simulator at `url`."""

    url: str
    org: str
    loc: str
    rvc: int = 1


class StockItem(BaseModel, frozen=True):
    """A stock item as it was found."""

    sku: str
    name: str
    on_hand: Decimal
    held: Decimal


class NewStockItem(BaseModel, frozen=True):
    """A stock item to have."""

    sku: str
    name: str
    on_hand: Decimal


class _Page(BaseModel, frozen=True):
    items: list[StockItem]
    continuation: str | None = None


class Owner:
    """Sets a property up. Every method may be repeated, and raises `RefusedError` when it is refused."""

    def __init__(self, api: Api, property_code: str, staff_token: Callable[[], str]) -> None:
        """Speak for a property.

        Args:
            api: finds its home.
            property_code: for example NOR-CPH01.
            staff_token: a token that is valid now.
        """
        self.region = ""
        """The property's home region, once it was asked."""
        self._api = api
        self._code = property_code
        self._staff_token = staff_token
        self._config = f"/v1/config/properties/{property_code}"
        self._inventory = f"/v1/inventory/{property_code}"

    async def ensure_property(self, company: Company, settings: PropertySettings) -> None:
        """Have an active company and its property; those that exist stay as they are."""
        known = await self._call("GET", self._config, accept={HTTPStatus.OK, HTTPStatus.NOT_FOUND})
        if known.status == HTTPStatus.NOT_FOUND:
            taken = {HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT}
            await self._call("POST", "/v1/auth/companies", company.model_dump(), accept=taken)
            await self._call("POST", f"/v1/auth/companies/{company.code}/activate")
            known = await self._call("PUT", self._config, settings.model_dump())
        self.region = known.headers.get("Muneris-Region", "")

    async def connect(self, site: Site) -> None:
        """Point the property to a revenue center."""
        settings: dict[str, JsonValue] = {
            "auth_url": site.url,
            "api_url": site.url,
            "client_id": "muneris-local",
            "username": "muneris_api",
            "password": "local-cloud",
            "org_short_name": site.org,
            "loc_ref": site.loc,
            "rvc_ref": site.rvc,
            "employee_ref": 9001,
            "order_type_refs": {"dine_in": 1, "pickup": 2, "delivery": 3},
            "tender_refs": {},
        }
        await self._call("PUT", f"{self._config}/simphony", settings)

    async def refresh_menu(self) -> None:
        """Have the menu read from Simphony and published."""
        await self._call("POST", f"{self._config}/menu/refresh")

    async def find_menu(self) -> Answer | None:
        """The published menu."""
        answer = await self._call("GET", f"{self._config}/menu", accept={HTTPStatus.OK, HTTPStatus.NOT_FOUND})
        return answer if answer.status == HTTPStatus.OK else None

    async def get_stock(self) -> dict[str, StockItem]:
        """Every stock item by SKU."""
        items: dict[str, StockItem] = {}
        query = ""
        while True:
            answer = await self._call("GET", f"{self._inventory}/items{query}")
            page = _Page.model_validate_json(answer.body)
            items |= {item.sku: item for item in page.items}
            if not page.continuation:
                return items
            query = f"?continuation={page.continuation}"

    async def put_stock(self, items: Mapping[int, NewStockItem]) -> None:
        """Have stock items, and for each menu item a recipe that takes one of its stock item."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def put(menu_item_id: int, item: NewStockItem) -> None:
            recipe: JsonValue = {"ingredients": [{"sku": item.sku, "quantity": 1}]}
            stock: JsonValue = {"name": item.name, "on_hand": str(item.on_hand)}
            async with turns:
                await self._call("PUT", f"{self._inventory}/items/{item.sku}", stock)
                await self._call("PUT", f"{self._inventory}/recipes/{menu_item_id}", recipe)

        await asyncio.gather(*(put(menu_item_id, item) for menu_item_id, item in items.items()))

    async def _call(
        self, method: str, path: str, body: JsonValue = None, *, accept: set[HTTPStatus] | None = None
    ) -> Answer:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._staff_token()}"}
        answer = await self._api.call(Request(method, path, content, headers))
        if answer.status not in accept if accept else answer.status >= HTTPStatus.BAD_REQUEST:
            raise RefusedError(f"{method} {path} is refused", answer.status, answer.problem)
        return answer
