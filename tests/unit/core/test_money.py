import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.core.money import AMOUNT, CURRENCIES, decimals, has_decimals_of, to_wire


def test_every_currency_is_three_letters() -> None:
    assert all(re.fullmatch("[A-Z]{3}", code) for code in CURRENCIES)


def test_currencies_come_and_go() -> None:
    assert {"DKK", "EUR", "GBP", "SEK", "USD", "XCG", "ZWG"} <= CURRENCIES
    assert CURRENCIES.isdisjoint({"DEM", "HRK", "BGN", "ANG", "CLF", "XAU", "XTS", "XXX", "ZZZ"})


@pytest.mark.parametrize(
    ("currency", "digits"), [("DKK", 2), ("EUR", 2), ("JPY", 0), ("RWF", 0), ("XPF", 0), ("KWD", 3)]
)
def test_a_currency_has_the_decimals_of_the_standard(currency: str, digits: int) -> None:
    assert decimals(currency) == digits


@pytest.mark.parametrize(
    ("amount", "currency", "has"),
    [
        ("23.40", "DKK", True),
        ("23.4", "DKK", False),
        ("23", "DKK", False),
        ("23", "JPY", True),
        ("23.0", "JPY", False),
        ("23.400", "KWD", True),
        ("23.40", "KWD", False),
    ],
)
def test_a_wire_amount_has_exactly_the_decimals_of_its_currency(
    amount: str,
    currency: str,
    has: bool,  # noqa: FBT001 - a parameter of the table above
) -> None:
    assert has_decimals_of(amount, currency) is has


@pytest.mark.parametrize(
    ("amount", "currency", "wire"),
    [
        ("23.4", "DKK", "23.40"),
        ("23.400", "DKK", "23.40"),
        ("0", "DKK", "0.00"),
        ("-1.5", "EUR", "-1.50"),
        ("1E+3", "JPY", "1000"),
        ("0.001", "KWD", "0.001"),
        ("123456789012.99", "EUR", "123456789012.99"),
    ],
)
def test_an_amount_is_written_with_the_decimals_of_its_currency(
    amount: str, currency: str, wire: str
) -> None:
    assert to_wire(Decimal(amount), currency) == wire


@pytest.mark.parametrize(("amount", "currency"), [("0.005", "DKK"), ("0.5", "JPY"), ("1.0001", "KWD")])
def test_an_amount_finer_than_its_currency_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match=f"{amount} has more decimals than {currency}"):
        to_wire(Decimal(amount), currency)


@given(
    minor=st.integers(0, 10**14 - 1),
    currency=st.sampled_from(["DKK", "JPY", "KWD"]),
)
def test_what_is_written_can_be_read(minor: int, currency: str) -> None:
    amount = Decimal(minor).scaleb(-decimals(currency))
    wire = to_wire(amount, currency)
    assert Decimal(wire) == amount
    assert has_decimals_of(wire, currency)
    assert len(wire.partition(".")[0]) > 12 or AMOUNT.fullmatch(wire)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1.00",
        "+1",
        "1,00",
        ".50",
        "1.",
        "1.0000",
        "1e3",
        "NaN",
        "\N{ARABIC-INDIC DIGIT ONE}.00",
        " 1",
        "1\n",
    ],
)
def test_what_is_no_amount(text: str) -> None:
    assert not AMOUNT.fullmatch(text)
