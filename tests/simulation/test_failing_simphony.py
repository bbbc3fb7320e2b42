"""A Simphony that fails at every fifth call, in every way it can: each confirmed order is on one check.

The product posts by its own HTTP client, in virtual time, to the simulator.
"""

import logging

import pytest
from tests.proofs import figures
from tests.simulation.evening import loopback
from tests.simulation.evening.simphony import FAILING, WAYS
from tests.simulation.evening.world import Ended, open_evening

from muneris.orders.life.posted import PostedOrder, PostedRound

ORDERS, SAMPLE = 1_000, 60


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def served(seed: int, orders: int, *, detects_duplicates: bool) -> Ended:
    async def serve() -> Ended:
        async with open_evening(seed, detects_duplicates=detects_duplicates) as evening:
            return await evening.serve(orders)

    return loopback.run(serve())


def require_promises(ended: Ended, orders: int) -> None:
    """No order is lost, doubled, dearer, rejected or left to a person because of a call that went wrong."""
    assert [str(each) for each in ended.violations] == []
    assert ended.statuses.keys() == {"confirmed", "cancelled"}
    assert sum(ended.statuses.values()) == orders
    assert ended.rounds.keys() == {"confirmed"}


@pytest.mark.parametrize("detects_duplicates", [True, False])
def test_each_order_of_an_evening_is_on_one_check(detects_duplicates: bool) -> None:  # noqa: FBT001 - a case
    ended = served(5, SAMPLE, detects_duplicates=detects_duplicates)
    require_promises(ended, SAMPLE)
    assert sum(ended.struck.values()) > SAMPLE * FAILING


@pytest.mark.prove
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("seed", "detects_duplicates", "site"), [(2, True, "today's site"), (3, False, "an older site")]
)
def test_each_order_of_a_long_evening_is_on_one_check(
    seed: int,
    detects_duplicates: bool,  # noqa: FBT001 - a case
    site: str,
) -> None:
    ended = served(seed, ORDERS, detects_duplicates=detects_duplicates)
    require_promises(ended, ORDERS)
    struck = sum(ended.struck.values())
    assert all(ended.struck[way] > 0 for way in WAYS)
    assert struck / ended.calls == pytest.approx(FAILING, abs=0.05)
    figures.keep(
        f"Simphony fails at every fifth call: {site}",
        {
            "orders": ORDERS,
            "confirmed, each on one check with its total": ended.statuses["confirmed"],
            "cancelled, their checks voided": ended.statuses["cancelled"],
            "left to a person": ended.statuses.get("needs_attention", 0),
            "rounds confirmed, each once on its check": ended.rounds["confirmed"],
            "calls": ended.calls,
            "calls that went wrong": struck,
            **dict(ended.struck),
            "seconds from the last order until all was quiet": round(ended.seconds_to_rest),
        },
    )


def test_an_evening_shows_that_a_round_is_sent_again_without_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PostedRound, "find", _finds_nothing)
    ended = served(5, SAMPLE, detects_duplicates=False)
    assert {"simphony holds each confirmed round once", "each check is as it was asked for"} == {
        violation.rule for violation in ended.violations
    }


async def _finds_nothing(*_: object) -> None:
    pass


def paid_before_its_answer() -> Ended:
    async def serve() -> Ended:
        async with open_evening(1, detects_duplicates=False) as evening:
            await evening.simphony.strike("answer lost", method="POST", count=1)
            await evening.pay(await evening.place())
            return await evening.look_back(await evening.rest())

    return loopback.run(serve())


def test_an_order_that_is_paid_at_the_till_before_its_answer_is_on_one_check() -> None:
    ended = paid_before_its_answer()
    assert [str(each) for each in ended.violations] == []
    assert (ended.statuses, ended.calls) == ({"confirmed": 1}, 2)


def test_an_order_that_is_sent_again_without_a_look_is_on_two_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PostedOrder, "find", _finds_nothing)
    ended = paid_before_its_answer()
    assert [each.rule for each in ended.violations] == ["simphony holds each confirmed order once"]


def test_an_order_is_found_beside_a_check_that_cannot_be_read() -> None:
    async def serve() -> Ended:
        async with open_evening(1, detects_duplicates=False) as evening:
            await evening.pay(await evening.place())
            await evening.rest()
            await evening.simphony.spoil()
            await evening.simphony.strike("answer lost", method="POST", count=1)
            await evening.place()
            return await evening.look_back(await evening.rest())

    ended = loopback.run(serve())
    assert [str(each) for each in ended.violations] == []
    assert (ended.statuses, ended.calls) == ({"confirmed": 2}, 4)
