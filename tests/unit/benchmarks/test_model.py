import json
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks import prices
from benchmarks.model import limits
from benchmarks.model.__main__ import BEGIN, END, SCALE, costs, with_tables
from benchmarks.model.bill import bill
from benchmarks.model.capacity import (
    FILL,
    Layout,
    LimitExceededError,
    Load,
    Usage,
    blob_reads,
    calls_at_once,
    instances,
    most_borne,
    plan,
    region_instances,
    require_possible,
    usages,
)
from benchmarks.model.cases import Case, cases
from benchmarks.model.limits import Lever, Limit
from benchmarks.model.order_cost import COSTS, OrderCost, Step, read_costs
from benchmarks.model.tables import tables
from hypothesis import given
from hypothesis import strategies as st

COST = OrderCost(
    as_of="2030-05-04",
    counts="made up",
    times="made up",
    steps=(
        Step("accept", "http", "Orders", 1, 3, 0, 1, 1.0, 32.0),
        Step("hold", "inventory-inbox", "Inventory", 1, 2, 2, 1, 2.0, 64.0),
        Step("post", "orders-post", "Orders", 2, 4, 1, 1, 4.0, 1000.0),
    ),
    documents=2,
    event_bytes=1_000,
    kept_bytes=1_000,
    owed_seconds=5.0,
    sweep_ms_a_property=1.0,
    sweep_ms_a_row=0.1,
)
LOAD = Load(1_000, carrying=2, stores=20, busy_stores=4, busy_share=0.75)


def used(cost: OrderCost, load: Load, layout: Layout) -> dict[Limit, float]:
    return {usage.limit: usage.used for usage in usages(cost, load, layout)}


def test_an_order_costs_what_its_steps_do() -> None:
    assert (COST.transactions, COST.rows, COST.point_reads, COST.events) == (4, 9, 3, 3)
    assert (COST.deliveries(), COST.deliveries("orders-post"), COST.queue_operations) == (2, 1, 6)
    assert (COST.entities("Orders"), COST.entities("Inventory")) == (8, 4)
    assert COST.functions == ("http", "inventory-inbox", "orders-post")


def test_orders_that_share_transactions_save_requests() -> None:
    assert [COST.table_requests(group) for group in (1, 2, 3)] == [7.0, 5.5, 5.0]


def test_a_load_is_spread_over_the_regions_that_carry_it() -> None:
    assert (LOAD.region_rate, LOAD.region_stores) == (500.0, 10.0)
    assert (replace(LOAD, carrying=1).region_rate, replace(LOAD, carrying=1).region_stores) == (1_000.0, 20.0)


def test_most_of_a_load_falls_on_the_busy_stores() -> None:
    assert LOAD.busy_rate == 187.5
    assert LOAD.quiet_rate == 15.625
    assert LOAD.fullest_rate(1) == LOAD.region_rate


def test_stores_lie_by_hash_so_one_of_two_units_may_have_nearly_all() -> None:
    assert LOAD.fullest_stores(2) == (2, 7)
    assert LOAD.fullest_rate(2) == 2 * 187.5 + 7 * 15.625


def test_a_function_has_the_instances_that_its_cpu_or_its_places_need() -> None:
    running = instances(COST, LOAD, Layout())
    assert running == {"http": 1, "inventory-inbox": 2, "orders-post": 16}
    assert region_instances(running, Layout()) == 1 + (2 + 16 + 1)


def test_units_share_the_queues_of_a_region_and_its_http_stays_whole() -> None:
    layout = Layout(units=4, accounts=4)
    running = instances(COST, replace(LOAD, orders_per_second=4_000), layout)
    assert running == {"http": 4, "inventory-inbox": 2, "orders-post": 16}
    assert region_instances(running, layout) == 4 + 4 * (2 + 16 + 1)


