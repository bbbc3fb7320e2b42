"""A Simphony in memory that does what a test tells it."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Literal

from tests.faults import Faults
from tests.restaurant import MENU

from muneris.cloud.tables import TableUnavailableError
from muneris.core.clock import Clock
from muneris.simphony.comparison import differences
from muneris.simphony.errors import (
    CheckGoneError,
    CheckRefusedError,
    LookUpFailedError,
    NotSentError,
    OutcomeUnknownError,
    PosDetail,
)
from muneris.simphony.held import Calculated, CheckTotals
from muneris.simphony.model import (
    APP_NAME,
    ORDER_ID,
    ROUND,
    Check,
    CheckLine,
    CheckState,
    NewCheck,
    NewRound,
    NewWrite,
    find_standing,
)

type Mood = Literal["takes", "refuses", "unreachable", "loses_answer", "loses_request", "hangs", "no_tokens"]

_WINDOW = timedelta(seconds=300)
WRITES_TAKE = timedelta(seconds=65)
"""At most, like the real client's; what keeps nothing may be given up sooner."""


@dataclass(frozen=True)
class _Opened:
    """A check as it is now: what it was opened with, the rounds since, and what became of it."""

    number: int
    new: NewCheck
    at: datetime
    rounds: tuple[NewRound, ...] = ()
    state: CheckState = "open"
    surcharge: Decimal = Decimal(0)

    @property
    def items(self) -> tuple[CheckLine, ...]:
        return (*self.new.lines, *(line for each in self.rounds for line in each.lines))

    @property
    def due(self) -> Decimal:
        return sum(map(_price, self.items), self.surcharge)

    def is_for(self, references: Collection[str]) -> bool:
        return not {self.new.reference.casefold(), self.new.order_id.casefold()}.isdisjoint(references)

    @cached_property
    def check(self) -> Check:
        rounds = [_extension(ROUND, each.reference) for each in self.rounds]
        return Check.model_validate({
            "header": {
                "checkRef": f"ref-{self.number}",
                "checkNumber": self.number,
                "checkName": self.new.reference,
                "status": self.state,
            },
            "menuItems": [_item(line) for line in self.items],
            "extensions": [_extension(ORDER_ID, self.new.order_id), *rounds],
            "totals": {"subtotal": self.due, "totalDue": self.due},
        })  # fmt: skip


