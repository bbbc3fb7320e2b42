"""Rows as Table Storage has them: OData entities in JSON ("Payload format for Table service operations")."""

import base64
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote

import orjson

from muneris.cloud.tables.rows import Row, Value, Values

type Entity = Mapping[str, str | int | bool]
"""A decoded entity. A double stays the text that was sent: rows have no such value."""

ENTITY_TYPE = "application/json;odata=minimalmetadata"
"""Entities with those types that JSON does not show."""

_TYPE = "@odata.type"
_OF_EVERY_ROW = frozenset({"PartitionKey", "RowKey", "Timestamp"})
_KEPT_IN_PATHS = "!$&'()*,:;=@"
"""Allowed unquoted in a path (RFC 3986); the Azure SDK leaves them so as well, and signs them so."""
_LINE_SEPARATOR, _PARAGRAPH_SEPARATOR = b"\xe2\x80\xa8", b"\xe2\x80\xa9"
_decoder = json.JSONDecoder(parse_float=str)


def literal(key: str) -> str:
    """A key as OData writes it."""
    return "'" + key.replace("'", "''") + "'"


def entity_url(table_url: str, partition: str, key: str) -> str:
    """The address of an entity, percent-encoded."""
    partition, key = (quote(literal(each), _KEPT_IN_PATHS) for each in (partition, key))
    return f"{table_url}(PartitionKey={partition},RowKey={key})"


def entity_json(partition: str, key: str, values: Values) -> bytes:
    """An entity, on one line."""
    entity: dict[str, str | bool] = {"PartitionKey": partition, "RowKey": key}
    for name, value in values.items():
        if isinstance(value, bytes):
            entity[name] = base64.b64encode(value).decode()
            entity[name + _TYPE] = "Edm.Binary"
        elif isinstance(value, (str, bool)):
            entity[name] = value
        else:
            entity[name] = str(value)
            entity[name + _TYPE] = "Edm.Int64"
    written = orjson.dumps(entity)
    if written.isascii():
        return written
    # The emulator takes these two characters for ends of lines, as the JavaScript that it is.
    return written.replace(_LINE_SEPARATOR, b"\\u2028").replace(_PARAGRAPH_SEPARATOR, b"\\u2029")


def read_row(body: bytes) -> Row:
    """The row of an answer with one entity.

    Raises:
        ValueError: it has none.
    """
    return _read(body, _row)


def read_rows(body: bytes) -> list[Row]:
    """The rows of an answer with a list of entities.

    Raises:
        ValueError: it has none.
    """
    return _read(body, _rows)


def _read[T, D](body: bytes, content: Callable[[D], T]) -> T:
    try:
        return content(_decoder.decode(body.decode()))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no entity: {error!r}") from error


def _rows(answer: Mapping[str, list[Entity]]) -> list[Row]:
    return [_row(entity) for entity in answer["value"]]


def _row(entity: Entity) -> Row:
    values = {
        name: _value(value, entity.get(name + _TYPE))
        for name, value in entity.items()
        if "odata." not in name and name not in _OF_EVERY_ROW
    }
    return Row(str(entity["PartitionKey"]), str(entity["RowKey"]), values, _etag(entity))


def _value(value: Value, edm_type: object) -> Value:
    if edm_type == "Edm.Int64":
        return int(value)
    if edm_type == "Edm.Binary":
        return base64.b64decode(str(value), validate=True)
    return value


def _etag(entity: Entity) -> str:
    """The one sent. The documentation promises it for full metadata alone; it is made of the timestamp."""
    return str(entity.get("odata.etag") or f"W/\"datetime'{quote(str(entity['Timestamp']))}'\"")
