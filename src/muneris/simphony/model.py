"""What is exchanged with Simphony: connections, tokens, checks."""

import hashlib
import itertools
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AliasPath, BaseModel, Field, model_validator
from yarl import URL

from muneris.simphony.errors import SeveralChecksError
from muneris.simphony.held import (
    CheckItem,
    CheckTotals,
    Extension,
    HeldCombo,
    HeldDiscount,
    HeldServiceCharge,
    HeldTax,
    HeldTender,
)
from muneris.simphony.node import LenientFlag, LenientMoment, LenientText, Nodes

APP_NAME = "Muneris"
ORDER_ID = "order_id"
"""The name of the check extension that carries the order's id."""
ROUND = "round"
"""The name of the extension that carries a round's reference."""

type CheckState = Literal["open", "closed", "voided"]
type Bearer = Literal["id_token", "access_token"]
type MenuVersion = Literal[1, 2]

Name = Annotated[str, Field(pattern=r"^[^\s/?#]+$")]
"""A name that goes into a header and a path as it is."""

Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
"""A language by its tag: `en-US`."""


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
    `menu_version` is that of the Configuration API whose menu is read. `language` is that of its checks, in
    which the kitchen reads and the guest's check is printed. `time_zone` is the property's, known
    only where it is about to be called: it is published with the property and not here.
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
    bearer: Bearer = "id_token"
    menu_version: MenuVersion = 1
    language: Language = "en-US"
    time_zone: str | None = Field(default=None, exclude=True)

    @property
    def site(self) -> tuple[str, str, str, int]:
        """Where it leads; Simphony compares names without case (STS Gen2 guide, Header Parameters)."""
        names = (self.api_url, self.org_short_name, self.loc_ref)
        url, organization, location = (name.lower() for name in names)
        return url, organization, location, self.rvc_ref


class Tokens(BaseModel, frozen=True):
    """What signing in gives; `expires_at` is that of the bearer. A refresh takes the code verifier, too."""

    id_token: str = Field(repr=False)
    access_token: str = Field(default="", repr=False)
    refresh_token: str = Field(default="", repr=False)
    code_verifier: str = Field(default="", repr=False)
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


class CheckCombo(BaseModel, frozen=True):
    """A combo meal: what it is sold as, its main item, its sides. Seats inside are always 0 (Checks API)."""

    combo_meal_id: int
    combo_item: CheckLine
    main_item: CheckLine
    side_items: tuple[CheckLine, ...] = ()


class NewDiscount(BaseModel, frozen=True):
    """A discount to give; `amount` is for those that leave it open, the POS computes the others."""

    discount_id: int
    amount: Decimal | None = None
    reference: str = ""


class NewServiceCharge(BaseModel, frozen=True):
    """A service charge to add; `amount` as that of a discount."""

    service_charge_id: int
    amount: Decimal | None = None
    reference: str = ""


class NewWrite(BaseModel, frozen=True):
    """What is put on a check.

    `order_type` and `tender` are names that the connection maps to Simphony's. A tender pays all that is due,
    and `tip` on top of it, which needs `expected_total`: what is due by our own reckoning, without the tip.
    A tip without a tender has nothing to go with; that it is not on the check is found when it is compared.
    `expected_total` of a round is that of its whole check. Both amounts are in the location's currency.
    """

    idempotency_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    order_type: str
    lines: tuple[CheckLine, ...]
    combos: tuple[CheckCombo, ...] = ()
    discounts: tuple[NewDiscount, ...] = ()
    service_charges: tuple[NewServiceCharge, ...] = ()
    tender: str | None = None
    tender_reference: str | None = None
    tip: Decimal = Decimal(0)
    expected_total: Decimal | None = None
    information_lines: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _tip_can_be_charged(self) -> Self:
        if self.tip and self.tender is not None and self.expected_total is None:
            raise ValueError("a tip is charged with a whole amount: give expected_total")
        return self


class NewCheck(NewWrite, frozen=True):
    """A check to open.

    `reference` becomes its name, unique among the open checks of the revenue center. `pickup_at` is when a
    future order is wanted, which relies on the lead time that is set for its order type.
    """

    reference: str
    order_id: str
    table: str | None = None
    guest_count: int = 1
    pickup_at: datetime | None = None


class NewRound(NewWrite, frozen=True):
    """What to add to an open check; what it holds already stays as it is. Without lines it only pays.

    `idempotency_id` is of this round alone: that of another write would be answered as that write was.
    `reference` is attached to the round, and found again by it.
    """

    check_ref: str
    reference: str

    @model_validator(mode="after")
    def _adds_something(self) -> Self:
        if not (self.lines or self.combos or self.tender):
            raise ValueError("a round adds lines, combos or a tender")
        return self


class Difference(BaseModel, frozen=True):
    """Something of a posted check that is not as it was asked for; `of` says which, if there are several."""

    kind: Literal["item", "combo", "condiment", "discount", "service_charge", "tip", "change", "total"]
    of: str = ""
    wanted: str
    found: str


class CheckIdentity(BaseModel, frozen=True):
    """What tells whose check it is; readable however much else of a foreign check is not."""

    check_name: LenientText = Field(default="", validation_alias=AliasPath("header", "checkName"))
    extensions: Nodes[Extension] = ()

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
    """A check as Simphony holds it. `is_cached`: the original answer of a repeated request.

    `differences` are those from what was asked for, of a check that was posted just now. The idempotency id
    is not read: lists leave it out, and it comes back as 32 digits or as a UUID with dashes.
    """

    check_ref: str = Field(validation_alias=AliasPath("header", "checkRef"))
    check_number: int = Field(validation_alias=AliasPath("header", "checkNumber"))
    status: LenientText = Field(default="", validation_alias=AliasPath("header", "status"))
    preparation_status: LenientText = Field(
        default="", validation_alias=AliasPath("header", "preparationStatus")
    )
    opened_at: LenientMoment = Field(default=None, validation_alias=AliasPath("header", "openTime"))
    is_cached: LenientFlag = Field(default=False, validation_alias=AliasPath("header", "isCachedResponse"))
    totals: CheckTotals
    menu_items: Nodes[CheckItem] = Field(default=(), validation_alias="menuItems")
    combo_meals: Nodes[HeldCombo] = Field(default=(), validation_alias="comboMeals")
    discounts: Nodes[HeldDiscount] = ()
    service_charges: Nodes[HeldServiceCharge] = Field(default=(), validation_alias="serviceCharges")
    taxes: Nodes[HeldTax] = ()
    tenders: Nodes[HeldTender] = ()
    differences: tuple[Difference, ...] = ()

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
        of_combos = (each for combo in self.combo_meals for each in combo.extensions)
        return any(
            (each.app_name, each.data_name, each.data) == (APP_NAME, ROUND, reference)
            for each in itertools.chain(self.extensions, of_items, of_combos)
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
