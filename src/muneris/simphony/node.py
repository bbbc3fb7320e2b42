"""How Simphony's JSON is read: names in camel case, unknown fields ignored, odd values taken for none.

A field that is null is one that is left out.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic.alias_generators import to_camel


class Node(BaseModel):
    """An object of Simphony's."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {name: each for name, each in value.items() if each is not None}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _spelled(value: object) -> str:
    is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return str(value) if is_number else _text(value)


def _number(value: object) -> int | None:
    try:
        return int(_spelled(value))
    except ValueError:
        return None


def _amount(value: object) -> Decimal | None:
    try:
        amount = Decimal(_spelled(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _sum(value: object) -> Decimal:
    return _amount(value) or Decimal(0)


def _flag(value: object) -> bool:
    return value is True or _text(value).casefold() == "true"


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _nodes(value: object) -> list[object]:
    return (
        [each for each in value if isinstance(each, Mapping | Node)]
        if isinstance(value, list | tuple)
        else []
    )


def _node(value: object) -> object | None:
    return value if isinstance(value, Mapping | Node) else None


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | tuple) else []


def _names(value: object) -> dict[str, str]:
    if isinstance(value, str):
        return {"": value} if value else {}
    if not isinstance(value, Mapping):
        return {}
    return {str(language): text for language, text in value.items() if isinstance(text, str)}


NO_NAMES: dict[str, str] = {}
LenientText = Annotated[str, BeforeValidator(_text)]
"""A text; whatever else a foreign client put there reads as none."""
LenientRef = Annotated[str, BeforeValidator(_spelled)]
"""A reference that is a text to some and a number to others."""
LenientNumber = Annotated[int | None, BeforeValidator(_number)]
"""A whole number, or its text."""
LenientAmount = Annotated[Decimal | None, BeforeValidator(_amount)]
"""A decimal number, or its text."""
LenientSum = Annotated[Decimal, BeforeValidator(_sum)]
"""What amounts come to; 0 is none."""
LenientFlag = Annotated[bool, BeforeValidator(_flag)]
"""Yes or no, or its text."""
LenientMoment = Annotated[datetime | None, BeforeValidator(_moment)]
"""A moment in UTC, with or without `Z`, of any precision."""
LenientNames = Annotated[dict[str, str], BeforeValidator(_names)]
"""A text by language; one without a language is that of the empty one."""
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
"""Texts; what is none is left out."""
type Nodes[T] = Annotated[tuple[T, ...], BeforeValidator(_nodes)]
"""Objects; what is none is left out."""
type OneNode[T] = Annotated[T | None, BeforeValidator(_node)]
"""An object, or none."""
