"""What is exchanged with Simphony: connections, tokens, checks."""

import hashlib
import itertools
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AliasPath, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from yarl import URL

from muneris.simphony.errors import SeveralChecksError

APP_NAME = "Muneris"
ORDER_ID = "order_id"
"""The name of the check extension that carries the order's id."""
ROUND = "round"
"""The name of the extension that carries a round's reference."""

type CheckState = Literal["open", "closed", "voided"]


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


class NewRound(BaseModel, frozen=True):
    """Items to add to an open check; what it holds already stays as it is.

    `idempotency_id` is of this round alone: that of another write would be answered as that write was.
    `reference` is attached to the round, and found again by it.
    """

    check_ref: str
    idempotency_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    reference: str
    order_type: str
    lines: tuple[CheckLine, ...] = Field(min_length=1)
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


class CheckItem(BaseModel, frozen=True):
    """An item on a check, as far as it tells which round it came with."""

    extensions: Annotated[tuple[Extension, ...], BeforeValidator(_listed)] = ()


class Check(CheckIdentity, frozen=True):
    """A check as Simphony holds it. `is_cached`: the original answer of a repeated request."""

    check_ref: str = Field(validation_alias=AliasPath("header", "checkRef"))
    check_number: int = Field(validation_alias=AliasPath("header", "checkNumber"))
    status: str = Field(default="", validation_alias=AliasPath("header", "status"))
    is_cached: bool = Field(default=False, validation_alias=AliasPath("header", "isCachedResponse"))
    totals: CheckTotals
    menu_items: Annotated[tuple[CheckItem, ...], BeforeValidator(_listed)] = Field(
        default=(), validation_alias="menuItems"
    )
    combo_meals: Annotated[tuple[CheckItem, ...], BeforeValidator(_listed)] = Field(
        default=(), validation_alias="comboMeals"
    )

    @property
    def state(self) -> CheckState | None:
        """What became of it; None if Simphony's word for it is none we know.

        Oracle documents `open` and `closed` alone. A check that was closed with nothing on it was voided.
        """
        match self.status.casefold():
            case "voided":
                return "voided"
            case "closed":
                return "closed" if self.menu_items or self.combo_meals else "voided"
            case "open":
                return "open"
            case _:
                return None

    def holds_round(self, reference: str) -> bool:
        """Whether a round of that reference was added to it."""
        of_items = (each for item in self.menu_items for each in item.extensions)
        return any(
            (each.app_name, each.data_name, each.data) == (APP_NAME, ROUND, reference)
            for each in itertools.chain(self.extensions, of_items)
        )


def find_standing(checks: Sequence[Check]) -> Check | None:
    """Of the checks that mean one thing, oldest first: the one that is not voided, else the newest, if any.

    Raises:
        SeveralChecksError: several are not voided.
    """
    standing = [check for check in checks if check.state != "voided"]
    if len({check.check_ref for check in standing}) > 1:
        raise SeveralChecksError(tuple(check.check_ref for check in standing))
    return next(reversed(standing or checks), None)


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
