from decimal import Decimal
from uuid import UUID

from localcloud.replay.caller import End, Outcome
from localcloud.replay.owner import StockItem
from localcloud.replay.report import (
    Report,
    Result,
    find_faults,
    find_stock_faults,
    percentile,
    summarize,
)
from localcloud.replay.sample import SampleLine, SampleOrder
from localcloud.replay.simulator import HeldCheck


def _result(number: int, end: End = "confirmed", seconds: float = 0.1, reason: str = "") -> Result:
    order = SampleOrder(number, (SampleLine(1, "Chips", (), Decimal("2.15")),))
    return Result(order, Outcome(UUID(int=number), end, seconds, reason))


def _check(number: int, total: str = "2.15") -> HeldCheck:
    return HeldCheck(str(UUID(int=number)), Decimal(total))


def test_a_clean_replay_in_figures() -> None:
    results = [_result(1, seconds=0.1), _result(2, seconds=0.3), _result(3, "rejected", 9.0)]
    checks = [_check(1), _check(2)]
    assert summarize("NOR-CPH01", results, checks, 12.345) == Report(
        property="NOR-CPH01", orders=3, confirmed=2, rejected=1, failed=0, total="4.30", checks=2,
        duplicate_checks=0, seconds=12.35, p50_ms=100.0, p99_ms=300.0,
    )  # fmt: skip
    assert find_faults(results, checks) == []


def test_nothing_confirmed_has_no_latency() -> None:
    report = summarize("NOR-CPH01", [_result(1, "failed")], [], 1.0)
    assert (report.total, report.p50_ms, report.p99_ms) == ("0.00", None, None)


def test_whatever_does_not_add_up_is_named() -> None:
    results = [_result(1), _result(2), _result(3, "rejected"), _result(4, "failed", reason="Refused: 409")]
    checks = [_check(1), _check(1), _check(3, "2.00")]
    first, second, third = (str(UUID(int=number)) for number in (1, 2, 3))
    assert summarize("NOR-CPH01", results, checks, 1.0).duplicate_checks == 2
    assert find_faults(results, checks) == [
        "1 failed: Refused: 409",
        f"1 confirmed without a check: {second}",
        f"1 on more than one check: {first}",
        f"1 on a check but not confirmed: {third}",
        f"1 on a check over another amount: {third}",
    ]


def test_stock_has_moved_by_what_was_sold_and_no_more_is_held() -> None:
    def item(sku: str, on_hand: int, held: int = 0) -> StockItem:
        return StockItem(sku=sku, name=sku, on_hand=Decimal(on_hand), held=Decimal(held))

    before = {sku: item(sku, 10, 1) for sku in ("sold", "short", "held", "gone")}
    after = {"sold": item("sold", 7, 1), "short": item("short", 9, 1), "held": item("held", 10, 2)}
    assert find_stock_faults(before, after, {"sold": 3}) == [
        "stock item short: 9 on hand and 1 held, expected 10 and 1",
        "stock item held: 10 on hand and 2 held, expected 10 and 1",
        "stock item gone is gone",
    ]


def test_percentiles_are_values_that_occurred() -> None:
    hundred = [float(value) for value in range(1, 101)]
    assert [percentile(hundred, percent) for percent in (0, 50, 99, 100)] == [1.0, 50.0, 99.0, 100.0]
    assert percentile([7.0], 50) == 7.0
