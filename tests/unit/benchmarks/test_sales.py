import pytest
from benchmarks.sales import confirmed_at, seconds_to_confirm

from localcloud.replay.following import Change, Order, Totals


def order(status: str) -> Order:
    history = [
        Change(at="2030-05-04T10:30:00.250000Z", status="received"),
        Change(at="2030-05-04T10:30:00.500000Z", status="reserved"),
        Change(at="2030-05-04T10:30:02.000000Z", status=status),
    ]
    totals = Totals(total="47.50", currency="EUR")
    return Order(status=status, reason="no soup", totals=totals, history=tuple(history))


def test_an_orders_own_history_says_how_long_it_took() -> None:
    assert seconds_to_confirm(order("confirmed")) == 1.75
    assert confirmed_at(order("confirmed")) == 1904121002.0


def test_an_order_that_is_not_confirmed_ends_the_measurement() -> None:
    with pytest.raises(RuntimeError, match="an order is rejected: no soup"):
        seconds_to_confirm(order("rejected"))
