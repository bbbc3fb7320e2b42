import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from tests.simphony import ManualClock, new_check

from muneris.core.operational import OperationalError
from muneris.simphony.errors import CheckRefusedError, OutcomeUnknownError, PausedError, PosDetail
from muneris.simphony.held import Calculated, CheckTotals
from muneris.simphony.model import NewCheck
from muneris.simphony.pre_check import PreCheck, PreChecked

BUDGET = timedelta(seconds=1)
UNKNOWN = PreChecked()


@dataclass
class Calculator:
    answer: Callable[[], Awaitable[Calculated]]
    asked_until: datetime | None = None

    async def calculate(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Calculated:
        assert (property_code, new_check.reference) == ("NOR-CPH01", "WEB-1")
        self.asked_until = deadline
        return await self.answer()


async def price(calculator: Calculator, budget: timedelta = BUDGET) -> PreChecked:
    return await PreCheck(calculator, ManualClock()).price("NOR-CPH01", new_check(), budget)


def failing(error: Exception) -> Calculator:
    async def answer() -> Calculated:
        raise error

    return Calculator(answer)


def answering(due: str) -> Calculator:
    async def answer() -> Calculated:
        return Calculated.model_validate({"totals": {"subtotal": 0, "totalDue": Decimal(due)}})

    return Calculator(answer)


async def test_simphony_prices_within_the_budget() -> None:
    calculator = answering("95.50")
    totals = CheckTotals(subtotal=Decimal(0), total_due=Decimal("95.50"))
    assert await price(calculator) == PreChecked(totals)


async def test_the_budget_ends_before_the_call_would() -> None:
    calculator = answering("95.50")
    await price(calculator)
    assert calculator.asked_until is not None
    assert calculator.asked_until > ManualClock().now() + BUDGET


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknownError("521"),
        PausedError("not lately"),
        OperationalError("tokens cannot be read"),
        CheckRefusedError("POS Error", (PosDetail(code="general_pos_error", message="table"),)),
    ],
)
async def test_otherwise_the_menu_prices(error: Exception) -> None:
    assert await price(failing(error)) == UNKNOWN


async def test_who_takes_longer_is_not_waited_for() -> None:
    async def answer() -> Calculated:
        await asyncio.Event().wait()
        raise AssertionError

    assert await price(Calculator(answer), timedelta(milliseconds=1)) == UNKNOWN


@pytest.mark.parametrize("code", ["menu_item_not_available", "menu_item_invalid"])
async def test_what_simphony_will_not_sell_is_told(code: str) -> None:
    refusal = CheckRefusedError("POS Error", (PosDetail(code=code, message="no fish"),))
    checked = await price(failing(refusal))
    assert checked == PreChecked(refusal=f"POS Error {code}: no fish")
