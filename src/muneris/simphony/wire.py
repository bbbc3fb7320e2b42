"""JSON as Simphony speaks it: requests written, answers read with exact decimals."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from muneris.simphony.errors import NotConfiguredError, Problem
from muneris.simphony.model import (
    APP_NAME,
    ORDER_ID,
    ROUND,
    CheckCondiment,
    CheckLine,
    Connection,
    NewCheck,
    NewRound,
)

type Json = str | int | Decimal | bool | Sequence[Json] | Mapping[str, Json] | None

_LONGEST_REFERENCE_TEXT = 20


def parse(body: bytes) -> Json:
    """The value a body holds, its fractions as `Decimal`.

    Raises:
        ValueError: it is no JSON.
    """
    value: Json = json.loads(body, parse_float=Decimal)
    return value


def parse_problem(body: bytes) -> Problem:
    """The problem document of a body; an empty one if it is none (a gateway's page, say)."""
    try:
        return Problem.model_validate(parse(body))
    except ValueError:  # ValidationError is one
        return Problem()


def items_of(document: Json) -> Sequence[Json]:
    """The entries of a list: documented in `items`, seen as a bare array too.

    Raises:
        ValueError: there is no list.
    """
    items = document.get("items") if isinstance(document, Mapping) else document
    if not isinstance(items, list):
        raise ValueError("no list of items")  # noqa: TRY004 - the text is wrong, not the program
    return items


def check_body(connection: Connection, new_check: NewCheck) -> Mapping[str, Json]:
    """The body of POST /checks.

    Raises:
        NotConfiguredError: the connection lacks the order type or the tender.
    """
    header = _header(connection, new_check) | {
        "checkName": new_check.reference,
        "guestCount": new_check.guest_count,
    }
    if new_check.table is not None:
        header["tableName"] = new_check.table
    return {
        "header": header,
        "menuItems": [_line(line) for line in new_check.lines],
        "tenders": _tenders(connection, new_check),
        "extensions": [_extension("Order", ORDER_ID, new_check.order_id)],
    }


def round_body(connection: Connection, new_round: NewRound) -> Mapping[str, Json]:
    """The body of POST /checks/{checkRef}/round.

    Its reference goes with each item as well: whether a round's own extensions join those of its check
    is not documented, and an item may be taken off at the till.

    Raises:
        NotConfiguredError: the connection lacks the order type.
    """
    mark: dict[str, Json] = {"extensions": [_extension("Round", ROUND, new_round.reference)]}
    return {
        "header": _header(connection, new_round) | {"checkRef": new_round.check_ref},
        "menuItems": [_line(line) | mark for line in new_round.lines],
        **mark,
    }


def _header(connection: Connection, write: NewCheck | NewRound) -> dict[str, Json]:
    return {
        "orgShortName": connection.org_short_name,
        "locRef": connection.loc_ref,
        "rvcRef": connection.rvc_ref,
        "idempotencyId": write.idempotency_id,
        "checkEmployeeRef": connection.employee_ref,
        "orderTypeRef": _ref(connection.order_type_refs, write.order_type, "order_type_refs"),
        "language": write.language,
        "informationLines": [*write.information_lines, *_long_notes(write.lines)],
    }


def _ref(refs: Mapping[str, int], name: str, setting: str) -> int:
    if name not in refs:
        raise NotConfiguredError(f"Simphony's number of {name!r} is not set: add it to {setting}")
    return refs[name]


def _line(line: CheckLine) -> dict[str, Json]:
    body: dict[str, Json] = {
        "menuItemId": line.menu_item_id,
        "definitionSequence": line.definition_sequence,
        "priceSequence": line.price_sequence,
        "quantity": line.quantity,
        "condiments": [_condiment(condiment) for condiment in line.condiments],
    }
    if line.note:
        body["referenceText"] = line.note[:_LONGEST_REFERENCE_TEXT]
    return body


def _condiment(condiment: CheckCondiment) -> Json:
    body: dict[str, Json] = {
        "condimentId": condiment.condiment_id,
        "definitionSequence": condiment.definition_sequence,
        "quantity": condiment.quantity,
    }
    if condiment.price_sequence is not None:
        body["priceSequence"] = condiment.price_sequence
    return body


def _long_notes(lines: Sequence[CheckLine]) -> Iterator[str]:
    """Notes that an item cannot carry whole: an allergy cut short would be worse than none."""
    for line in lines:
        if line.note and len(line.note) > _LONGEST_REFERENCE_TEXT:
            yield f"{line.menu_item_id}: {line.note}"


def _tenders(connection: Connection, new_check: NewCheck) -> list[Json]:
    """The one tender that pays everything (total 0 is the whole amount due), or none."""
    if new_check.tender is None:
        return []
    tender: dict[str, Json] = {
        "tenderId": _ref(connection.tender_refs, new_check.tender, "tender_refs"),
        "total": 0,
    }
    if new_check.tender_reference is not None:
        tender["referenceText"] = new_check.tender_reference
    return [tender]


def _extension(display_name: str, name: str, data: str) -> Json:
    return {
        "displayName": display_name,
        "appName": APP_NAME,
        "dataName": name,
        "dataType": "string",
        "data": data,
        "options": ["includeInApiResponse"],
    }
