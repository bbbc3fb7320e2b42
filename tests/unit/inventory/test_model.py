"""Stock is conserved whatever is asked, in whatever order, however often."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.inventory import model
from muneris.inventory.model import (
    TERMINAL,
    Command,
    Decision,
    Decisions,
    Hold,
    HoldStatus,
    ImpossibleCommandError,
    StockCommand,
    StockItem,
    StockLine,
)

SKUS = ("bun", "beef", "salt")
ON_HAND = {"bun": Decimal(5), "beef": Decimal("1.5")}


def stock() -> dict[str, StockItem]:
    """Buns and beef; there is no salt."""
    return {sku: StockItem(sku=sku, name=sku, on_hand=on_hand) for sku, on_hand in ON_HAND.items()}


def lines(**quantities: str | int) -> tuple[StockLine, ...]:
    return tuple(StockLine(sku=sku, quantity=Decimal(quantity)) for sku, quantity in quantities.items())


def reserve(order_id: str, wanted: tuple[StockLine, ...]) -> StockCommand:
    return StockCommand(Command.RESERVE, order_id, wanted)


def decided(wanted: tuple[StockLine, ...]) -> Decision:
    """A first reserve on the whole stock."""
    return model.decide(reserve("a", wanted), None, stock())


def test_a_reserve_holds_everything() -> None:
    decision = decided(lines(beef="0.3", bun=2))
    held = Hold(order_id="a", status=HoldStatus.HELD, lines=lines(beef="0.3", bun=2))
    assert (decision.outcome, decision.hold) == (held, held)
    assert {item.sku: (item.on_hand, item.held, item.available) for item in decision.items} == {
        "beef": (Decimal("1.5"), Decimal("0.3"), Decimal("1.2")),
        "bun": (Decimal(5), Decimal(2), Decimal(3)),
    }


def test_what_a_reserve_holds_is_vouched_for_by_its_write() -> None:
    decision = decided(lines(beef="0.3", bun=2))
    assert (decision.relies_on_hold, decision.relies_on_items) == (False, frozenset())


def test_a_reserve_holds_all_there_is() -> None:
    hold = decided(lines(beef="1.5", bun=5)).hold
    assert hold is not None
    assert hold.status is HoldStatus.HELD


@pytest.mark.parametrize(
    ("wanted", "short"),
    [
        (lines(bun=6), ("bun",)),
        (lines(beef="1.501", bun=1), ("beef",)),
        (lines(bun=6, salt=1), ("bun", "salt")),
    ],
)
def test_without_all_of_it_nothing_is_held(wanted: tuple[StockLine, ...], short: tuple[str, ...]) -> None:
    decision = decided(wanted)
    rejected = Hold(order_id="a", status=HoldStatus.REJECTED, lines=wanted, short=short)
    assert (decision.outcome, decision.hold, decision.items) == (rejected, rejected, ())


def test_a_rejection_relies_on_every_item_it_looked_at() -> None:
    decision = decided(lines(beef=1, bun=6, salt=1))
    assert decision.relies_on_items == {"beef", "bun", "salt"}
    assert not decision.relies_on_hold


def test_an_order_that_takes_nothing_is_held() -> None:
    decision = decided(())
    assert decision.hold is not None
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
    **{(status, Command.RESERVE): None for status in HoldStatus},
}


@pytest.mark.parametrize(("status", "command"), list(product(HoldStatus, Command)))
def test_what_becomes_of_a_hold(status: HoldStatus, command: Command) -> None:
    hold = Hold(order_id="a", status=status, lines=lines(bun=2))
    expected = SETTLED[status, command]
    decision = model.decide(StockCommand(command, "a", lines(bun=1)), hold, stock())
    if expected is ImpossibleCommandError:
        assert isinstance(decision.outcome, ImpossibleCommandError)
        assert str(decision.outcome) == f"a is {status}"
    elif expected is None:
        assert decision.outcome == hold
    else:
        assert decision.outcome == decision.hold == hold.model_copy(update={"status": expected})
        assert [item.sku for item in decision.items] == ["bun"]
        assert not decision.relies_on_hold
        return
    assert (decision.hold, decision.items) == (None, ())
    # Another process cannot change what is terminal; anything else it can.
    assert decision.relies_on_hold is (status not in TERMINAL)


def test_consuming_what_was_never_held_is_impossible() -> None:
    decision = model.decide(StockCommand(Command.CONSUME, "a"), None, stock())
    assert isinstance(decision.outcome, ImpossibleCommandError)
    assert (decision.hold, decision.relies_on_hold) == (None, True)


def test_releasing_what_was_never_held_leaves_a_tombstone() -> None:
    decision = model.decide(StockCommand(Command.RELEASE, "a"), None, stock())
    assert decision.hold == decision.outcome == Hold(order_id="a", status=HoldStatus.RELEASED)
    assert (decision.items, decision.relies_on_hold) == ((), True)


@pytest.mark.parametrize("command", [Command.CONSUME, Command.RELEASE])
def test_moving_stock_of_an_item_that_is_gone_is_impossible(command: Command) -> None:
    hold = Hold(order_id="a", status=HoldStatus.HELD, lines=lines(bun=2, salt=1))
    decision = model.decide(StockCommand(command, "a"), hold, stock())
    assert isinstance(decision.outcome, ImpossibleCommandError)
    assert str(decision.outcome) == "a: there is no salt"
    assert (decision.hold, decision.items) == (None, ())
    assert decision.relies_on_hold
    assert decision.relies_on_items == {"salt"}


class Shelf:
    """Stock and holds as the service keeps them."""

    def __init__(self) -> None:
        self.items = stock()
        self.holds: dict[str, Hold] = {}

    def find_hold(self, order_id: str) -> Hold | None:
        return self.holds.get(order_id)

    def find_item(self, sku: str) -> StockItem | None:
        return self.items.get(sku)

    def ask(self, *commands: StockCommand, most_rows: int = 100) -> Decisions:
        """Carry out commands together, in one transaction, as many as it takes."""
        decisions = model.decide_together(commands, self, most_rows)
        self.holds |= decisions.holds
        self.items |= decisions.items
        return decisions

    def ask_all(self, commands: Sequence[StockCommand], together: int, most_rows: int) -> list[object]:
        """Carry out commands in groups; what comes of each."""
        outcomes: list[object] = []
        while len(outcomes) < len(commands):
            group = commands[len(outcomes) : len(outcomes) + together]
            decisions = self.ask(*group, most_rows=most_rows)
            assert len(decisions.holds) + len(decisions.items) <= most_rows
            outcomes += [str(each) if isinstance(each, Exception) else each for each in decisions.outcomes]
        return outcomes


def test_each_command_is_decided_on_what_those_before_it_left() -> None:
    shelf = Shelf()
    decisions = shelf.ask(
        reserve("a", lines(bun=3)),
        reserve("b", lines(bun=3)),
        StockCommand(Command.RELEASE, "a"),
        reserve("c", lines(bun=5)),
        reserve("a", lines(bun=3)),
        StockCommand(Command.CONSUME, "b"),
        StockCommand(Command.CONSUME, "c"),
    )
    said = [each.status if isinstance(each, Hold) else str(each) for each in decisions.outcomes]
    assert said == ["held", "rejected", "released", "held", "released", "b is rejected", "consumed"]
    assert {each.order_id: each.status for each in decisions.holds.values()} == {
        "a": HoldStatus.RELEASED,
        "b": HoldStatus.REJECTED,
        "c": HoldStatus.CONSUMED,
    }
    (bun,) = decisions.items.values()
    assert (bun.sku, bun.on_hand, bun.held) == ("bun", Decimal(0), Decimal(0))


def test_what_was_changed_together_is_not_relied_on() -> None:
    decisions = Shelf().ask(
        reserve("a", lines(bun=3)), reserve("a", lines(bun=3)), reserve("b", lines(bun=3))
    )
    assert (decisions.relied_on_holds, decisions.relied_on_items) == (set(), set())


def test_what_nobody_changed_is_relied_on() -> None:
    decisions = Shelf().ask(
        reserve("a", lines(bun=6)), StockCommand(Command.CONSUME, "b"), reserve("c", lines(beef=1))
    )
    assert (decisions.relied_on_holds, decisions.relied_on_items) == ({"b"}, {"bun"})


def test_as_many_are_decided_as_a_transaction_has_rows() -> None:
    shelf = Shelf()
    commands = [reserve(order_id, lines(bun=1, beef="0.1")) for order_id in "abcd"]
    assert len(shelf.ask(*commands, most_rows=5).outcomes) == 3
    assert len(shelf.ask(*commands, most_rows=5).outcomes) == 4
    assert [each.held for each in shelf.items.values()] == [4, Decimal("0.4")]


def test_one_command_is_decided_however_many_rows_it_changes() -> None:
    decisions = Shelf().ask(reserve("a", lines(bun=1, beef=1)), reserve("b", ()), most_rows=1)
    assert list(decisions.holds) == ["a"]


QUANTITIES = st.sampled_from([Decimal("0.1"), Decimal("0.25"), Decimal(1), Decimal(2)])
WANTED = st.lists(st.builds(StockLine, sku=st.sampled_from(SKUS[:2]), quantity=QUANTITIES), max_size=3).map(
    model.merged
)
COMMANDS = st.lists(
    st.builds(StockCommand, st.sampled_from(Command), st.sampled_from("abcdef"), WANTED), max_size=60
)


@given(COMMANDS)
def test_stock_is_conserved_in_any_order(commands: list[StockCommand]) -> None:
    shelf = Shelf()
    for asked in commands:
        shelf.ask(asked)
        for sku, item in shelf.items.items():
            used, held = _sum(shelf, sku, HoldStatus.CONSUMED), _sum(shelf, sku, HoldStatus.HELD)
            assert item.on_hand == ON_HAND[sku] - used
            assert item.held == held
            assert item.available >= 0
            assert item.held >= 0


@given(COMMANDS, st.integers(1, 20), st.integers(3, 20))
def test_together_they_come_to_the_same_as_one_by_one(
    commands: list[StockCommand], together: int, most_rows: int
) -> None:
    apart, grouped = Shelf(), Shelf()
    one_by_one = apart.ask_all(commands, 1, 100)
    assert grouped.ask_all(commands, together, most_rows) == one_by_one
    assert (grouped.items, grouped.holds) == (apart.items, apart.holds)


@given(COMMANDS)
def test_a_command_that_comes_again_changes_nothing(commands: list[StockCommand]) -> None:
    once, twice = Shelf(), Shelf()
    for asked in commands:
        outcome = once.ask_all([asked], 1, 100)
        assert twice.ask_all([asked, asked], 2, 100) == outcome * 2
        assert twice.ask_all([asked], 1, 100) == outcome
    assert (once.items, once.holds) == (twice.items, twice.holds)


@given(WANTED)
def test_a_release_that_overtakes_its_reserve_wins(wanted: tuple[StockLine, ...]) -> None:
    shelf = Shelf()
    decisions = shelf.ask(StockCommand(Command.RELEASE, "a"), reserve("a", wanted))
    tombstone = Hold(order_id="a", status=HoldStatus.RELEASED)
    assert decisions.outcomes == [tombstone, tombstone]
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
