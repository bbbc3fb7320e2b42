"""A restaurant to order from, and who orders."""

import itertools
import json
import time
from decimal import Decimal
from functools import lru_cache

from joserfc import jwt
from joserfc.jwk import ECKey

from muneris.cloud.http import Authenticate, PublicKeys
from muneris.cloud.tables.memory import MemoryTable
from muneris.config.menu import Definition, Item, Menu, Price
from muneris.config.property import Property
from muneris.core.clock import Clock
from muneris.core.problems import Json
from muneris.inventory.availability import Availability
from muneris.inventory.recipes import Ingredient, Recipes
from muneris.orders.read_models import ReadModels
from muneris.simphony.model import Connection

_KEY = ECKey.generate_key("P-256", {"kid": "bench", "alg": "ES256", "use": "sig"})
_ISSUER = "bench-staff"
_ITEMS = range(1, 101)
MENU = Menu(
    version="1",
    currency="EUR",
    languages=("en-US",),
    groups=(),
    items=tuple(
        Item(
            menu_item_id=number,
            name={"en-US": f"Item {number}"},
            definitions=(
                Definition(definition_sequence=1, prices=(Price(price_sequence=1, price=Decimal("9.50")),)),
            ),
        )
        for number in _ITEMS
    ),
    condiment_groups=(),
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
ORDER: dict[str, Json] = {
    "channel": "online",
    "fulfilment": {"type": "pickup"},
    "payment": {"method": "at_counter"},
    "lines": [{"menu_item_id": number, "quantity": 1, "note": "no onion"} for number in range(1, 6)],
    "expected_total": "47.50",
}


@lru_cache
def staff_token() -> str:
    """A token for the whole run."""
    now = int(time.time())
    claims = {
        "iss": _ISSUER,
        "sub": "bench",
        "aud": "muneris",
        "scope": "staff",
        "iat": now,
        "exp": now + 3600,
    }
    return jwt.encode({"alg": "ES256", "kid": "bench"}, claims, _KEY)


class _Same[T]:
    """A read model that says the same of every property."""

    def __init__(self, value: T) -> None:
        self._value = value

    async def find(self, property_code: str) -> T:  # noqa: ARG002 - the port's own argument
        return self._value


class Restaurants:
    """Any number of configured properties with one menu."""

    def __init__(self, menu: Menu) -> None:
        self._menu = menu
        self._numbers = itertools.count(100)

    def next_property(self) -> str:
        """A property nobody ordered at yet."""
        return f"BEN-{next(self._numbers)}"

    async def require_here(self, property_code: str) -> None:
        """All of them live here."""

    def read_models(self) -> ReadModels:
        """What intake reads."""
        configured = Property(
            code="BEN-100",
            name="Bench",
            country="FR",
            currency="EUR",
            time_zone="Europe/Paris",
            contact_email="bench@example.com",
            status="configured",
            simphony=_CONNECTION,
        )
        recipes = Recipes(
            recipes={number: (Ingredient(sku=f"sku{number}", quantity=Decimal(1)),) for number in _ITEMS}
        )
        return ReadModels(self, _Same(configured), _Same(self._menu), _Same(recipes), _Same(Availability()))

    def authenticate(self, clock: Clock) -> Authenticate:
        """Staff's tokens are checked as in production."""
        jwks = json.dumps({"keys": [_KEY.as_dict(private=False)]})
        return Authenticate(
            "api1", {"api1": "http://localhost"}, PublicKeys(MemoryTable()), _ISSUER, jwks, clock
        )
