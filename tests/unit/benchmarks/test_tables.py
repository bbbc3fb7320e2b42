from benchmarks.report import SATURATED, TOGETHER, WRITES, Life, Phase, Recovery, Replication, Startup, Wire
from benchmarks.tables import tables
from tests.unit.benchmarks.records import EMPTY, figures, growth, ratio


def life(name: str, **cpu_ms: float) -> Life:
    return Life(name=name, orders=10, unfinished=3, rate=4.0, p50_s=0.5, p99_s=1.25, cpu_ms=cpu_ms)


def test_what_was_not_measured_has_no_table() -> None:
    assert tables(EMPTY) == []


def test_a_ratio_is_a_row_with_both_sides() -> None:
    table = tables(EMPTY.updated([ratio(median=0.91)]))[-1]
    assert dict(zip(table.columns, table.rows[0], strict=True)) == {
        "ratio": "direct / floor",
        "callers": "8",
        "properties": "32",
        "pairs": "9",
        "median (quartiles)": "0.91 (0.86-0.96)",
        "orders/s": "90",
        "p50 / p99 ms": "5.0 / 20.0",
        "other/s": "100",
        "other p50 / p99 ms": "5.0 / 20.0",
        "p99 ratio": "1.5",
        "CPU ms": "0.80",
        "at full speed": "0.60",
        "of": "orders",
    }


def test_a_ratio_shows_the_cpu_of_the_process_that_is_measured() -> None:
    written = ratio(WRITES, callers=8).model_copy(update={"process": "load"})
    [table] = tables(EMPTY.updated([written]))
    assert table.rows[0][-3:] == ("0.40", "0.30", "load")


def test_what_has_a_target_is_shown_with_it_whether_it_is_met_or_not() -> None:
    table = tables(EMPTY.updated([ratio(median=0.89), Startup(name="everything", ms=640)]))[0]
    assert table.title == "Targets"
    assert table.rows == [
        ("direct / floor, 8 callers, 32 properties", "at least 0.9", "0.89", "no"),
        ("p99 / the floor's: direct / floor, 8 callers, 32 properties", "at most 3", "1.50", "yes"),
        (
            "CPU ms an order at full speed: direct / floor, 8 callers, 32 properties",
            "at most 1",
            "0.60",
            "yes",
        ),
        (
            "CPU ms an order as charged: direct / floor, 8 callers, 32 properties",
            "at most 1",
            "0.80",
            "yes",
        ),
        ("CPU ms of starting the orders app", "at most 800", "640.00", "yes"),
    ]


def test_a_life_says_how_many_orders_were_left_out_of_it() -> None:
    by_title = {table.title: table for table in tables(EMPTY.updated([life("slow")]))}
    assert by_title["From accepted to confirmed"].rows == [("slow", "10", "3", "4.0", "0.50", "1.25")]


def test_tokens_are_told_for_all_accounts_in_seconds_and_for_one_in_calls() -> None:
    refreshed = Replication(
        name="refreshed", accounts=2_000, seconds=161.4, own_calls=14.04, other_calls=14.0, cpu_ms=14.58
    )
    [table] = tables(EMPTY.updated([refreshed]))
    assert dict(zip(table.columns, table.rows[0], strict=True)) == {
        "": "refreshed",
        "accounts": "2,000",
        "seconds for all": "161",
        "an account: calls to its own region": "14.0",
        "to the others": "14.0",
        "CPU ms": "14.6",
    }


def test_void_pairs_events_that_were_left_to_the_sweeper_and_repeated_orders_are_said() -> None:
    measured = ratio(ours=figures(published=0.9, repeated=0.02)).model_copy(update={"void": 4})
    table = tables(EMPTY.updated([measured]))[-1]
    said = "direct / floor, 4 pairs void, 10% of events left to the sweeper, 2.0% answered 503 first"
    assert table.rows[0][0] == said


def test_processes_are_rows_and_loads_are_columns() -> None:
    report = EMPTY.updated([life("slow", orders=8.0, storage=2.0), life("fast", orders=5.0)])
    by_title = {table.title: table for table in tables(report)}
    cpu = by_title["CPU milliseconds an order, by process"]
    assert cpu.columns == ("", "slow", "fast")
    assert cpu.rows == [("orders", "8.00", "5.00"), ("storage", "2.00", "")]


def test_the_bill_adds_up_and_lists_its_prices() -> None:
    wire = Wire(name=TOGETHER, units=32, counts={"Orders: transactions": 10.0, "topic: events": 5.0})
    lives = [life(SATURATED, orders=30.0, inventory=0.0, storage=99.0), life("another", orders=9.0)]
    report = EMPTY.updated([wire, *lives])
    by_title = {table.title: table for table in tables(report)}
    *lines, total = by_title["A million orders on Azure"].rows
    assert lines[0] == ("table operations", "10.00", "0.36")
    assert lines[-1] == ("GB-seconds on demand", "0.12", "3.12")
    assert total == ("together", "", "6.88")
    assert "Prices" in by_title


def test_an_outage_ends_with_the_time_until_all_was_made_up_for() -> None:
    during = Phase(name="while Simphony is down", seconds=600, accepted=1200, p50_ms=8, p99_ms=30)
    after = Recovery(name="until all owed by then are confirmed", orders=1150, seconds=90)
    [table] = tables(EMPTY.updated([during, after]))
    assert table.rows == [
        ("while Simphony is down", "600", "1200", "8.0", "30.0"),
        ("until all owed by then are confirmed", "90", "1150", "", ""),
    ]


def test_growth_is_listed_by_size() -> None:
    table = tables(EMPTY.updated([growth(1_000), growth(1_000_000, calls=19.2)]))[-1]
    assert table.rows == [
        ("a whole life", "1,000", "19.0", "32.0"),
        ("a whole life", "1,000,000", "19.2", "32.0"),
    ]
