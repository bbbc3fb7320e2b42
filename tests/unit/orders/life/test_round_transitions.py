"""Whatever happens to an order's rounds in whatever sequence: it is defined, and nothing is forgotten."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.restaurant import BURGER, NOON, plain_order

from muneris.core.clock import to_rfc3339
from muneris.core.problems import ProblemError
from muneris.orders.life import round_transitions, transitions, wishes
from muneris.orders.life.wishes import Resolution
from muneris.orders.model import Advance, Ask, CheckReference, Order, Payment, Status, Step, Work
from muneris.orders.round import ROUND, Round, RoundStatus

R = RoundStatus
FIRST, SECOND = "01bb56c7-1600-7000-8000-0000000000a1", "01bb56c7-1600-7000-8000-0000000000a2"
IDS = (FIRST, SECOND)
LATER = NOON + timedelta(hours=1)
CHECK = CheckReference(check_ref="r", check_number=1)
CONFIRMED = plain_order(status=Status.CONFIRMED).model_copy(
    update={"check": CHECK, "sequence": 4, "asked": 2, "payment": Payment(method="at_counter", status="due")}
)

type Happening = Callable[[Order, str], Advance | None]


def rejected(order: Order, each: str) -> Advance | None:
    return round_transitions.rejected(order, each, "refused_by_simphony", NOON, "no")


def begun(order: Order, round_id: str) -> Advance | None:
    posting = round_transitions.posting_begun(order, round_id, NOON)
    return None if posting is None else Advance(posting)


HAPPENINGS: dict[R, tuple[Happening, ...]] = {
    R.RESERVED: (lambda order, each: round_transitions.stock_reserved(order, each, NOON),),
    R.POSTING: (begun,),
    R.CONFIRMED: (lambda order, each: round_transitions.confirmed(order, each, NOON),),
    R.REJECTED: (
        rejected,
        lambda order, each: round_transitions.stock_rejected(
            order, each, ["bun"], NOON, [BURGER], "out_of_stock"
        ),
        lambda order, each: round_transitions.expired(order, each, NOON),
    ),
    R.NEEDS_ATTENTION: (
        lambda order, each: round_transitions.left_in_doubt(
            order, order.owes(Step.POST, NOON, "{}", each), "?", NOON
        ),
    ),
}


def new(round_id: str = FIRST, **said: object) -> Round:
    return Round.model_validate({
        "id": round_id,
        "lines": ({"menu_item_id": BURGER},),
        "priced_lines": (),
        "total": "10.00",
        "placed_by": "ann",
        "created_at": to_rfc3339(NOON),
        **said,
    })  # fmt: skip


def with_round(status: R, order_status: Status = Status.CONFIRMED) -> Order:
    update = {"rounds": (new(status=status, asked=5),), "status": order_status, "sequence": 6}
    return CONFIRMED.model_copy(update=update)


def steps(advance: Advance) -> list[tuple[Step, str]]:
    return [(work.ask.step, work.ask.round) for work in advance.begun]


def get(advance: Advance | None) -> Advance:
    assert advance is not None
    return advance


@pytest.mark.parametrize("before", R)
@pytest.mark.parametrize("after", HAPPENINGS)
def test_only_what_the_table_says_may_follow(before: R, after: R) -> None:
    order = with_round(before)
    for happens in HAPPENINGS[after]:
        advance = happens(order, FIRST)
        if before is after is R.POSTING:
            assert advance == Advance(order)
        elif after in ROUND[before]:
            assert get(advance).order.rounds[0].status is after
            assert get(advance).order.sequence == order.sequence + 1
        else:
            assert advance is None
        assert happens(order, SECOND) is None


def test_a_new_round_asks_for_its_stock() -> None:
    advance = round_transitions.added(CONFIRMED, new(expires_at=to_rfc3339(LATER)), '{"lines": []}', NOON)
    (work,) = advance.begun
    assert work.ask == Ask(CONFIRMED.property_code, CONFIRMED.order_id, 5, Step.RESERVE, FIRST)
    assert (work.payload, work.expires_at) == ('{"lines": []}', LATER)
    assert advance.order.awaited == (work.ask,)
    assert advance.order.history == CONFIRMED.history
    assert advance.order.totals == CONFIRMED.totals


def test_it_does_not_expire_with_its_order() -> None:
    order = CONFIRMED.model_copy(update={"expires_at": to_rfc3339(NOON)})
    (work,) = round_transitions.added(order, new(), "{}", LATER).begun
    assert work.expires_at is None


def test_what_a_confirmed_round_costs_is_to_be_paid() -> None:
    totals = CONFIRMED.totals.model_copy(update={"subtotal": "22.00", "tip": "1.00", "total": "23.00"})
    order = with_round(R.POSTING).model_copy(update={"totals": totals})
    advance = get(round_transitions.confirmed(order, FIRST, NOON))
    assert advance.order.totals == totals.model_copy(update={"subtotal": "32.00", "total": "33.00"})
    assert steps(advance) == [(Step.CONSUME, FIRST), (Step.TELL_ROUND_CONFIRMED, FIRST)]


def test_a_cancel_ends_what_is_early_and_voids_at_once() -> None:
    order = with_round(R.RECEIVED)
    order = order.model_copy(update={"rounds": (*order.rounds, new(SECOND, status=R.RESERVED, asked=6))})
    advance = get(wishes.cancel(order, "ann", None, NOON))
    assert advance.ended == order.awaited
    assert [(each.status, each.reason) for each in advance.order.rounds] == [
        (R.REJECTED, "order_cancelled")
    ] * 2
    assert steps(advance) == [
        (Step.RELEASE, FIRST),
        (Step.TELL_ROUND_REJECTED, FIRST),
        (Step.RELEASE, SECOND),
        (Step.TELL_ROUND_REJECTED, SECOND),
        (Step.VOID, ""),
    ]
    assert advance.order.awaited == (advance.begun[-1].ask,)
    assert advance.order.sequence == order.sequence + 1


@pytest.mark.parametrize("after", [R.CONFIRMED, R.REJECTED, R.NEEDS_ATTENTION])
def test_the_void_begins_as_the_last_round_on_its_way_is_heard_of(after: R) -> None:
    order = with_round(R.POSTING)
    order = order.model_copy(update={"rounds": (*order.rounds, new(SECOND, status=R.POSTING, asked=6))})
    cancelling = get(wishes.cancel(order, "ann", None, NOON))
    assert (cancelling.begun, cancelling.ended) == ((), ())
    assert cancelling.order.awaited == order.awaited
    first = get(HAPPENINGS[after][0](cancelling.order, FIRST))
    assert (Step.VOID, "") not in steps(first)
    second = get(HAPPENINGS[after][0](first.order, SECOND))
    assert steps(second)[-1] == (Step.VOID, "")
    assert second.order.awaited == (second.begun[-1].ask,)


def test_a_doubt_that_is_settled_during_a_void_begins_no_other() -> None:
    settled = get(round_transitions.confirmed(with_round(R.NEEDS_ATTENTION, Status.CANCELLING), FIRST, NOON))
    assert steps(settled) == [(Step.CONSUME, FIRST), (Step.TELL_ROUND_CONFIRMED, FIRST)]


@pytest.mark.parametrize(
    ("order_status", "reason"),
    [(Status.CONFIRMED, "expired"), (Status.CANCELLING, round_transitions.ORDER_CANCELLED)],
)
def test_a_round_that_waited_too_long_says_why_it_ended(order_status: Status, reason: str) -> None:
    expired = get(round_transitions.expired(with_round(R.POSTING, order_status), FIRST, NOON))
    assert (expired.order.rounds[0].status, expired.order.rounds[0].reason) == (R.REJECTED, reason)


def test_a_doubt_about_a_round_is_kept_with_its_evidence() -> None:
    order = with_round(R.POSTING)
    work = order.owes(Step.POST, NOON, "{}", FIRST)
    doubtful = get(round_transitions.left_in_doubt(order, work, "no answer", NOON)).order.rounds[0]
    assert (doubtful.reason, doubtful.detail) == ("in_doubt", work.evidence("no answer"))


def test_whoever_rejects_a_round_in_doubt_is_its_reason() -> None:
    resolution = Resolution.model_validate({"kind": "rejected", "note": "asked them", "round": FIRST})
    settled = get(wishes.resolve(with_round(R.NEEDS_ATTENTION), resolution, "bob", NOON)).order.rounds[0]
    assert (settled.status, settled.reason, settled.detail) == (R.REJECTED, "resolved", "bob: asked them")


@pytest.mark.parametrize("kind", ["rejected", "cancelled"])
def test_a_person_who_ends_an_order_gives_its_rounds_back(kind: str) -> None:
    order = with_round(R.CONFIRMED, Status.NEEDS_ATTENTION)
    resolution = Resolution.model_validate({"kind": kind, "note": "asked them"})
    advance = get(wishes.resolve(order, resolution, "bob", NOON))
    assert (Step.RELEASE, FIRST) in steps(advance)
    assert (Step.RELEASE, "") in steps(advance)


@pytest.mark.parametrize("status", [each for each in R if each is not R.NEEDS_ATTENTION])
@pytest.mark.parametrize("kind", ["confirmed", "rejected"])
def test_only_what_is_in_doubt_is_settled(kind: str, status: R) -> None:
    resolution = Resolution.model_validate({"kind": kind, "note": "asked them", "round": FIRST})
    with pytest.raises(ProblemError, match="not_in_doubt"):
        wishes.resolve(with_round(status), resolution, "bob", NOON)


class RoundMachine(RuleBasedStateMachine):
    """A confirmed order with rounds and work rows: answers come to what is owed, people do as they like."""

    @initialize()
    def it_is_confirmed(self) -> None:
        self.order = CONFIRMED
        self.owed: dict[Ask, Work] = {}
        self.begun: list[tuple[Step, str]] = []

    def go(self, advance: Advance | None, answered: Ask | None = None) -> None:
        """As the store does it."""
        if advance is None:
            return
        for ask in (*advance.ended, *([] if answered is None else [answered])):
            del self.owed[ask]
        for work in advance.begun:
            assert work.ask not in self.owed
            assert work.ask.number == advance.order.sequence
            self.owed[work.ask] = work
            self.begun.append((work.ask.step, work.ask.round))
        self.order = advance.order

    def owed_of(self, step: Step, round_id: str = "") -> Ask | None:
        return next((ask for ask in self.owed if (ask.step, ask.round) == (step, round_id)), None)

    def status_of(self, round_id: str) -> R | None:
        found = round_transitions.find(self.order, round_id)
        return None if found is None else found.status

    @precondition(lambda self: self.order.status is Status.CONFIRMED and len(self.order.rounds) < len(IDS))
    @rule()
    def somebody_adds(self) -> None:
        self.go(round_transitions.added(self.order, new(IDS[len(self.order.rounds)]), "{}", NOON))

    @rule(which=st.sampled_from(IDS), is_there=st.booleans())
    def inventory_answers(self, which: str, is_there: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
        ask = self.owed_of(Step.RESERVE, which)
        if ask is not None and is_there:
            self.go(get(round_transitions.stock_reserved(self.order, which, NOON)), ask)
        elif ask is not None:
            rejected = round_transitions.stock_rejected(self.order, which, [], NOON, [], "out_of_stock")
            self.go(get(rejected), ask)

    @precondition(lambda self: self.order.status is not Status.CANCELLING)
    @rule(which=st.sampled_from(IDS))
    def somebody_calls_simphony(self, which: str) -> None:
        if self.owed_of(Step.POST, which):
            begun = round_transitions.posting_begun(self.order, which, NOON)
            assert begun is not None
            self.order = begun

    @rule(which=st.sampled_from(IDS), answer=st.sampled_from(["takes", "refuses", "nobody can tell"]))
    def simphony_answers(self, which: str, answer: str) -> None:
        ask = self.owed_of(Step.POST, which)
        if ask is None or self.status_of(which) is not R.POSTING:
            return
        answers = {
            "takes": round_transitions.confirmed(self.order, which, NOON),
            "refuses": round_transitions.rejected(self.order, which, "refused_by_simphony", NOON),
            "nobody can tell": round_transitions.left_in_doubt(self.order, self.owed[ask], "?", NOON),
        }
        self.go(get(answers[answer]), ask)

    @rule(which=st.sampled_from(IDS))
    def it_waited_too_long(self, which: str) -> None:
        ask = self.owed_of(Step.RESERVE, which) or self.owed_of(Step.POST, which)
        if ask is not None:
            self.go(get(round_transitions.expired(self.order, which, NOON)), ask)

    @rule()
    def somebody_cancels(self) -> None:
        try:
            self.go(wishes.cancel(self.order, "ann", None, NOON))
        except ProblemError:
            return

    @rule()
    def the_kitchen_is_done(self) -> None:
        try:
            self.go(wishes.fulfil(self.order, "completed", "bob", NOON))
        except ProblemError:
            return

    @rule(which=st.sampled_from(IDS), kind=st.sampled_from(["confirmed", "rejected"]))
    def a_person_settles_it(self, which: str, kind: str) -> None:
        resolution = Resolution.model_validate({"kind": kind, "note": "asked them", "round": which})
        try:
            self.go(wishes.resolve(self.order, resolution, "bob", NOON))
        except ProblemError:
            return

    @rule(answer=st.sampled_from(["voids", "refuses"]))
    def simphony_answers_the_void(self, answer: str) -> None:
        ask = self.owed_of(Step.VOID)
        if ask is not None and answer == "voids":
            self.go(transitions.cancellation_done(self.order, NOON, "simphony"), ask)
        elif ask is not None:
            self.go(transitions.void_refused(self.order, "closed", NOON), ask)

    @invariant()
    def it_waits_for_what_it_is_owed(self) -> None:
        asks = {ask for ask in self.owed if ask.step in {Step.RESERVE, Step.POST, Step.VOID}}
        assert asks == set(self.order.awaited)
        if self.order.status is Status.CANCELLING:
            assert asks
        if self.order.status in {Status.CANCELLED, Status.COMPLETED}:
            assert not asks

    @invariant()
    def the_stock_of_each_is_used_or_given_back_once(self) -> None:
        for each in self.order.rounds:
            releases, consumes = (self.begun.count((step, each.id)) for step in (Step.RELEASE, Step.CONSUME))
            is_void = self.order.status is Status.CANCELLED
            is_back = each.status is R.REJECTED and each.reason != "out_of_stock"
            assert releases == int(is_back or (is_void and each.status is R.CONFIRMED))
            assert consumes == int(each.status is R.CONFIRMED)

    @invariant()
    def everybody_is_told_once_how_each_ended(self) -> None:
        tells = {R.CONFIRMED: Step.TELL_ROUND_CONFIRMED, R.REJECTED: Step.TELL_ROUND_REJECTED}
        for each in self.order.rounds:
            for status, tell in tells.items():
                assert self.begun.count((tell, each.id)) == int(each.status is status)

    @invariant()
    def what_is_to_be_paid_is_what_was_confirmed(self) -> None:
        confirmed = [Decimal(each.total) for each in self.order.rounds if each.status is R.CONFIRMED]
        assert Decimal(self.order.totals.total) == sum(confirmed, Decimal(0))

    @invariant()
    def an_order_that_is_over_has_no_round_under_way(self) -> None:
        if self.order.status in {Status.CANCELLED, Status.COMPLETED}:
            assert all(each.is_over for each in self.order.rounds)


TestRoundMachine = RoundMachine.TestCase
TestRoundMachine.settings = settings(deadline=None, max_examples=150, stateful_step_count=30)
