"""Whatever happens to an order in whatever sequence: its state is defined, and nothing owed is forgotten."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.restaurant import NOON, plain_order

from muneris.core.problems import ProblemError
from muneris.orders.life import transitions, wishes
from muneris.orders.life.transitions import ForbiddenTransitionError
from muneris.orders.life.wishes import Resolution
from muneris.orders.model import (
    AT_REST,
    TRANSITIONS,
    Advance,
    Ask,
    CheckReference,
    FulfilmentStatus,
    Order,
    Payment,
    Status,
    Step,
    Work,
)

CHECK = CheckReference(check_ref="r", check_number=1)
WORK = plain_order().owes(Step.POST, NOON)
AWAITED = {Step.RESERVE, Step.POST, Step.VOID}
OVER_WITHOUT_CHECK = {Status.CANCELLED, Status.REJECTED}
NOTE = "asked the restaurant"
DUE = Payment(method="at_counter", status="due")

type Happening = Callable[[Order], Advance | None]

KITCHEN: tuple[FulfilmentStatus, ...] = ("preparing", "ready", "completed")
RESOLUTIONS = (
    Resolution(kind="confirmed", check_ref="r", check_number=1, note=NOTE),
    Resolution(kind="rejected", note=NOTE),
    Resolution(kind="cancelled", note=NOTE),
    Resolution(kind="retry", note=NOTE),
)
WISHES: tuple[Happening, ...] = (
    lambda order: wishes.cancel(order, "ann", None, NOON),
    lambda order: wishes.cancel(order, "bob", "too slow", NOON),
    *((lambda order, status=status: wishes.fulfil(order, status, "bob", NOON)) for status in KITCHEN),
    *((lambda order, each=each: wishes.resolve(order, each, "bob", NOON)) for each in RESOLUTIONS),
)
ANSWERS: tuple[Happening, ...] = (
    lambda order: transitions.stock_reserved(order, NOON),
    lambda order: transitions.stock_rejected(order, ["bun"], NOON),
    lambda order: Advance(transitions.posting_begun(order, NOON)),
    lambda order: transitions.check_opened(order, CHECK, NOON),
    lambda order: transitions.check_refused(order, "no", NOON),
    lambda order: transitions.cancellation_done(order, NOON, "simphony"),
    lambda order: transitions.void_refused(order, "no", NOON),
    lambda order: transitions.left_in_doubt(order, WORK, "no answer", NOON),
    lambda order: transitions.expired(order, NOON),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from((*WISHES, *ANSWERS)), max_size=15))
def test_whatever_happens_an_order_goes_only_where_the_table_says(happenings: list[Happening]) -> None:
    order = plain_order().model_copy(update={"payment": DUE})
    for happens in happenings:
        try:
            advance = happens(order)
        except (ForbiddenTransitionError, ProblemError):
            continue
        if advance is None or advance.order is order:
            continue
        after = advance.order
        assert after.status in TRANSITIONS[order.status] | {order.status}
        assert (after.sequence, len(after.history)) == (order.sequence + 1,) * 2
        assert {work.ask.number for work in advance.begun} <= {after.sequence}
        order = after


class OrderMachine(RuleBasedStateMachine):
    """An order with its work rows: answers come to what is owed, and people wish what they like."""

    def __init__(self) -> None:
        super().__init__()
        self.order = plain_order().model_copy(update={"payment": DUE})
        first = self.order.owes(Step.RESERVE, NOON)
        self.owed: dict[Ask, Work] = {first.ask: first}
        self.begun: list[Step] = [Step.RESERVE]

    def owes(self, *steps: Step) -> bool:
        return any(ask.step in steps for ask in self.owed)

    def go(self, advance: Advance | None, answered: Step | None = None) -> None:
        """As the store does it."""
        if advance is None:
            return
        gone = [*advance.ended, *(ask for ask in self.owed if ask.step is answered)]
        for ask in gone:
            del self.owed[ask]
        for work in advance.begun:
            assert work.ask not in self.owed
            self.owed[work.ask] = work
            self.begun.append(work.ask.step)
        self.order = advance.order

    @precondition(lambda self: self.owes(Step.RESERVE))
    @rule(is_there=st.booleans())
    def inventory_answers(self, is_there: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
        answer = (
            transitions.stock_reserved(self.order, NOON)
            if is_there
            else transitions.stock_rejected(self.order, [], NOON)
        )
        self.go(answer, Step.RESERVE)

    @precondition(lambda self: self.owes(Step.POST) and self.order.status is not Status.CANCELLING)
    @rule()
    def somebody_calls_simphony(self) -> None:
        self.order = transitions.posting_begun(self.order, NOON)

    @precondition(lambda self: self.owes(Step.POST) and self.order.status is not Status.RESERVED)
    @rule(takes_it=st.booleans())
    def simphony_answers_a_post(self, takes_it: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
        opened = transitions.check_opened(self.order, CHECK, NOON)
        self.go(opened if takes_it else transitions.check_refused(self.order, "no", NOON), Step.POST)

    @precondition(lambda self: self.owes(Step.POST) and self.order.status is Status.CANCELLING)
    @rule()
    def nothing_was_posted(self) -> None:
        self.go(transitions.cancellation_done(self.order, NOON, "orders"), Step.POST)

    @precondition(lambda self: self.owes(Step.VOID))
    @rule(voids_it=st.booleans())
    def simphony_answers_a_void(self, voids_it: bool) -> None:  # noqa: FBT001 - Hypothesis draws it
        voided = transitions.cancellation_done(self.order, NOON, "simphony")
        self.go(voided if voids_it else transitions.void_refused(self.order, "closed", NOON), Step.VOID)

    @precondition(lambda self: self.order.status in {Status.POSTING, Status.CANCELLING})
    @rule()
    def nobody_can_tell(self) -> None:
        (ask,) = self.order.awaited
        self.go(transitions.left_in_doubt(self.order, self.owed[ask], "no answer", NOON), ask.step)

    @precondition(lambda self: self.owes(Step.RESERVE, Step.POST))
    @rule()
    def it_waited_too_long(self) -> None:
        (ask,) = self.order.awaited
        self.go(transitions.expired(self.order, NOON + timedelta(hours=1)), ask.step)

    @rule(wish=st.sampled_from(WISHES))
    def somebody_wishes(self, wish: Happening) -> None:
        try:
            self.go(wish(self.order))
        except ProblemError:
            return

    @invariant()
    def it_waits_for_exactly_one_answer_unless_it_rests_or_waits_for_a_person(self) -> None:
        still = self.order.status in AT_REST | {Status.NEEDS_ATTENTION}
        awaited = tuple(ask for ask in self.owed if ask.step in AWAITED)
        assert awaited == self.order.awaited
        assert len(awaited) == (0 if still else 1)

    @invariant()
    def its_stock_is_given_back_once_or_used(self) -> None:
        taken_back = self.begun.count(Step.RELEASE)
        was_held = self.order.reason != "out_of_stock"
        assert taken_back == (1 if self.order.status in OVER_WITHOUT_CHECK and was_held else 0)
        if self.order.status in {Status.CONFIRMED, Status.COMPLETED}:
            assert Step.CONSUME in self.begun

    @invariant()
    def everybody_was_told_of_what_is_final(self) -> None:
        tell = f"tell-{self.order.status.replace('_', '-')}"
        if tell in set(Step):
            assert tell in self.begun

    @invariant()
    def its_payment_follows_it(self) -> None:
        ends = {Status.COMPLETED: "paid", Status.REJECTED: "void", Status.CANCELLED: "void"}
        assert self.order.payment.status == ends.get(self.order.status, "due")

    @invariant()
    def a_confirmed_order_has_a_check(self) -> None:
        if self.order.status in {Status.CONFIRMED, Status.COMPLETED}:
            assert self.order.check is not None


TestOrderMachine = OrderMachine.TestCase
TestOrderMachine.settings = settings(deadline=None, max_examples=150, stateful_step_count=25)
