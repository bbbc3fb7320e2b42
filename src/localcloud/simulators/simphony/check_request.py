"""The bodies of POST /checks, /checks/calculator and /checks/{checkRef}/round, as far as they are kept."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from localcloud.simulators.simphony.menus import Orderable
from localcloud.simulators.simphony.problems import invalid, of_validation
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import Json, Wire, parse

RETURNED = "includeInApiResponse"
"""The option of an extension that comes back."""

Quantity = Annotated[Decimal, Field(gt=0)]


class RequestHeader(Wire):
    """Who orders what kind of check where."""

    org_short_name: str
    loc_ref: str
    rvc_ref: int
    idempotency_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    check_employee_ref: int
    order_type_ref: int
    order_channel_ref: int | None = None
    check_name: str | None = Field(default=None, min_length=1)
    table_name: str | None = None
    pickup_time: str | None = None
    fire_time: str | None = None
    guest_count: int = 1
    language: str = "en-US"
    is_training_check: bool = False
    information_lines: tuple[str, ...] = ()


class RequestExtension(Wire):
    """Data of the client's own."""

    display_name: str = ""
    app_name: str = ""
    data_name: str = ""
    data_type: str = ""
    data: str = ""
    options: tuple[str, ...] = ()


def returned(extensions: Iterable[RequestExtension]) -> list[Json]:
    """Those that come back in answers, as they do."""
    return [each.model_dump(by_alias=True) for each in extensions if RETURNED in each.options]


class RequestCondiment(Wire):
    """A condiment of an item."""

    condiment_id: int
    definition_sequence: int
    price_sequence: int = 1
    quantity: Quantity = Decimal(1)
    reference_text: str | None = None

    @property
    def key(self) -> Orderable:
        """What it is priced by."""
        return Orderable(self.condiment_id, self.definition_sequence, self.price_sequence)


class RequestItem(Wire):
    """An item ordered."""

    menu_item_id: int
    definition_sequence: int = 1
    price_sequence: int = 1
    quantity: Quantity = Decimal(1)
    seat: int = 0
    reference_text: str | None = None
    condiments: tuple[RequestCondiment, ...] = ()
    extensions: tuple[RequestExtension, ...] = ()

    @property
    def key(self) -> Orderable:
        """What it is priced by."""
        return Orderable(self.menu_item_id, self.definition_sequence, self.price_sequence)


class RequestTender(Wire):
    """A payment; total 0 means the whole amount due."""

    tender_id: int
    total: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    reference_text: str | None = None


class CheckRequest(Wire):
    """A check to open."""

    header: RequestHeader
    menu_items: tuple[RequestItem, ...] = Field(min_length=1)
    tenders: tuple[RequestTender, ...] = ()
    extensions: tuple[RequestExtension, ...] = ()

    @classmethod
    def read(cls, body: bytes) -> Self:
        """The request a body holds.

        Raises:
            ProblemError: a required value is missing, or one is invalid.
        """
        try:
            return cls.model_validate(parse(body))
        except ValidationError as error:
            raise of_validation(error) from error
        except ValueError as error:
            raise invalid(f"The body is no JSON: {error}") from error

    @property
    def site(self) -> Site:
        """Where it is opened: the body counts, not the HTTP headers (Header Parameters)."""
        return Site.of(self.header.org_short_name, self.header.loc_ref, self.header.rvc_ref)


class RoundHeader(RequestHeader):
    """Who adds to which check."""

    check_ref: str


class RoundRequest(CheckRequest):
    """Items or tenders to add to a check."""

    header: RoundHeader
    menu_items: tuple[RequestItem, ...] = ()

    @model_validator(mode="after")
    def _adds_something(self) -> Self:
        if not self.menu_items and not self.tenders:
            raise ValueError("a round adds items or tenders")
        return self
