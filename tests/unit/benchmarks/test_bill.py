import pytest
from benchmarks import prices
from benchmarks.bill import bill
from benchmarks.prices import PRICES

COUNTS = {
    "Orders: transactions": 6.0,
    "Orders: rows written": 15.0,
    "Inventory: point reads": 3.0,
    "Orders: queries": 1.0,
    "orders-inbox: puts": 2.0,
    "orders-inbox: receives": 1.0,
    "orders-inbox: empty receives": 0.5,
    "orders-inbox: deletes": 2.0,
    "read-models: blob reads": 0.25,
    "topic: events": 3.0,
}


def test_a_million_orders_are_billed_by_what_one_asks_for() -> None:
    assert {line.price.name: line.units for line in bill(COUNTS, 0.03)} == {
        "table operations": 10,
        "queue operations": 5.5,
        "blob reads": 0.25,
        "blob writes": 0,
        "Event Grid operations": 5,
        "function executions": 3,
        "GB-seconds on demand": pytest.approx(0.12),
    }


def test_rows_cost_nothing_only_the_requests_that_carry_them() -> None:
    usd = {line.price.name: line.usd for line in bill(COUNTS, 0.03)}
    assert usd["table operations"] == pytest.approx(0.36)
    assert usd["queue operations"] == pytest.approx(2.2)
    assert usd["Event Grid operations"] == pytest.approx(3.0)
    assert usd["function executions"] == pytest.approx(1.2)
    assert usd["GB-seconds on demand"] == pytest.approx(3.12)


def test_a_price_is_for_so_many_units() -> None:
    assert prices.TABLE_OPERATIONS.of(10_000) == pytest.approx(0.00036)
    assert prices.ON_DEMAND_GB_SECONDS.of(0) == 0


def test_every_price_is_listed_once_with_its_source() -> None:
    declared = {each for each in vars(prices).values() if isinstance(each, prices.Price)}
    assert set(PRICES) == declared
    assert len(PRICES) == len(declared)
    assert all(price.source and price.usd > 0 and price.per > 0 for price in PRICES)
