"""Stock is conserved whatever is asked, in whatever order, however often."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muneris.inventory import model
from muneris.inventory.model import Command, Hold, HoldStatus, ImpossibleCommandError, StockItem, StockLine

SKUS = ("bun", "beef", "salt")
ON_HAND = {"bun": Decimal(5), "beef": Decimal("1.5")}


def stock() -> dict[str, StockItem]:
    """Buns and beef; there is no salt."""
    return {sku: StockItem(sku=sku, name=sku, on_hand=on_hand) for sku, on_hand in ON_HAND.items()}


def lines(**quantities: str | int) -> tuple[StockLine, ...]:
    return tuple(StockLine(sku=sku, quantity=Decimal(quantity)) for sku, quantity in quantities.items())


def test_a_reserve_holds_everything() -> None:
    decision = model.reserve("a", lines(bun=2, beef="0.3"), stock())
    assert decision.hold == Hold(order_id="a", status=HoldStatus.HELD, lines=lines(beef="0.3", bun=2))
    assert {item.sku: (item.on_hand, item.held, item.available) for item in decision.items} == {
        "beef": (Decimal("1.5"), Decimal("0.3"), Decimal("1.2")),
        "bun": (Decimal(5), Decimal(2), Decimal(3)),
    }


def test_a_reserve_holds_all_there_is() -> None:
    assert model.reserve("a", lines(bun=5, beef="1.5"), stock()).hold.status is HoldStatus.HELD


@pytest.mark.parametrize(
    ("wanted", "short"),
    [
        (lines(bun=6), ("bun",)),
        (lines(bun=1, beef="1.501"), ("beef",)),
        (lines(salt=1, bun=6), ("bun", "salt")),
        ((*lines(bun=3), *lines(bun=3)), ("bun",)),
    ],
)
def test_without_all_of_it_nothing_is_held(wanted: tuple[StockLine, ...], short: tuple[str, ...]) -> None:
    decision = model.reserve("a", wanted, stock())
    assert (decision.hold.status, decision.hold.short) == (HoldStatus.REJECTED, short)
    assert decision.items == ()


def test_an_order_that_takes_nothing_is_held() -> None:
    decision = model.reserve("a", (), {})
    assert (decision.hold.status, decision.items) == (HoldStatus.HELD, ())


def test_lines_of_one_item_are_merged_and_sorted() -> None:
    assert model.merged((*lines(bun=1, beef="0.15"), *lines(bun=2))) == lines(beef="0.15", bun=3)


SETTLED: Mapping[tuple[HoldStatus, Command], HoldStatus | type[Exception] | None] = {
    (HoldStatus.HELD, Command.CONSUME): HoldStatus.CONSUMED,
    (HoldStatus.HELD, Command.RELEASE): HoldStatus.RELEASED,
    (HoldStatus.CONSUMED, Command.CONSUME): None,
    (HoldStatus.CONSUMED, Command.RELEASE): HoldStatus.RETURNED,
    (HoldStatus.RELEASED, Command.CONSUME): ImpossibleCommandError,
    (HoldStatus.RELEASED, Command.RELEASE): None,
    (HoldStatus.RETURNED, Command.CONSUME): ImpossibleCommandError,
    (HoldStatus.RETURNED, Command.RELEASE): None,
    (HoldStatus.REJECTED, Command.CONSUME): ImpossibleCommandError,
    (HoldStatus.REJECTED, Command.RELEASE): None,
}


@pytest.mark.parametrize(("status", "command"), list(product(HoldStatus, (Command.CONSUME, Command.RELEASE))))
def test_what_settles_a_hold(status: HoldStatus, command: Command) -> None:
    hold = Hold(order_id="a", status=status, lines=lines(bun=2))
    expected = SETTLED[status, command]
    if expected is ImpossibleCommandError:
        with pytest.raises(ImpossibleCommandError):
            model.settle(hold, command, stock())
        return
    decision = model.settle(hold, command, stock())
    assert (None if decision is None else decision.hold.status) == expected


class Shelf:
    """Stock and holds as the service keeps them, each command in a transaction of its own."""

    def __init__(self) -> None:
        self.items = stock()
        self.holds: dict[str, Hold] = {}

    def ask(self, order_id: str, command: Command, wanted: tuple[StockLine, ...]) -> Hold | None:
        known = self.holds.get(order_id)
        if command is Command.RESERVE:
            if known is None:
                self._apply(model.reserve(order_id, wanted, self.items))
        elif known is None:
            if command is Command.CONSUME:
                return None
            self.holds[order_id] = Hold(order_id=order_id, status=HoldStatus.RELEASED)
        else:
            try:
                decision = model.settle(known, command, self.items)
            except ImpossibleCommandError:
                return known
            if decision is not None:
                self._apply(decision)
        return self.holds[order_id]

    def _apply(self, decision: model.Decision) -> None:
        self.holds[decision.hold.order_id] = decision.hold
        self.items |= {item.sku: item for item in decision.items}


QUANTITIES = st.sampled_from([Decimal("0.1"), Decimal("0.25"), Decimal(1), Decimal(2)])
WANTED = st.lists(st.builds(StockLine, sku=st.sampled_from(SKUS[:2]), quantity=QUANTITIES), max_size=3).map(
    tuple
)
ASKS = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(Command)), max_size=60)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), WANTED), ASKS)
def test_stock_is_conserved_in_any_order(
    orders: dict[str, tuple[StockLine, ...]], asks: list[tuple[str, Command]]
) -> None:
    shelf = Shelf()
    for order_id, command in asks:
        shelf.ask(order_id, command, orders.get(order_id, ()))
        for sku, item in shelf.items.items():
            used, held = _sum(shelf, sku, HoldStatus.CONSUMED), _sum(shelf, sku, HoldStatus.HELD)
            assert item.on_hand == ON_HAND[sku] - used
            assert item.held == held
            assert item.available >= 0
            assert item.held >= 0


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), WANTED), ASKS)
def test_an_ask_that_comes_again_changes_nothing(
    orders: dict[str, tuple[StockLine, ...]], asks: list[tuple[str, Command]]
) -> None:
    once, twice = Shelf(), Shelf()
    for order_id, command in asks:
        answer = once.ask(order_id, command, orders.get(order_id, ()))
        assert twice.ask(order_id, command, orders.get(order_id, ())) == answer
        assert twice.ask(order_id, command, orders.get(order_id, ())) == answer
    assert (once.items, once.holds) == (twice.items, twice.holds)


@settings(deadline=None)
@given(WANTED)
def test_a_release_that_overtakes_its_reserve_wins(wanted: tuple[StockLine, ...]) -> None:
    shelf = Shelf()
    shelf.ask("a", Command.RELEASE, wanted)
    late = shelf.ask("a", Command.RESERVE, wanted)
    assert late is not None
    assert late.status is HoldStatus.RELEASED
    assert shelf.items == stock()


def _sum(shelf: Shelf, sku: str, status: HoldStatus) -> Decimal:
    return sum(
        (
            line.quantity
            for hold in shelf.holds.values()
            if hold.status is status
            for line in hold.lines
            if line.sku == sku
        ),
        Decimal(0),
    )
