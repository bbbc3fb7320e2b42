"""What an app sends to order. Strict: "2", true and 2.0 are no integers. Pure."""

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from muneris.core.canonical import MalformedJsonError, read_json
from muneris.core.clock import from_rfc3339
from muneris.core.money import AMOUNT, has_decimals_of
from muneris.core.problems import MALFORMED_JSON
from muneris.core.validation import refuse_invalid, refuse_model

MAX_LINES = 100
MAX_CONDIMENTS = 30

Amount = Annotated[str, Field(pattern=AMOUNT.pattern)]
Sequence = Annotated[int, Field(ge=1)]
Quantity = Annotated[int, Field(ge=1, le=999)]
Name = Annotated[str, Field(max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class CondimentRequest(_Strict):
    """A choice, per unit of its line's item."""

    condiment_id: int
    definition_sequence: Sequence = 1
    quantity: Quantity = 1


class LineRequest(_Strict):
    """An item and how many of it."""

    menu_item_id: int
    definition_sequence: Sequence = 1
    price_sequence: Sequence = 1
    quantity: Quantity
    note: Name | None = None
    condiments: list[CondimentRequest] = Field(
        default_factory=list, max_length=MAX_CONDIMENTS, json_schema_extra={"default": []}
    )


class FulfilmentRequest(_Strict):
    """How and when the guest wants it."""

    type: Literal["dine_in", "pickup", "delivery"]
    table: Name | None = None
    requested_at: str | None = None


class PaymentRequest(_Strict):
    """How it is paid."""

    method: Literal["online", "terminal", "at_counter", "none"]
    tip: Amount | None = None
    reference: Name | None = None


class CustomerRequest(_Strict):
    """Whom to call."""

    name: Name | None = None
    phone: Name | None = None
    email: Name | None = None


class OrderRequest(_Strict):
    """One order."""

    channel: Literal["online", "table", "counter"]
    fulfilment: FulfilmentRequest
    lines: Annotated[list[LineRequest], Field(min_length=1, max_length=MAX_LINES)]
    payment: PaymentRequest
    expected_total: Amount | None = None
    customer: CustomerRequest | None = None


class RoundRequest(_Strict):
    """More for an order's check."""

    lines: Annotated[list[LineRequest], Field(min_length=1, max_length=MAX_LINES)]


class ReadRound(NamedTuple):
    """A well-formed round: typed, as it was sent (`lines`), and its fingerprint."""

    request: RoundRequest
    lines: tuple[dict[str, Any], ...]
    fingerprint: str


class ReadOrder(NamedTuple):
    """A well-formed order: typed, as it was sent (`lines`), and its fingerprint.

    `is_late`: it is requested for the past. Only a repeat of what was accepted in time may be.
    """

    request: OrderRequest
    lines: tuple[dict[str, Any], ...]
    fingerprint: str
    requested_at: datetime | None
    is_late: bool


def read_order(body: bytes, now: datetime, currency: str | None) -> ReadOrder:
    """The order a body holds; amounts are checked against the property's currency where it is known.

    Raises:
        ProblemError: `malformed_json` or `invalid_request`.
    """
    request, lines, mark = _read(body, OrderRequest)
    wrong = _wrong_amounts(request, currency)
    requested_at = None
    try:
        if request.fulfilment.requested_at is not None:
            requested_at = from_rfc3339(request.fulfilment.requested_at)
    except ValueError:
        wrong.append(("fulfilment.requested_at", "must be an RFC 3339 time with a zone"))
    if wrong:
        raise refuse_invalid(wrong)
    is_late = requested_at is not None and requested_at < now
    return ReadOrder(request, lines, mark, requested_at, is_late)


def read_round(body: bytes) -> ReadRound:
    """The round a body holds.

    Raises:
        ProblemError: `malformed_json` or `invalid_request`.
    """
    return ReadRound(*_read(body, RoundRequest))


def _read[T: BaseModel](body: bytes, model: type[T]) -> tuple[T, tuple[dict[str, Any], ...], str]:
    """What a body holds, its lines as they were sent, and its fingerprint."""
    try:
        sent, mark = read_json(body)
    except MalformedJsonError as error:
        raise MALFORMED_JSON(f"The body is not one JSON object: {error}") from error
    try:
        request = model.model_validate(sent)
    except ValidationError as error:
        raise refuse_model(error.errors()) from error
    assert isinstance(sent, dict)  # noqa: S101 - or the model had refused it
    return request, tuple(sent["lines"]), mark


def _wrong_amounts(request: OrderRequest, currency: str | None) -> list[tuple[str, str]]:
    amounts = {"payment.tip": request.payment.tip, "expected_total": request.expected_total}
    return [
        (field, f"must have the decimals of {currency}")
        for field, amount in amounts.items()
        if amount is not None and currency is not None and not has_decimals_of(amount, currency)
    ]
