"""A Simphony in memory that does what a test tells it."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from tests.faults import Faults

from muneris.cloud.tables import TableUnavailableError
from muneris.core.clock import Clock
from muneris.simphony.errors import CheckRefusedError, LookUpFailedError, NotSentError, OutcomeUnknownError
from muneris.simphony.model import Check, NewCheck

type Mood = Literal["takes", "refuses", "unreachable", "loses_answer", "loses_request", "hangs", "no_tokens"]

_WINDOW = timedelta(seconds=300)


@dataclass
class _Opened:
    check: Check
    new: NewCheck
    at: datetime


@dataclass
class FakePointOfSale:
    """Opens checks as Simphony does: a repeated id within 300 s gets the same check, later another one.

    `hangs` opens the check and answers nothing until `go_on` is set; with `no_tokens` our own storage, where
    its tokens are, does not answer. Its clock is `behind` ours; once `renamed`, its checks are found only by
    the ids of their orders.
    """

    clock: Clock
    faults: Faults = field(default_factory=Faults)
    mood: Mood = "takes"
    look_ups_fail: bool = False
    renamed: bool = False
    behind: timedelta = timedelta(0)
    calls: list[NewCheck] = field(default_factory=list)
    look_ups: list[tuple[str, ...]] = field(default_factory=list)
    opened: list[_Opened] = field(default_factory=list)
    hanging: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def post_check(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Check:
        assert property_code
        if self.clock.now() >= deadline:
            raise NotSentError("the deadline passed before the call")
        return await self.faults.around(
            lambda: self._post(new_check),
            lambda: NotSentError("unreachable"),
            lambda: OutcomeUnknownError("the answer was lost"),
        )

    async def find_check(
        self, property_code: str, references: Collection[str], since: datetime
    ) -> Check | None:
        assert property_code
        return await self.faults.around(
            lambda: self._find(references, since),
            lambda: LookUpFailedError("unreachable"),
            lambda: LookUpFailedError("the answer was lost"),
        )

    def checks_of(self, order_id: str) -> list[Check]:
        return [each.check for each in self.opened if each.new.order_id == order_id]

    async def _post(self, new_check: NewCheck) -> Check:
        self.calls.append(new_check)
        if self.mood == "unreachable":
            raise NotSentError("connection refused")
        if self.mood == "no_tokens":
            raise TableUnavailableError("tokens cannot be read")
        if self.mood == "loses_request":
            raise OutcomeUnknownError("nothing came back")
        if self.mood == "refuses":
            raise CheckRefusedError("Item is not sold here")
        check = self._open(new_check)
        if self.mood == "loses_answer":
            raise OutcomeUnknownError("nothing came back")
        if self.mood == "hangs":
            self.hanging += 1
            try:
                await self.go_on.wait()
            finally:
                self.hanging -= 1
        return check

    def _open(self, new_check: NewCheck) -> Check:
        now = self.clock.now()
        for each in self.opened:
            if each.new.idempotency_id == new_check.idempotency_id and now <= each.at + _WINDOW:
                return each.check
        number = len(self.opened) + 1
        header = {"checkRef": f"ref-{number}", "checkNumber": number, "checkName": new_check.reference}
        nothing = Decimal(0)
        check = Check.model_validate({"header": header, "totals": {"subtotal": nothing, "totalDue": nothing}})
        self.opened.append(_Opened(check, new_check, now))
        return check

    async def _find(self, references: Collection[str], since: datetime) -> Check | None:
        self.look_ups.append(tuple(references))
        if self.look_ups_fail:
            raise LookUpFailedError("not now")
        known_by = references if not self.renamed else {each for each in references if "-" in each}
        return next(
            (
                each.check
                for each in self.opened
                if {each.new.reference, each.new.order_id} & set(known_by) and each.at - self.behind >= since
            ),
            None,
        )
