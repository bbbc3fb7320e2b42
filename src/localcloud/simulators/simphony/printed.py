"""A check as its printer writes it, 40 columns wide (Checks API, Get Printed Check)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import cast

from localcloud.simulators.simphony.checks import Check
from localcloud.simulators.simphony.wire import Json

_COLUMNS = 40
_INDENT = "  "


def printed_lines(check: Check) -> list[str]:
    """The lines of its print."""
    return [line[:_COLUMNS] for line in _lines(check)]


def _lines(check: Check) -> Iterator[str]:
    yield check.request.site.loc.upper().center(_COLUMNS).rstrip()
    yield _line(f"Check {check.number}", check.request.header.check_name or "")
    yield "-" * _COLUMNS
    document = check.priced.document
    for item in _rows(document, "menuItems"):
        yield from _item(item)
    for combo in _rows(document, "comboMeals"):
        yield from _combo(combo)
    for name in ("discounts", "serviceCharges"):
        for row in _rows(document, name):
            yield _amount(str(row["name"]), row["total"])
    yield "-" * _COLUMNS
    yield _amount("Total", check.priced.total)
    for row in _rows(document, "tenders"):
        yield _amount(str(row["name"]), row["total"])
    for row in _rows(document, "taxes"):
        yield _amount(f"Incl./plus {row['name']}", row["total"])
    yield from check.request.header.information_lines


def _item(item: Mapping[str, Json], indent: str = "") -> Iterator[str]:
    yield _amount(f"{indent}{item['quantity']} {item['name']}", item["total"])
    for condiment in _rows(item, "condiments"):
        yield _amount(f"{indent}{_INDENT}{condiment['name']}", condiment["total"])
    if item["referenceText"]:
        yield f"{indent}{_INDENT}{item['referenceText']}"


def _combo(combo: Mapping[str, Json]) -> Iterator[str]:
    yield from _item(cast("Mapping[str, Json]", combo["comboItem"]))
    for part in (cast("Mapping[str, Json]", combo["mainItem"]), *_rows(combo, "sideItems")):
        yield from _item(part, _INDENT)


def _rows(document: Mapping[str, Json], name: str) -> list[Mapping[str, Json]]:
    return cast("list[Mapping[str, Json]]", document[name])


def _amount(text: str, amount: Json) -> str:
    return _line(text, f"{cast('Decimal', amount):.2f}")


def _line(left: str, right: str) -> str:
    width = _COLUMNS - len(right) - 1
    return f"{left[:width]:<{width}} {right}"
