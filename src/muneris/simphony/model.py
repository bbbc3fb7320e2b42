"""What is exchanged with Simphony: connections, tokens, checks."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from yarl import URL

APP_NAME = "Muneris"
ORDER_ID = "order_id"
"""The name of the check extension that carries the order's id."""


Name = Annotated[str, Field(pattern=r"^[^\s/?#]+$")]
"""A name that goes into a header and a path as it is."""


def account_id(auth_url: str, org: str, client_id: str, username: str) -> str:
    """The id of an Oracle API account: SHA-256 of its parts, spelled one way.

    Oracle compares organizations without case, hosts are without case by nature; the rest is taken as it is.
    """
    url = str(URL(auth_url.strip())).rstrip("/")
    parts = (url, org.strip().lower(), client_id.strip(), username.strip())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Account(BaseModel, frozen=True):
    """An API account of Oracle's identity provider, without its password."""

    auth_url: str
    org_short_name: str
    client_id: str
    username: str

    @property
    def id(self) -> str:
        """As `account_id`."""
        return account_id(self.auth_url, self.org_short_name, self.client_id, self.username)


class Connection(BaseModel, frozen=True):
    """How a property reaches its revenue center; `account` is the id of its API account.

    `order_type_refs` and `tender_refs` map our names (`dine_in`, `at_counter`) to Simphony's numbers.
    `bearer` is the token sent: Oracle documents the id_token, some installations take the access_token.
    """

    api_url: str
    auth_url: str
    client_id: str
    org_short_name: Name
    loc_ref: Name
    rvc_ref: int
    employee_ref: int
    order_type_refs: dict[str, int]
    tender_refs: dict[str, int] = {}
    account: str
    bearer: Literal["id_token", "access_token"] = "id_token"


class Tokens(BaseModel, frozen=True):
    """What signing in gives; `expires_at` is that of the bearer."""

    id_token: str = Field(repr=False)
    access_token: str = Field(default="", repr=False)
    refresh_token: str = Field(default="", repr=False)
    expires_at: datetime

    def bearer_for(self, connection: Connection) -> str:
        """The token a connection sends."""
        return self.access_token if connection.bearer == "access_token" else self.id_token


class CheckCondiment(BaseModel, frozen=True):
    """A condiment; `quantity` is per unit of its item."""

    condiment_id: int
    definition_sequence: int = 1
    price_sequence: int | None = None
    quantity: int = 1


class CheckLine(BaseModel, frozen=True):
    """One line of a check."""

    menu_item_id: int
    definition_sequence: int = 1
    price_sequence: int = 1
    quantity: int = 1
    note: str | None = None
    condiments: tuple[CheckCondiment, ...] = ()


class NewCheck(BaseModel, frozen=True):
    """A check to open.

    `reference` becomes its name, unique among the open checks of the revenue center. `order_type` and
    `tender` are names that the connection maps to Simphony's; with a tender the whole amount is paid by it.
    """

    idempotency_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    reference: str
    order_id: str
    order_type: str
    lines: tuple[CheckLine, ...]
    table: str | None = None
    tender: str | None = None
    tender_reference: str | None = None
    guest_count: int = 1
    language: str = "en-US"
    information_lines: tuple[str, ...] = ()


class CheckTotals(BaseModel):
    """A check's amounts in the location's currency. `tax_total` leaves inclusive taxes out."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    subtotal: Decimal
    subtotal_discount_total: Decimal = Decimal(0)
    auto_service_charge_total: Decimal = Decimal(0)
    service_charge_total: Decimal = Decimal(0)
    tax_total: Decimal = Decimal(0)
    payment_total: Decimal = Decimal(0)
    total_due: Decimal


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _listed(value: object) -> list[object]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


LenientText = Annotated[str, BeforeValidator(_text)]
"""A text; whatever else a foreign client put there reads as none."""


class Extension(BaseModel, frozen=True):
    """Data that a client attached to a check."""

    app_name: LenientText = Field(default="", validation_alias="appName")
    data_name: LenientText = Field(default="", validation_alias="dataName")
    data: LenientText = ""


class CheckIdentity(BaseModel, frozen=True):
    """What tells whose check it is; readable however much else of a foreign check is not."""

    check_name: LenientText = Field(default="", validation_alias=AliasPath("header", "checkName"))
    extensions: Annotated[tuple[Extension, ...], BeforeValidator(_listed)] = ()

    @property
    def order_id(self) -> str | None:
        """The id of the order it was opened for, if it was opened by us and the extension came back."""
        ours = (each for each in self.extensions if (each.app_name, each.data_name) == (APP_NAME, ORDER_ID))
        return next((extension.data for extension in ours), None)

    def is_for(self, references: Collection[str]) -> bool:
        """Whether one of the references means this check: its name, or the id of its order."""
        wanted = {reference.casefold() for reference in references}
        return not wanted.isdisjoint({self.check_name.casefold(), (self.order_id or "").casefold()} - {""})


class Check(CheckIdentity, frozen=True):
    """A check as Simphony holds it. `is_cached`: the original answer of a repeated request."""

    check_ref: str = Field(validation_alias=AliasPath("header", "checkRef"))
    check_number: int = Field(validation_alias=AliasPath("header", "checkNumber"))
    status: str = Field(default="", validation_alias=AliasPath("header", "status"))
    is_cached: bool = Field(default=False, validation_alias=AliasPath("header", "isCachedResponse"))
    totals: CheckTotals


class Location(BaseModel, frozen=True):
    """A property as Simphony knows it."""

    loc_ref: str = Field(validation_alias="locRef")
    name: str = ""
    currency: str = ""
    languages: tuple[str, ...] = ()
    time_zone: str | None = Field(default=None, validation_alias=AliasPath("timezone", "ianaName"))


class OrderType(BaseModel, frozen=True):
    """An order type of a revenue center."""

    order_type_ref: int = Field(validation_alias="orderTypeRef")
    name: str = ""


class RevenueCenter(BaseModel, frozen=True):
    """A revenue center and what can be ordered in it how."""

    rvc_ref: int = Field(validation_alias="rvcRef")
    name: str = ""
    order_types: tuple[OrderType, ...] = Field(default=(), validation_alias="orderTypes")
    tables: tuple[str, ...] = ()