def test_each_limit_is_used_as_its_service_counts() -> None:
    reads = blob_reads(COST, LOAD, Layout())
    assert used(COST, LOAD, Layout()) == {
        limits.CALLS: 187.5 * 1 / 16,
        limits.ORDERS_PARTITION: 187.5 * (8 + 1),
        limits.STOCK_PARTITION: 187.5 * 4,
        limits.PROPERTY_TABLES: 187.5 * (12 + 1),
        limits.PROPERTY_QUEUE: 187.5 * 3,
        limits.PROPERTY_QUEUE_ACCOUNT: 187.5 * 6,
        limits.PROPERTY_TOPIC: 187.5 * 3,
        limits.TABLE_ACCOUNT: 500 * (12 + 1),
        limits.QUEUE: 500 * 3,
        limits.QUEUE_ACCOUNT: 500 * 6,
        limits.TOPIC_EVENTS: 500 * 3,
        limits.TOPIC_BYTES: 500 * 3 * 1_000,
        limits.SWEEP: 10 * 1.0 + 500 * 5 * 0.1,
        limits.ACCOUNT: 500 * 6 + reads + 500 * 7,
        limits.INSTANCES: 16,
        limits.HTTP_INSTANCES: 1,
        limits.ACCOUNTS: 1,
        limits.TOPICS: 1,
        limits.CORES: 20,
        limits.ENDPOINTS: 2,
    }


def test_what_a_region_has_more_of_is_used_less_and_counts_where_it_is_fullest() -> None:
    layout = Layout(calls=3, partitions=2, units=2, accounts=5, subscriptions=3)
    shared = used(COST, LOAD, layout)
    of_unit, of_account = LOAD.fullest_rate(2), LOAD.fullest_rate(5)
    assert LOAD.busy_rate < of_account < of_unit < LOAD.region_rate
    assert shared[limits.CALLS] == 187.5 / 8 / 3
    assert shared[limits.ORDERS_PARTITION] == 187.5 * 9 / 2
    assert shared[limits.STOCK_PARTITION] == 187.5 * 4 / 2
    assert shared[limits.TABLE_ACCOUNT] == of_account * 13
    assert shared[limits.QUEUE] == of_unit * 3
    reads = blob_reads(COST, LOAD, layout)
    assert shared[limits.ACCOUNT] == pytest.approx(of_unit * 6 + reads * of_unit / 500 + of_account * 7)
    assert shared[limits.ACCOUNTS] == 5 / 3
    assert shared[limits.TOPICS] == 2 / 3
    assert shared[limits.CORES] == (1 + 2 * (1 + 8 + 1)) / 3


def test_a_property_is_called_for_by_the_instances_of_its_unit_each_by_itself() -> None:
    alone = Layout(units=10, accounts=10)
    assert calls_at_once(COST, LOAD, Layout()) == 187.5 / 16
    assert calls_at_once(COST, LOAD, alone) == 187.5 / 6


def test_what_one_property_uses_does_not_fall_with_more_of_anything() -> None:
    many = Layout(calls=9, partitions=9, units=10, accounts=10, subscriptions=9)
    alone = [usage for usage in usages(COST, LOAD, many) if usage.limit.name.endswith("by one property")]
    assert len(alone) == 4
    assert set(alone) < set(usages(COST, LOAD, Layout()))


def test_three_regions_up_use_two_thirds_of_what_two_would() -> None:
    layout = plan(COST, LOAD)
    of_two, of_three = used(COST, LOAD, layout), used(COST, replace(LOAD, carrying=3), layout)
    assert of_three[limits.QUEUE] == pytest.approx(of_two[limits.QUEUE] * 2 / 3)
    assert of_three[limits.ORDERS_PARTITION] == of_two[limits.ORDERS_PARTITION]


def test_a_region_has_an_account_for_each_unit() -> None:
    with pytest.raises(ValueError, match="3 scale units need as many accounts, not 2"):
        Layout(units=3, accounts=2)


def test_a_possible_load_is_not_refused() -> None:
    require_possible(COST, LOAD, Layout(calls=4))


