"""Restaurants to order from, made known to the region by the product's own code; and what is ordered."""

import asyncio
import itertools
from decimal import Decimal
from typing import Self

from pydantic import JsonValue

from muneris.cloud.documents.azure import AzureDocuments
from muneris.cloud.platform import READ_MODELS
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.wire.account import storage_account
from muneris.cloud.wire.requests import Requests
from muneris.config.menu import Definition, Item, Menu, Price, menu_document
from muneris.config.property import Property, property_document
from muneris.directory import record_home
from muneris.inventory.availability import Availability, availability_document
from muneris.inventory.recipes import Ingredient, Recipes, recipes_document
from muneris.simphony.model import Connection

ITEMS = range(1, 101)
PRICE = Decimal("9.50")
ORDERED = range(1, 6)
ORDER: dict[str, JsonValue] = {
    "channel": "online",
    "fulfilment": {"type": "pickup"},
    "payment": {"method": "at_counter"},
    "lines": [{"menu_item_id": number, "quantity": 1, "note": "no onion"} for number in ORDERED],
    "expected_total": "47.50",
}
"""Five lines."""

_AT_ONCE = 16
_MENU = Menu(
    version="1",
    currency="EUR",
    languages=("en-US",),
    groups=(),
    items=tuple(
        Item(
            menu_item_id=number,
            name={"en-US": f"Item {number}"},
            definitions=(Definition(definition_sequence=1, prices=(Price(price_sequence=1, price=PRICE),)),),
        )
        for number in ITEMS
    ),
    condiment_groups=(),
)
_RECIPES = Recipes(
    recipes={number: (Ingredient(sku=f"sku{number}", quantity=Decimal(1)),) for number in ITEMS}
)
_CONNECTION = Connection(
    api_url="http://127.0.0.1:9",
    auth_url="http://127.0.0.1:9",
    client_id="client",
    org_short_name="nordic",
    loc_ref="cph01",
    rvc_ref=1,
    employee_ref=9,
    order_type_refs={"dine_in": 1, "pickup": 2},
    account="account",
)


class Restaurants:
    """Opens properties with the same menu of a hundred items, an ingredient each."""

    def __init__(self, connection_string: str, region: str) -> None:
        self._requests = Requests()
        account, policy = storage_account(connection_string), RetryPolicy()
        self._documents = AzureDocuments(account, READ_MODELS, self._requests, reads=policy, writes=policy)
        self._directory = AzureTable(account, "Directory", self._requests)
        self._region = region
        self._numbers = itertools.count(100)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._documents.close()
        await self._requests.close()

    def next_codes(self, count: int) -> list[str]:
        """Codes that nobody has used."""
        return [f"BEN-{next(self._numbers)}" for _ in range(count)]

    async def open(self, count: int) -> list[str]:
        """New properties that take orders; their codes."""
        codes = self.next_codes(count)
        for some in itertools.batched(codes, _AT_ONCE, strict=False):
            await asyncio.gather(*map(self._open, some))
        return codes

    async def _open(self, code: str) -> None:
        configured = Property(
            code=code,
            name="Bench",
            country="FR",
            currency=_MENU.currency,
            time_zone="Europe/Paris",
            contact_email="bench@example.com",
            status="configured",
            simphony=_CONNECTION,
        )
        documents = {
            property_document(code): configured,
            menu_document(code): _MENU,
            recipes_document(code): _RECIPES,
            availability_document(code): Availability(),
        }
        for name, document in documents.items():
            await self._documents.put(name, document.model_dump_json().encode())
        await record_home(self._directory, code, self._region, 1)
