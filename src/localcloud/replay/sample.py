"""Reads a file of orders: one line an item, tab-separated. Pure but for the file."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from localcloud.errors import LocalCloudError

HEADER = ("order_id", "quantity", "item_name", "choice_description", "item_price")

_PRICE = re.compile(r"^\$?(\d{1,9}\.\d\d)$")
_NOT_IN_PARENTHESES = re.compile(r",\s*(?![^(]*\))")
_NOTHING = "NULL"


@dataclass(frozen=True)
class SampleLine:
    """An item of an order; `total` is what the whole line costs, `choices` are per unit."""

    quantity: int
    item_name: str
    choices: tuple[str, ...]
    total: Decimal

    @property
    def unit_price(self) -> Decimal:
        """What one costs; finer than a cent if the total is not a multiple."""
        return self.total / self.quantity


@dataclass(frozen=True)
class SampleOrder:
    """An order under the number its file gives it."""

    number: int
    lines: tuple[SampleLine, ...]

    @property
    def total(self) -> Decimal:
        """What it costs."""
        return sum((line.total for line in self.lines), Decimal(0))


class SampleError(LocalCloudError):
    """The file cannot be used; the message says where and why."""


def read_sample(path: Path) -> list[SampleOrder]:
    """The orders of a file, in the order in which they first appear.

    Raises:
        SampleError: it cannot be read, or a line of it is wrong.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return _read(path, csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise SampleError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SampleError(f"{path} is no UTF-8 text: save it as UTF-8.") from error


def _read(path: Path, rows: Iterator[list[str]]) -> list[SampleOrder]:
    if tuple(next(rows, [])) != HEADER:
        raise SampleError(f"{path}, line 1: expected the tab-separated header {' '.join(HEADER)}.")
    orders: dict[int, list[SampleLine]] = {}
    for line_number, row in enumerate(rows, start=2):
        try:
            order, line = _parse(row)
        except ValueError as error:
            raise SampleError(f"{path}, line {line_number}: {error}.") from error
        orders.setdefault(order, []).append(line)
    if not orders:
        raise SampleError(f"{path} holds no orders.")
    return [SampleOrder(number, tuple(lines)) for number, lines in orders.items()]


def _parse(row: list[str]) -> tuple[int, SampleLine]:
    if len(row) != len(HEADER):
        raise ValueError(f"expected {len(HEADER)} tab-separated fields, found {len(row)}")
    order, quantity, item_name, choices, price = map(str.strip, row)
    if not item_name:
        raise ValueError("item_name is empty")
    line = SampleLine(
        quantity=_positive("quantity", quantity),
        item_name=item_name,
        choices=_choices(choices),
        total=_price(price),
    )
    if line.unit_price != line.unit_price.quantize(Decimal("0.01")):
        raise ValueError(f"item_price {price} is no multiple of its quantity {quantity} in whole cents")
    return _positive("order_id", order), line


def _positive(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise ValueError(f"{name} must be a whole number from 1, not {text!r}")
    return int(text)


def _price(text: str) -> Decimal:
    match = _PRICE.match(text)
    if match is None:
        raise ValueError(f"item_price must be an amount such as $2.39, not {text!r}")
    return Decimal(match[1])


def _choices(text: str) -> tuple[str, ...]:
    """`[Salsa (Hot), [Rice, Beans]]` names three choices: how they are nested says nothing about price."""
    if text == _NOTHING:
        return ()
    if not (text.startswith("[") and text.endswith("]") and text.count("[") == text.count("]")):
        raise ValueError(f"choice_description must be NULL or a list in brackets, not {text!r}")
    names = (name.strip(" []") for name in _NOT_IN_PARENTHESES.split(text))
    return tuple(name for name in names if name)
