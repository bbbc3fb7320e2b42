"""Properties as they are set, and how their status moves. Pure."""

import hashlib
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from muneris.companies.model import EmailAddress, Text
from muneris.config.ordering import Ordering
from muneris.config.property import Property
from muneris.core.money import CURRENCIES
from muneris.simphony.model import Account, Bearer, Connection, Language, MenuVersion, Name


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("use a name of the IANA time zone database, such as Europe/Copenhagen") from error


def _known_currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("use a currency code of ISO 4217, such as DKK")
    return code


class PropertySettings(BaseModel):
    """What a property's owner says about it. Codes as `config.property.Property` has them."""

    model_config = ConfigDict(frozen=True)

    name: Text
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    currency: Annotated[str, AfterValidator(_known_currency)]
    time_zone: Annotated[str, AfterValidator(_known_zone)]
    contact_email: EmailAddress
    address: Annotated[str, StringConstraints(max_length=1000)] = ""
    ordering: Ordering = Ordering()

    def are_those_of(self, known: Property) -> bool:
        """Whether a property is set like this already."""
        return self.applied_to(known) == known

    def new_property(self, code: str) -> Property:
        """A property that is not configured yet."""
        return Property(code=code, status="pending", **dict(self))

    def applied_to(self, known: Property) -> Property:
        """The property with these settings; in another currency its menu has to be loaded again."""
        status = known.status if self.currency == known.currency else "pending"
        return known.model_copy(update={**dict(self), "status": status})


class SimphonySettings(BaseModel):
    """How to reach a property's Simphony, as `Connection`; the password is kept only if that is asked for."""

    model_config = ConfigDict(frozen=True)

    auth_url: Text
    api_url: Text
    client_id: Text
    username: Text
    password: SecretStr = Field(min_length=1, max_length=200)
    keep_password: bool = False
    """Whether it is kept, sealed, to sign in again when no refresh token works any more."""
    org_short_name: Name
    loc_ref: Name
    rvc_ref: int
    employee_ref: int
    order_type_refs: dict[str, int]
    tender_refs: dict[str, int] = {}
    bearer: Bearer = "id_token"
    menu_version: MenuVersion = 1
    language: Language = "en-US"

    @property
    def account(self) -> Account:
        """The API account that signs in."""
        return Account(
            auth_url=self.auth_url,
            org_short_name=self.org_short_name,
            client_id=self.client_id,
            username=self.username,
        )

    @property
    def kept_password(self) -> str | None:
        """The password if it is to be kept."""
        return self.password.get_secret_value() if self.keep_password else None

    @property
    def connection(self) -> Connection:
        """What calls need to know."""
        return Connection(
            account=self.account.id, **self.model_dump(exclude={"username", "password", "keep_password"})
        )


def connected(known: Property, connection: Connection) -> Property:
    """The property with its Simphony set; with another revenue center its menu has to be loaded again."""
    same_site = known.simphony is not None and known.simphony.site == connection.site
    status = known.status if same_site else "pending"
    return known.model_copy(update={"simphony": connection, "status": status})


def with_menu_from(known: Property, connection: Connection, currency: str) -> Property:
    """The property once a menu is published that was read through `connection` and priced in `currency`.

    It is configured with that, unless it moved on meanwhile: then the menu is not its own.
    """
    same_site = known.simphony is not None and known.simphony.site == connection.site
    is_own = same_site and known.currency == currency
    return known.model_copy(update={"status": "configured" if is_own else "pending"})


def etag_version(known: Property) -> str:
    """A version of a property that changes whenever anything in it does."""
    return hashlib.sha256(known.model_dump_json().encode()).hexdigest()[:32]
