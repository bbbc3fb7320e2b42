"""What callers saw is held against what is stored."""

import pytest
from tests.restaurant import CODE, ORDER_ID, plain_order
from tests.simulation.invariants import Stored
from tests.simulation.seeded.history import UNKNOWN, History, Placing, Reading, find_contradictions

from muneris.orders.model import Order, Status
from muneris.orders.stored import Claim, StoredOrder

KEY = CODE, ORDER_ID
ORDER = plain_order().model_copy(update={"sequence": 4})
REUSED = "idempotency_key_reused"


def placing(began: float, outcome: str, body: bytes = b"a", caller: str = "ann") -> Placing:
    return Placing(KEY, caller, body, began, began + 1, outcome, b"receipt")


def reading(began: float, sequence: int) -> Reading:
    return Reading(KEY, "ann", began, began + 1, sequence, "whatever")


def rules(history: History, order: Order = ORDER) -> list[str]:
    stored = Stored({KEY: StoredOrder(order, Claim("", "ann", b"receipt"), "")}, set(), [], {}, {})
    return [violation.rule for violation in find_contradictions(history, stored)]


@pytest.mark.parametrize(
    "history",
    [
        History([placing(0, "accepted"), placing(2, "accepted")]),
        History([placing(0, "accepted"), placing(2, REUSED, b"b"), placing(2, REUSED, caller="bob")]),
        History([placing(0, UNKNOWN), placing(2, "accepted", b"b"), placing(4, REUSED)]),
        History([placing(0, UNKNOWN), placing(2, REUSED, b"b"), placing(4, "accepted")]),
        History([placing(0, "slot_full"), placing(2, "accepted")]),
        History([placing(0, "accepted")], [reading(2, 1), reading(4, 3), reading(4.5, 2), reading(6, 4)]),
        History([placing(0, UNKNOWN)], [reading(2, 0), reading(4, 1)]),
    ],
)
def test_a_history_that_can_be_is_left_alone(history: History) -> None:
    assert rules(history) == []


@pytest.mark.parametrize(
    "history",
    [
        History([placing(0, "accepted"), placing(2, "accepted", b"b")]),
        History([placing(0, "accepted"), placing(0.5, "accepted", caller="bob")]),
        History([placing(0, REUSED), placing(2, "accepted")]),
        History([placing(0, "accepted"), placing(2, "slot_full")]),
    ],
)
def test_a_key_that_was_claimed_twice_is_noticed(history: History) -> None:
    assert rules(history) == ["claims are linearizable"]


@pytest.mark.parametrize("looks", [[reading(2, 0)], [reading(2, 3), reading(4, 2)]])
def test_a_look_at_the_past_is_noticed(looks: list[Reading]) -> None:
    assert rules(History([placing(0, "accepted")], looks)) == ["no look is stale"]


def test_what_was_seen_and_is_not_kept_is_noticed() -> None:
    assert rules(History([placing(0, "accepted")], [reading(2, 5)])) == ["what was seen is kept"]


@pytest.mark.parametrize("answer", ["cancelling", "cancelled"])
def test_a_cancel_that_came_to_nothing_is_noticed(answer: str) -> None:
    history = History(cancellings=[(KEY, answer)])
    assert rules(history) == ["a cancel is carried out"]
    assert rules(history, ORDER.model_copy(update={"status": Status.CANCELLED})) == []


def test_a_round_that_was_accepted_and_is_lost_is_noticed() -> None:
    assert rules(History(rounds=[(KEY, "a round")])) == ["an accepted round is kept"]


def test_a_cancel_that_was_refused_for_no_reason_is_noticed() -> None:
    assert rules(History(cancellings=[(KEY, "too_late_to_cancel")])) == ["a cancel is refused for a reason"]
