"""JSON as Simphony speaks it: requests written, answers read with exact decimals."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from muneris.simphony.errors import NotConfiguredError, Problem
from muneris.simphony.model import (
    APP_NAME,
    ORDER_ID,
    ROUND,
    CheckCombo,
    CheckCondiment,
    CheckLine,
    Connection,
    NewCheck,
    NewDiscount,
    NewRound,
    NewServiceCharge,
    NewWrite,
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


def to_text(value: Json) -> str:
    """A body as it is sent: a `Decimal` becomes a number with the digits it has, never a float."""
    match value:
        case Decimal():
            return f"{value:f}"
        case Mapping():
            return "{" + ",".join(f"{json.dumps(name)}:{to_text(each)}" for name, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(to_text, value)) + "]"
        case _:
            return json.dumps(value)


def items_of(document: Json, name: str = "items") -> Sequence[Json]:
    """The entries of a list: in `items`, under the name the guide gives them, or a bare array.

    Raises:
        ValueError: there is no list.
    """
    items = document
    if isinstance(document, Mapping):
        items = document.get("items", document.get(name))
    if not isinstance(items, list):
        raise ValueError("no list of items")  # noqa: TRY004 - the text is wrong, not the program
    return items


def check_body(connection: Connection, new_check: NewCheck) -> Mapping[str, Json]:
    """The body of POST /checks and of POST /checks/calculator.

    Raises:
        NotConfiguredError: the connection lacks the order type or the tender.
    """
    header = _header(connection, new_check) | {
        "checkName": new_check.reference,
        "guestCount": new_check.guest_count,
    }
    if new_check.table is not None:
        header["tableName"] = new_check.table
    if new_check.pickup_at is not None:
        header["pickupTime"] = _local_time(connection, new_check.pickup_at)
    return {
        "header": header,
        **_content(connection, new_check),
        "extensions": [_extension("Order", ORDER_ID, new_check.order_id)],
    }


def round_body(connection: Connection, new_round: NewRound) -> Mapping[str, Json]:
    """The body of POST /checks/{checkRef}/round.

    Its reference goes with each item as well: whether a round's own extensions join those of its check
    is not documented, and an item may be taken off at the till.

    Raises:
        NotConfiguredError: the connection lacks the order type or the tender.
    """
    mark: Json = [_extension("Round", ROUND, new_round.reference)]
    return {
        "header": _header(connection, new_round) | {"checkRef": new_round.check_ref},
        **_content(connection, new_round, mark),
        "extensions": mark,
    }


def _header(connection: Connection, write: NewWrite) -> dict[str, Json]:
    return {
        "orgShortName": connection.org_short_name,
        "locRef": connection.loc_ref,
        "rvcRef": connection.rvc_ref,
        "idempotencyId": write.idempotency_id,
        "checkEmployeeRef": connection.employee_ref,
        "orderTypeRef": _ref(connection.order_type_refs, write.order_type, "order_type_refs"),
        "language": connection.language,
        "informationLines": [*write.information_lines, *_long_notes(write)],
    }


def _content(connection: Connection, write: NewWrite, mark: Json = None) -> dict[str, Json]:
    """What is put on the check; `mark` are extensions that each item carries."""
    marked: dict[str, Json] = {} if mark is None else {"extensions": mark}
    content: dict[str, Json] = {
        "menuItems": [_line(line) | marked for line in write.lines],
    }
    if write.tender is not None:
        content["tenders"] = [_tender(connection, write, write.tender)]
    if write.combos:
        content["comboMeals"] = [_combo(combo) | marked for combo in write.combos]
    if write.discounts:
        content["discounts"] = [_discount(each) for each in write.discounts]
    if write.service_charges:
        content["serviceCharges"] = [_service_charge(each) for each in write.service_charges]
    return content


def _ref(refs: Mapping[str, int], name: str, setting: str) -> int:
    if name not in refs:
        raise NotConfiguredError(f"Simphony's number of {name!r} is not set: add it to {setting}")
    return refs[name]


def _local_time(connection: Connection, moment: datetime) -> str:
    """Requests name times in the property's own zone, without an offset (Checks API, POST checks)."""
    if connection.time_zone is None:
        raise NotConfiguredError("The property's time zone is not known: set it")
    return moment.astimezone(ZoneInfo(connection.time_zone)).strftime("%Y-%m-%dT%H:%M:%S")


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


def _combo(combo: CheckCombo) -> dict[str, Json]:
    return {
        "comboMealId": combo.combo_meal_id,
        "seat": 0,
        "comboItem": _line(combo.combo_item),
        "mainItem": _line(combo.main_item),
        "sideItems": [_line(each) for each in combo.side_items],
    }


def _discount(discount: NewDiscount) -> Json:
    return {"discountId": discount.discount_id, **_named(discount)}


def _service_charge(charge: NewServiceCharge) -> Json:
    return {"serviceChargeId": charge.service_charge_id, **_named(charge)}


def _named(given: NewDiscount | NewServiceCharge) -> dict[str, Json]:
    amount: dict[str, Json] = {} if given.amount is None else {"total": given.amount}
    reference = {"referenceText": given.reference[:_LONGEST_REFERENCE_TEXT]} if given.reference else {}
    return amount | reference


def _long_notes(write: NewWrite) -> Iterator[str]:
    """Notes that an item cannot carry whole: an allergy cut short would be worse than none."""
    of_combos = (each for combo in write.combos for each in (combo.main_item, *combo.side_items))
    for line in (*write.lines, *of_combos):
        if line.note and len(line.note) > _LONGEST_REFERENCE_TEXT:
            yield f"{line.menu_item_id}: {line.note}"


def _tender(connection: Connection, write: NewWrite, name: str) -> Json:
    """The one tender that pays everything.

    Its total is 0 for the whole amount due (Checks API), which leaves no room for a tip: with one the amount
    is named, and includes it.
    """
    tender: dict[str, Json] = {
        "tenderId": _ref(connection.tender_refs, name, "tender_refs"),
        "total": 0,
    }
    if write.tip and write.expected_total is not None:
        tender |= {"total": write.expected_total + write.tip, "chargedTipTotal": write.tip}
    if write.tender_reference is not None:
        tender["referenceText"] = write.tender_reference
    return tender


def _extension(display_name: str, name: str, data: str) -> Json:
    return {
        "displayName": display_name,
        "appName": APP_NAME,
        "dataName": name,
        "dataType": "string",
        "data": data,
        "options": ["includeInApiResponse"],
    }
