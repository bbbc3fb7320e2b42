"""The bodies of POST /checks, /checks/calculator and /checks/{checkRef}/round, as far as they are kept."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from localcloud.simulators.simphony.menu import Orderable
from localcloud.simulators.simphony.problems import invalid, of_validation
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import Json, RequestBody, parse_request

RETURNED = "includeInApiResponse"
"""The option of an extension that comes back."""

Quantity = Annotated[Decimal, Field(gt=0)]
Amount = Annotated[Decimal, Field(ge=0)]
ItemText = Annotated[str, Field(max_length=20)]


class RequestHeader(RequestBody):
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
    table_group_number: int | None = None
    pickup_time: str | None = None
    fire_time: str | None = None
    guest_count: int = 1
    language: str = "en-US"
    is_training_check: bool = False
    information_lines: tuple[str, ...] = ()
    payment_store_id: str | None = None


class RequestExtension(RequestBody):
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


class RequestDiscount(RequestBody):
    """A discount on the check or on an item; `total` is for open ones."""

    discount_id: int
    total: Decimal = Decimal(0)
    seat: int = 0
    reference_text: str | None = None
    extensions: tuple[RequestExtension, ...] = ()


class RequestServiceCharge(RequestBody):
    """A service charge; `total` is for open ones."""

    service_charge_id: int
    total: Amount = Decimal(0)
    seat: int = 0
    reference_text: str | None = None
    extensions: tuple[RequestExtension, ...] = ()


class RequestCondiment(RequestBody):
    """A condiment of an item."""

    condiment_id: int
    definition_sequence: int
    price_sequence: int = 1
    quantity: Annotated[Decimal, Field(ge=1)] = Decimal(1)
    reference_text: ItemText | None = None
    prefixes: tuple[dict[str, str | int], ...] = ()

    @property
    def key(self) -> Orderable:
        """What it is priced by."""
        return Orderable(self.condiment_id, self.definition_sequence, self.price_sequence)


class RequestItem(RequestBody):
    """An item ordered."""

    menu_item_id: int
    definition_sequence: int = 1
    price_sequence: int = 1
    quantity: Quantity = Decimal(1)
    seat: int = 0
    reference_text: ItemText | None = None
    condiments: tuple[RequestCondiment, ...] = ()
    item_discounts: tuple[RequestDiscount, ...] = ()
    extensions: tuple[RequestExtension, ...] = ()

    @property
    def key(self) -> Orderable:
        """What it is priced by."""
        return Orderable(self.menu_item_id, self.definition_sequence, self.price_sequence)


class RequestCombo(RequestBody):
    """A combo ordered: what stands for the whole, its main item, and one side item of each kind."""

    combo_meal_id: int
    seat: int = 0
    combo_item: RequestItem
    main_item: RequestItem
    side_items: tuple[RequestItem, ...] = ()
    extensions: tuple[RequestExtension, ...] = ()


class RequestTender(RequestBody):
    """A payment, its tip included; total 0 means the whole amount due."""

    tender_id: int
    total: Amount = Decimal(0)
    charged_tip_total: Amount = Decimal(0)
    reference_text: str | None = None
    extensions: tuple[RequestExtension, ...] = ()


class NotificationOptions(RequestBody):
    """Where this check's notifications go if its client is not registered for any."""

    enabled: bool = False
    url: str = ""
    key_id: str = ""
    key: str = ""


class CheckRequest(RequestBody):
    """A check to open."""

    header: RequestHeader
    menu_items: tuple[RequestItem, ...] = ()
    combo_meals: tuple[RequestCombo, ...] = ()
    discounts: tuple[RequestDiscount, ...] = ()
    service_charges: tuple[RequestServiceCharge, ...] = ()
    tenders: tuple[RequestTender, ...] = ()
    extensions: tuple[RequestExtension, ...] = ()
    notification_options: NotificationOptions | None = None

    @classmethod
    def read(cls, body: bytes) -> Self:
        """The request a body holds.

        Raises:
            ProblemError: a required value is missing, or one is invalid.
        """
        try:
            return cls.model_validate(parse_request(body))
        except ValidationError as error:
            raise of_validation(error) from error
        except ValueError as error:
            raise invalid(f"The body is no JSON: {error}") from error

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if not self._is_worth_it:
            raise ValueError("a check has items, a round adds items or tenders")
        return self

    @property
    def _is_worth_it(self) -> bool:
        return bool(self.menu_items or self.combo_meals)

    def in_language(self, accepted: str) -> Self:
        """The same with names in the first language of `Accept-Language`, unless it says one itself."""
        language = accepted.partition(",")[0].partition(";")[0].strip()
        if not language or "language" in self.header.model_fields_set:
            return self
        return self.model_copy(update={"header": self.header.model_copy(update={"language": language})})

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

    @property
    def _is_worth_it(self) -> bool:
        return bool(self.menu_items or self.combo_meals or self.tenders)