def test_what_limits_forbid_is_refused_with_what_would_have_to_change() -> None:
    with pytest.raises(LimitExceededError) as refused:
        require_possible(COST, replace(LOAD, orders_per_second=2_000), Layout(calls=4))
    assert refused.value.exceeded == (
        Usage(limits.ORDERS_PARTITION, 3_375),
        Usage(limits.QUEUE, 3_000),
    )
    assert str(refused.value) == (
        "Too much for a property's orders in one partition: 3,375 entities/s of 2,000,"
        " a queue: 3,000 messages/s of 2,000."
        " It takes several partitions for each busy property (designed in docs/adr/0017, not built);"
        " several scale units in a region (described in docs/scale.md, not built)."
    )


def test_a_plan_for_what_is_possible_with_room_to_spare_changes_nothing() -> None:
    small = replace(LOAD, orders_per_second=10)
    assert plan(COST, small) == Layout()
    assert Layout().levers == []


def test_a_plan_raises_what_is_too_full() -> None:
    assert plan(COST, LOAD) == Layout(calls=4, partitions=2)
    large = plan(COST, Load(20_000, carrying=2, busy_stores=80))
    assert large.partitions == 2
    assert large.levers == list(Lever)


def test_accounts_that_hold_rows_alone_need_no_units() -> None:
    hold = Step("hold", "inventory-inbox", "Inventory", 1, 87, 0, 1, 2.0, 64.0)
    wide = replace(COST, steps=(COST.steps[0], hold))
    even = Load(500, carrying=1, busy_stores=1_000)
    assert plan(wide, even) == Layout(accounts=4)


def test_a_property_that_fills_its_own_queue_is_helped_by_nothing() -> None:
    with pytest.raises(LimitExceededError, match=r"It takes another design\.$") as refused:
        plan(COST, Load(40_000, carrying=1, busy_stores=40))
    assert refused.value.exceeded == (Usage(limits.PROPERTY_QUEUE, 2_400),)


def test_two_large_properties_that_may_meet_in_one_unit_need_another_placement() -> None:
    with pytest.raises(LimitExceededError, match="It takes properties placed by their load") as refused:
        plan(COST, replace(LOAD, orders_per_second=2_000))
    assert [usage.limit for usage in refused.value.exceeded] == [limits.QUEUE]


def test_nothing_raises_the_instances_of_one_app() -> None:
    accept = Step("accept", "http", "Orders", 1, 3, 0, 1, 1_000.0, 32.0)
    slow = replace(COST, steps=(accept, *COST.steps[1:]))
    with pytest.raises(LimitExceededError, match=r"It takes another design\.$") as refused:
        plan(slow, Load(1_000, carrying=1))
    assert refused.value.exceeded == (Usage(limits.HTTP_INSTANCES, 2_000),)


@given(
    orders_per_second=st.floats(0.1, 20_000),
    carrying=st.integers(1, 3),
    busy_stores=st.integers(200, 1_000),
    busy_share=st.floats(0.5, 0.95),
)
def test_a_plan_keeps_each_limit_and_has_none_to_spare(
    orders_per_second: float, carrying: int, busy_stores: int, busy_share: float
) -> None:
    load = Load(orders_per_second, carrying, busy_stores=busy_stores, busy_share=busy_share)
    layout = plan(COST, load)
    assert all(usage.share <= FILL for usage in usages(COST, load, layout))
    for lever in set(layout.levers) - {Lever.ACCOUNTS}:
        less = replace(layout, **{lever: getattr(layout, lever) - 1})
        assert any(usage.share > FILL for usage in usages(COST, load, less)), lever
    if layout.accounts > layout.units:
        less = replace(layout, accounts=layout.accounts - 1)
        assert any(usage.share > FILL for usage in usages(COST, load, less))


def test_an_instance_looks_at_a_document_again_once_it_is_stale() -> None:
    often = Load(1e6, carrying=1, stores=2, busy_stores=1, busy_share=0.5)
    running = instances(COST, often, Layout())["http"]
    assert running == 2_000
    assert blob_reads(COST, often, Layout()) == pytest.approx(2 * 2 * 2_000 / (5 + 2_000 / 500_000))


