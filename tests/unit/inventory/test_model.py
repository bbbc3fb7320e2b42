"""Stock is conserved whatever is asked, in whatever order, however often."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.core.problems import ProblemError
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
from muneris.inventory.movement import Kind, MovementAsk
from muneris.inventory.movement import moved as stock_moved

NOW = datetime(2030, 5, 4, 12, tzinfo=UTC)
SKUS = ("bun", "beef", "salt")
ON_HAND = {"bun": Decimal(5), "beef": Decimal("1.5")}


def stock() -> dict[str, StockItem]:
    """Buns and beef; there is no salt."""
    return {sku: StockItem(sku=sku, name=sku, on_hand=on_hand) for sku, on_hand in ON_HAND.items()}


def lines(**quantities: str | int) -> tuple[StockLine, ...]:
    return tuple(StockLine(sku=sku, quantity=Decimal(quantity)) for sku, quantity in quantities.items())


def reserve(hold_id: str, wanted: tuple[StockLine, ...]) -> StockCommand:
    return StockCommand(Command.RESERVE, hold_id, wanted)


def decided(wanted: tuple[StockLine, ...]) -> Decision:
    """A first reserve on the whole stock."""
    return model.decide(reserve("a", wanted), None, stock(), NOW)


def test_a_reserve_holds_everything() -> None:
    decision = decided(lines(beef="0.3", bun=2))
    held = Hold(hold_id="a", status=HoldStatus.HELD, lines=lines(beef="0.3", bun=2))
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
    rejected = Hold(hold_id="a", status=HoldStatus.REJECTED, lines=wanted, short=short)
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
    (HoldStatus.RELEASED, Command.CONSUME): None,
    (HoldStatus.RELEASED, Command.RELEASE): None,
    (HoldStatus.RETURNED, Command.CONSUME): None,
    (HoldStatus.RETURNED, Command.RELEASE): None,
    (HoldStatus.REJECTED, Command.CONSUME): ImpossibleCommandError,
    (HoldStatus.REJECTED, Command.RELEASE): None,
    **{(status, Command.RESERVE): None for status in HoldStatus},
}


@pytest.mark.parametrize(("status", "command"), list(product(HoldStatus, Command)))
def test_what_becomes_of_a_hold(status: HoldStatus, command: Command) -> None:
    hold = Hold(hold_id="a", status=status, lines=lines(bun=2))
    expected = SETTLED[status, command]
    decision = model.decide(StockCommand(command, "a", lines(bun=1)), hold, stock(), NOW)
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
    decision = model.decide(StockCommand(Command.CONSUME, "a"), None, stock(), NOW)
    assert isinstance(decision.outcome, ImpossibleCommandError)
    assert (decision.hold, decision.relies_on_hold) == (None, True)


def test_releasing_what_was_never_held_leaves_a_tombstone() -> None:
    decision = model.decide(StockCommand(Command.RELEASE, "a"), None, stock(), NOW)
    assert decision.hold == decision.outcome == Hold(hold_id="a", status=HoldStatus.RELEASED)
    assert (decision.items, decision.relies_on_hold) == ((), True)


@pytest.mark.parametrize("command", [Command.CONSUME, Command.RELEASE])
def test_moving_stock_of_an_item_that_is_gone_is_impossible(command: Command) -> None:
    hold = Hold(hold_id="a", status=HoldStatus.HELD, lines=lines(bun=2, salt=1))
    decision = model.decide(StockCommand(command, "a"), hold, stock(), NOW)
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

    def find_hold(self, hold_id: str) -> Hold | None:
        return self.holds.get(hold_id)

    def find_item(self, sku: str) -> StockItem | None:
        return self.items.get(sku)

    def ask(self, *commands: StockCommand, most_rows: int = 100) -> Decisions:
        """Carry out commands together, in one transaction, as many as it takes."""
        decisions = model.decide_together(commands, self, most_rows, NOW)
        self.holds |= decisions.holds
        self.items |= decisions.items
        return decisions

    def move(self, asked: MovementAsk) -> Decimal:
        """By how much this moved an item; not at all, if orders hold too much of it."""
        try:
            self.items[asked.sku], movement = stock_moved(self.items[asked.sku], asked, NOW)
        except ProblemError:
            return Decimal(0)
        return movement.delta

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
    assert {each.hold_id: each.status for each in decisions.holds.values()} == {
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


ROUND = UUID("01bb56c7-1600-7000-8000-00000000000a")


def test_a_round_has_a_hold_of_its_own() -> None:
    assert model.hold_id_of("a", None) == "a"
    assert model.hold_id_of("a", ROUND) == "a|01bb56c7-1600-7000-8000-00000000000a"


LIMIT = model.limit_sku(7)


def limited(left: int, until: datetime | None = None) -> dict[str, StockItem]:
    """The stock, and a limit of which one is held."""
    limit = StockItem(sku=LIMIT, name="Limit", on_hand=Decimal(left + 1), held=Decimal(1), until=until)
    return {**stock(), LIMIT: limit}


def with_limit(quantity: int) -> StockCommand:
    line = StockLine(sku=LIMIT, quantity=Decimal(quantity))
    return reserve("a", (*lines(bun=quantity), line))


@pytest.mark.parametrize("until", [None, NOW + timedelta(seconds=1)])
def test_a_limit_is_held_like_stock(until: datetime | None) -> None:
    decision = model.decide(with_limit(2), None, limited(2, until), NOW)
    assert decision.hold is not None
    assert (decision.hold.status, decision.hold.lines) == (HoldStatus.HELD, with_limit(2).lines)
    assert {item.sku: item.held for item in decision.items} == {"bun": Decimal(2), LIMIT: Decimal(3)}


@pytest.mark.parametrize("until", [None, NOW + timedelta(seconds=1)])
def test_beyond_a_limit_nothing_is_held(until: datetime | None) -> None:
    decision = model.decide(with_limit(3), None, limited(2, until), NOW)
    rejected = Hold(hold_id="a", status=HoldStatus.REJECTED, lines=with_limit(3).lines, short=(LIMIT,))
    assert (decision.outcome, decision.items) == (rejected, ())


@pytest.mark.parametrize("items", [limited(2, NOW), stock()], ids=["over", "never there"])
def test_a_limit_that_does_not_count_any_more_is_not_held(items: dict[str, StockItem]) -> None:
    decision = model.decide(with_limit(3), None, items, NOW)
    held = Hold(hold_id="a", status=HoldStatus.HELD, lines=lines(bun=3))
    assert (decision.outcome, decision.hold) == (held, held)
    assert [item.sku for item in decision.items] == ["bun"]
    # Another process may have set it anew: nothing is written of it, so it has to be read.
    assert decision.relies_on_items == {LIMIT}


@pytest.mark.parametrize("command", [Command.CONSUME, Command.RELEASE])
def test_what_was_held_of_a_limit_is_settled_after_its_end(command: Command) -> None:
    hold = Hold(hold_id="a", status=HoldStatus.HELD, lines=with_limit(1).lines)
    decision = model.decide(StockCommand(command, "a"), hold, limited(0, NOW), NOW)
    (limit,) = (item for item in decision.items if item.sku == LIMIT)
    assert (limit.held, limit.on_hand) == (Decimal(0), Decimal(0 if command is Command.CONSUME else 1))


def test_what_was_used_of_a_limit_does_not_come_back_to_it() -> None:
    hold = Hold(hold_id="a", status=HoldStatus.CONSUMED, lines=with_limit(1).lines)
    for items in (limited(2), stock()):
        decision = model.decide(StockCommand(Command.RELEASE, "a"), hold, items, NOW)
        assert decision.hold == hold.model_copy(update={"status": HoldStatus.RETURNED})
        assert [(item.sku, item.on_hand) for item in decision.items] == [("bun", Decimal(6))]


QUANTITIES = st.sampled_from([Decimal("0.1"), Decimal("0.25"), Decimal(1), Decimal(2)])
WANTED = st.lists(st.builds(StockLine, sku=st.sampled_from(SKUS[:2]), quantity=QUANTITIES), max_size=3).map(
    model.merged
)
COMMANDS = st.lists(
    st.builds(StockCommand, st.sampled_from(Command), st.sampled_from("abcdef"), WANTED), max_size=60
)


FRACTIONS = st.decimals("0", "3", places=6)
KINDS: list[Kind] = ["adjust", "receive", "waste", "stock-take"]
MOVEMENTS = st.builds(
    MovementAsk,
    sku=st.sampled_from([*SKUS[:2], LIMIT]),
    kind=st.sampled_from(KINDS),
    quantity=FRACTIONS,
    key=st.just(ROUND),
    fingerprint=st.just(""),
    by=st.just("staff"),
)
FRACTIONAL = st.builds(
    StockCommand,
    st.sampled_from(Command),
    st.sampled_from("abc"),
    st.lists(
        st.builds(StockLine, sku=st.sampled_from([*SKUS[:2], LIMIT]), quantity=FRACTIONS), max_size=3
    ).map(model.merged),
)


@given(st.lists(st.one_of(FRACTIONAL, MOVEMENTS), min_size=20, max_size=60))
def test_stock_is_conserved_in_any_order(steps: list[StockCommand | MovementAsk]) -> None:
    """What is on hand is what was there, plus what was moved, minus what is consumed: exactly.

    Of a limit, minus what was consumed and returned as well.
    """
    shelf = Shelf()
    shelf.items |= {LIMIT: StockItem(sku=LIMIT, name="Limit", on_hand=Decimal(2))}
    begun_with = {sku: item.on_hand for sku, item in shelf.items.items()}
    moved = dict.fromkeys(begun_with, Decimal(0))
    for step in steps:
        if isinstance(step, MovementAsk):
            moved[step.sku] += shelf.move(step)
        else:
            shelf.ask(step)
        for sku, item in shelf.items.items():
            used, held = _sum(shelf, sku, HoldStatus.CONSUMED), _sum(shelf, sku, HoldStatus.HELD)
            if sku == LIMIT:
                used += _sum(shelf, sku, HoldStatus.RETURNED)
            assert item.on_hand == begun_with[sku] + moved[sku] - used
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
    tombstone = Hold(hold_id="a", status=HoldStatus.RELEASED)
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
