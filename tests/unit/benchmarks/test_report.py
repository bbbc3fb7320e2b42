from benchmarks.report import Memory, Report
from tests.unit.benchmarks.records import EMPTY, growth, ratio


def memory(process: str, mib: float) -> Memory:
    return Memory(name=process, idle_rss=mib, idle_pss=mib, loaded_rss=mib, loaded_pss=mib)


def test_a_later_measurement_of_the_same_takes_the_place_of_the_earlier_one() -> None:
    first = EMPTY.updated([ratio(median=0.5), ratio(median=0.6, callers=32), memory("orders", 90)])
    second = first.updated([ratio(median=0.7, callers=32), memory("inventory", 80)])
    assert [(each.callers, each.median) for each in second.ratios] == [(8, 0.5), (32, 0.7)]
    assert [each.name for each in second.memories] == ["orders", "inventory"]


def test_records_of_one_kind_and_name_are_told_apart_by_their_size() -> None:
    report = EMPTY.updated([growth(1_000), growth(10_000)])
    assert [each.orders for each in report.growths] == [1_000, 10_000]


def test_a_report_survives_its_json() -> None:
    report = EMPTY.updated([ratio(), growth(1_000), memory("orders", 90)])
    assert Report.model_validate_json(report.model_dump_json()) == report