def test_a_document_is_not_looked_at_more_often_than_orders_come() -> None:
    seldom = Load(0.002, carrying=1, stores=2, busy_stores=1, busy_share=0.5)
    assert blob_reads(COST, seldom, Layout()) == pytest.approx(2 * 0.002, rel=0.01)


def test_a_limit_bears_so_many_orders() -> None:
    assert most_borne(COST, limits.QUEUE, LOAD, Layout()) == pytest.approx(2 * 2_000 / 3, rel=1e-5)
    share_of_fullest = LOAD.fullest_rate(2) / LOAD.orders_per_second
    assert most_borne(COST, limits.QUEUE, LOAD, Layout(units=2, accounts=2)) == pytest.approx(
        2_000 / 3 / share_of_fullest, rel=1e-5
    )


def test_orders_do_not_count_for_some_limits() -> None:
    assert most_borne(COST, limits.ENDPOINTS, LOAD, Layout()) is None


def test_a_million_orders_cost_what_each_meter_charges() -> None:
    up = replace(LOAD, carrying=4)
    seconds = 1_000
    running = 1 + (1 + 8 + 1)
    assert bill(COST, up, Layout()) == {
        "tables": prices.TABLE_OPERATIONS.of(7_000_000 + 20 / 5 * seconds),
        "queues": prices.QUEUE_OPERATIONS.of(6_000_000),
        "Event Grid": prices.EVENT_GRID_OPERATIONS.of(5_000_000),
        "blobs": prices.BLOB_READS.of(4 * blob_reads(COST, up, Layout()) * seconds),
        "executions": prices.FUNCTION_EXECUTIONS.of(3_000_000),
        "instances": prices.ON_DEMAND_GB_SECONDS.of(4 * running * 2 * seconds),
        "rows kept": prices.TABLE_GB_MONTHS.of(1),
    }


def test_the_requirement_is_read_as_rows_and_as_orders() -> None:
    read = [(case.name, case.orders_per_second) for case in cases(COST)]
    assert read == [
        ("22,222 rows/s", 22_222 / 9),
        ("222,222 rows/s", 222_222 / 9),
        ("22,222 orders/s", 22_222),
        ("222,222 orders/s", 222_222),
    ]


def test_a_case_is_planned_for_the_day_that_a_region_is_down() -> None:
    case = Case("busy", COST, 9_000)
    assert (case.up.carrying, case.moved.carrying) == (3, 2)
    assert case.layout == plan(COST, case.moved)
    assert case.find_refusal() is None
    in_a_unit = instances(COST, case.moved, case.layout)["orders-post"]
    assert case.instances("orders-post") == in_a_unit * case.layout.units
    assert case.hourly == sum(case.bill.values()) * 9 * 3.6


def test_a_case_that_no_layout_bears_says_why() -> None:
    refusal = Case("huge", COST, 300_000).find_refusal()
    assert refusal is not None
    assert refusal.exceeded == (Usage(limits.PROPERTY_QUEUE, 1_800),)


def test_measured_cpu_is_parted_among_an_apps_steps_as_it_was_estimated() -> None:
    measured = COST.with_cpu({"orders": 10.0, "inventory": 3.0, "storage": 99.0})
    assert [step.cpu_ms for step in measured.steps] == [2.0, 3.0, 8.0]
    assert replace(measured, steps=COST.steps) == COST


def test_costs_with_a_field_that_the_model_does_not_know_are_refused(tmp_path: Path) -> None:
    costs = json.loads(COSTS.read_text())
    path = tmp_path / "costs.json"
    path.write_text(json.dumps({**costs, "queries": 1}))
    with pytest.raises(ValueError, match="queries"):
        read_costs(path)


def test_the_page_holds_what_the_model_says_of_the_committed_costs() -> None:
    page = SCALE.read_text()
    assert with_tables(page, tables(costs())) == page


def test_only_what_is_between_the_marks_is_replaced() -> None:
    assert with_tables(f"a\n{BEGIN}old{END}\nb", "new") == f"a\n{BEGIN}\n\nnew\n\n{END}\nb"


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="the page has no"):
        with_tables("a page", "new")
