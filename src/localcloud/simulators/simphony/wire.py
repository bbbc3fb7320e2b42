"""JSON as Simphony speaks it: decimal numbers, exact in both directions, in camel case."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

type Json = str | int | Decimal | bool | Sequence[Json] | Mapping[str, Json] | None


class Wire(BaseModel):
    """A frozen model whose fields are in camel case on the wire."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class RequestBody(Wire):
    """What a client wrote, as far as it is read: `parse_request` knows the names of its properties."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_options: object) -> None:
        names = [field.alias for field in cls.model_fields.values() if field.alias]
        _SPELLINGS.update({name.lower(): name for name in names})
        _NAMES.update(name.encode() for name in names)


_SPELLINGS: dict[str, str] = {}
"""The name on the wire of each property, by that name in lower case."""
_NAMES: set[bytes] = set()
_PROPERTY = re.compile(rb'"(\w+)"\s*:')


def parse_request(body: bytes) -> Json:
    """The value of a request's JSON; names of properties are without case, which clients in use rely on.

    Raises:
        ValueError: it is no JSON.
    """
    value = parse(body)
    return value if _NAMES.issuperset(_PROPERTY.findall(body)) else _spelled(value)


def _spelled(value: Json) -> Json:
    match value:
        case dict():
            return {
                _SPELLINGS.get(str(name).lower(), str(name)): _spelled(each) for name, each in value.items()
            }
        case list():
            return [_spelled(each) for each in value]
        case _:
            return value


def parse(body: bytes | str) -> Json:
    """The value a JSON text holds, its fractions as `Decimal`.

    Raises:
        ValueError: it is no JSON.
    """
    value: Json = json.loads(body, parse_float=Decimal)
    return value


def to_text(value: Json) -> str:
    """The JSON text of a value; a `Decimal` becomes a number with the decimals it has."""
    match value:
        case Decimal():
            return f"{value:f}"
        case Mapping():
            return "{" + ",".join(f"{json.dumps(key)}:{to_text(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(to_text(each) for each in value) + "]"
        case _:
            return json.dumps(value)


def answer(value: Json, status: int = 200) -> web.Response:
    """A JSON response."""
    return answer_text(to_text(value), status)


def answer_text(text: str, status: int = 200) -> web.Response:
    """A response of JSON text that is written already."""
    return web.Response(text=text, status=status, content_type="application/json")


def answer_items(texts: Iterable[str]) -> web.Response:
    """A list of what is written already."""
    return answer_text('{"items":[' + ",".join(texts) + "]}")