@dataclass
class FakePointOfSale:
    """Holds checks as Simphony does: a repeated id within 300 s gets the first answer, later it writes again.

    `mood` is how opening a check goes, `round_mood` adding to one, `void_mood` voiding one,
    `calculator_mood` pricing one. Each that `hangs` is carried out and answers nothing until `go_on` is set;
    with `no_tokens` our own storage, where its tokens are, does not answer. It prices as the menu of
    `tests.restaurant` does, and adds its `surcharge` to each check. Its clock is `behind` ours; once
    `renamed`, its checks are found only by the ids of their orders. Unless `names_are_unique`, as in
    Simphony, a name may be used again while its check is open, so that a test sees the second check. An
    older site detects no duplicates.
    """

    clock: Clock
    faults: Faults = field(default_factory=Faults)
    mood: Mood = "takes"
    round_mood: Mood = "takes"
    void_mood: Mood = "takes"
    calculator_mood: Mood = "takes"
    refusal: str = "Item is not sold here"
    objections: tuple[PosDetail, ...] = ()
    look_ups_fail: bool = False
    names_are_unique: bool = False
    detects_duplicates: bool = True
    surcharge: Decimal = Decimal(0)
    renamed: bool = False
    behind: timedelta = timedelta(0)
    calls: list[NewCheck] = field(default_factory=list)
    round_calls: list[NewRound] = field(default_factory=list)
    void_calls: list[str] = field(default_factory=list)
    calculations: list[NewCheck] = field(default_factory=list)
    look_ups: list[tuple[str, ...]] = field(default_factory=list)
    opened: list[_Opened] = field(default_factory=list)
    hanging: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: dict[str, tuple[datetime, Check]] = field(default_factory=dict)

    async def post_check(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Check:
        assert property_code
        return await self._write(deadline, self.calls, new_check, lambda: self.mood, self._open)

    async def post_round(self, property_code: str, new_round: NewRound, deadline: datetime) -> Check:
        assert property_code
        return await self._write(deadline, self.round_calls, new_round, lambda: self.round_mood, self._add)

    async def void_check(self, property_code: str, check_ref: str, deadline: datetime) -> None:
        assert property_code
        await self._write(deadline, self.void_calls, check_ref, lambda: self.void_mood, self._void)

    async def calculate(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Calculated:
        assert property_code

        def add_up(asked: NewCheck) -> Calculated:
            due = _Opened(0, asked, self.clock.now(), surcharge=self.surcharge).due
            return Calculated(totals=CheckTotals(subtotal=due, total_due=due))

        return await self._write(
            deadline + WRITES_TAKE, self.calculations, new_check, lambda: self.calculator_mood, add_up
        )

    async def find_check(
        self, property_code: str, references: Collection[str], since: datetime
    ) -> Check | None:
        assert property_code
        known_by = {each.casefold() for each in references if "-" in each or not self.renamed}

        def find() -> Check | None:
            ours = [each for each in self.opened if each.is_for(known_by) and each.at - self.behind >= since]
            return find_standing([each.check for each in ours])

        return await self._look_up(tuple(references), find)

    async def find_round(self, property_code: str, check_ref: str, reference: str) -> Check | None:
        assert property_code

        def find() -> Check | None:
            opened = self._find(check_ref)
            if opened is None:
                raise CheckGoneError(f"Simphony has no check {check_ref} any more")
            return opened.check if opened.check.holds_round(reference) else None

        return await self._look_up((check_ref, reference), find)

    async def find_check_state(self, property_code: str, check_ref: str) -> CheckState | None:
        assert property_code

        def find() -> CheckState | None:
            opened = self._find(check_ref)
            return opened.state if opened else None

        return await self._look_up((check_ref,), find)

    def checks_of(self, order_id: str) -> list[Check]:
        return [each.check for each in self.opened if each.new.order_id == order_id]

    def standing_checks_of(self, order_id: str) -> list[Check]:
        """Those that are not voided."""
        return [check for check in self.checks_of(order_id) if check.state != "voided"]

    def close(self, check_ref: str) -> None:
        """Somebody pays at the counter."""
        self._put(replace(self._get(check_ref), state="closed"))

    def reopen(self, check_ref: str) -> None:
        """Somebody opens a closed check again at the till."""
        self._put(replace(self._get(check_ref), state="open"))

    async def _write[Q, A](
        self,
        deadline: datetime,
        calls: list[Q],
        asked: Q,
        mood: Callable[[], Mood],
        execute: Callable[[Q], A],
    ) -> A:
        if deadline - self.clock.now() < WRITES_TAKE:
            raise NotSentError("the call might outlast its deadline")

        async def write() -> A:
            calls.append(asked)
            return await self._in_mood(mood(), lambda: execute(asked))

        return await self.faults.around(
            write,
            lambda: NotSentError("unreachable"),
            lambda: OutcomeUnknownError("the answer was lost"),
        )

    async def _in_mood[A](self, mood: Mood, execute: Callable[[], A]) -> A:
        if mood == "unreachable":
            raise NotSentError("connection refused")
        if mood == "no_tokens":
            raise TableUnavailableError("tokens cannot be read")
        if mood == "loses_request":
            raise OutcomeUnknownError("nothing came back")
        if mood == "refuses":
            raise CheckRefusedError(self.refusal, self.objections)
        answer = execute()
        if mood == "loses_answer":
            raise OutcomeUnknownError("nothing came back")
        if mood == "hangs":
            self.hanging += 1
            try:
                await self.go_on.wait()
            finally:
                self.hanging -= 1
        return answer

    async def _look_up[T](self, asked: tuple[str, ...], find: Callable[[], T]) -> T:
        async def look_up() -> T:
            self.look_ups.append(asked)
            if self.look_ups_fail:
                raise LookUpFailedError("not now")
            return find()

        return await self.faults.around(
            look_up,
            lambda: LookUpFailedError("unreachable"),
            lambda: LookUpFailedError("the answer was lost"),
        )

    def _open(self, new_check: NewCheck) -> Check:
        def write() -> _Opened:
            open_names = {each.new.reference.casefold() for each in self.opened if each.state == "open"}
            if self.names_are_unique and new_check.reference.casefold() in open_names:
                raise CheckRefusedError("an open check has that name")
            opened = _Opened(len(self.opened) + 1, new_check, self.clock.now(), surcharge=self.surcharge)
            self.opened.append(opened)
            return opened

        return self._once(new_check, write)

    def _add(self, new_round: NewRound) -> Check:
        def write() -> _Opened:
            opened = self._get_open(new_round.check_ref)
            return self._put(replace(opened, rounds=(*opened.rounds, new_round)))

        return self._once(new_round, write)

    def _void(self, check_ref: str) -> None:
        self._put(replace(self._get_open(check_ref), state="voided"))

    def _once(self, asked: NewWrite, write: Callable[[], _Opened]) -> Check:
        """The first answer to a write of that id, whatever it was, within the window."""
        write_id = asked.idempotency_id
        now = self.clock.now()
        at, answered = self._answers.get(write_id, (now, None))
        if self.detects_duplicates and answered is not None and now < at + _WINDOW:
            return answered.model_copy(update={"is_cached": True})
        check = write().check
        check = check.model_copy(update={"differences": differences(asked, check)})
        self._answers[write_id] = now, check
        return check

    def _find(self, check_ref: str) -> _Opened | None:
        number = check_ref.removeprefix("ref-")
        is_ours = number.isdecimal() and 0 < int(number) <= len(self.opened)
        return self.opened[int(number) - 1] if is_ours else None

    def _get(self, check_ref: str) -> _Opened:
        opened = self._find(check_ref)
        if opened is None:
            raise OutcomeUnknownError("no such check")
        return opened

    def _get_open(self, check_ref: str) -> _Opened:
        opened = self._get(check_ref)
        if opened.state != "open":
            raise CheckRefusedError(f"the check is {opened.state}")
        return opened

    def _put(self, opened: _Opened) -> _Opened:
        self.opened[opened.number - 1] = opened
        return opened


def _price(line: CheckLine) -> Decimal:
    definition = MENU.definitions[line.menu_item_id, line.definition_sequence]
    price = next(each.price for each in definition.prices if each.price_sequence == line.price_sequence)
    condiments = {key: each.price for group in MENU.condiments.values() for key, each in group.items()}
    chosen = (
        condiments[each.condiment_id, each.definition_sequence] * each.quantity for each in line.condiments
    )
    return line.quantity * sum(chosen, price)


def _item(line: CheckLine) -> dict[str, object]:
    return {
        "menuItemId": line.menu_item_id,
        "definitionSequence": line.definition_sequence,
        "quantity": line.quantity,
        "condiments": [{"condimentId": each.condiment_id} for each in line.condiments],
    }


def _extension(name: str, value: str) -> dict[str, str]:
    return {"appName": APP_NAME, "dataName": name, "data": value}
