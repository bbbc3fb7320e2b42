"""How far a region is behind: what is counted, when it is late, and how Prometheus reads it."""

from datetime import timedelta
from itertools import batched

import pytest
from tests.asgi import call
from tests.ordering import OrderingRegion
from tests.restaurant import CODE, NOON, ORDER

from muneris.cloud.tables import Page, TableUnavailableError, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.cloud.tables.table import PAGE
from muneris.core.ids import new_uuid7
from muneris.orders.model import Step
from muneris.orders.operations import backlog
from muneris.orders.operations.backlog import COUNTED, FRESH_SECONDS, LATE_AFTER, Count, Owed
from muneris.orders.operations.metrics import exposition
from muneris.orders.work_rows import work_values

ELSEWHERE = "NOR-ODE01"


class PartlyDown(MemoryTable):
    """A table that notes which partitions are listed; one of them cannot be."""

    down = ""
    error: Exception = TableUnavailableError("down")

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []

    async def page(
        self,
        partition: str,
        *,
        start: str = "",
        end: str = "\uffff",
        limit: int = PAGE,
        continuation: str | None = None,
    ) -> Page:
        self.pages.append(partition)
        if partition == self.down:
            raise self.error
        return await super().page(partition, start=start, end=end, limit=limit, continuation=continuation)


async def wait_for_stock(region: OrderingRegion, count: int = 1, at: str = CODE) -> None:
    """Orders whose stock is asked for in vain."""
    region.bus.down()
    for _ in range(count):
        assert (await region.place(at=at)).status == 202
    await region.scheduler.quiet()


async def count_anew(region: OrderingRegion) -> Count:
    """What waits, with nothing remembered."""
    region.clock.advance(seconds=FRESH_SECONDS)
    return await region.backlog.count()


async def component(region: OrderingRegion, name: str) -> str:
    region.clock.advance(seconds=FRESH_SECONDS)
    answer = await call(region.app, "GET", "/health")
    assert (answer.status, answer.json()["status"]) == (200, "healthy")
    state: str = answer.json()["components"][name]
    return state


async def test_where_nothing_waits_nothing_is_counted(region: OrderingRegion) -> None:
    counted = await region.backlog.count()
    assert counted == Count(Owed({}, None, None), {"orders-inbox": 0, "orders-post": 0}, 0)
    assert not await region.backlog.is_late()
    assert not await region.backlog.has_poison()


async def test_steps_are_counted_over_all_properties(region: OrderingRegion) -> None:
    await region.add_property(ELSEWHERE)
    await region.reserved()
    region.clock.advance(seconds=5)
    await wait_for_stock(region, 2)
    await wait_for_stock(region, 1, ELSEWHERE)
    counted = await count_anew(region)
    assert counted.owed == Owed({Step.POST: 1, Step.RESERVE: 3}, NOON, NOON + timedelta(seconds=10))


async def test_it_is_late_a_minute_after_the_oldest_was_due(region: OrderingRegion) -> None:
    await wait_for_stock(region)
    (work,) = await region.works()
    region.clock.moment = work.due_at + LATE_AFTER
    assert not await region.backlog.is_late()
    region.clock.moment += timedelta(microseconds=1)
    assert await region.backlog.is_late()
    assert await component(region, "work") == "late"
    region.bus.up()
    await region.sweep()
    assert await component(region, "work") == "ok"


async def test_an_order_for_later_does_not_count_before_its_time(region: OrderingRegion) -> None:
    later = {**ORDER, "fulfilment": {"type": "pickup", "requested_at": "2030-05-05T12:00:00Z"}}
    assert (await region.place(order=later)).status == 202
    (work,) = await region.works()
    assert (await count_anew(region)).owed == Owed({}, None, None)
    region.clock.moment = work.born_at
    assert (await count_anew(region)).owed.steps == {Step.RESERVE: 1}


@pytest.mark.parametrize(("owed", "counted", "more"), [(2, 2, 0), (3, 2, 1)])
async def test_counting_a_property_ends_somewhere_and_that_is_said(
    owed: int, counted: int, more: int, region: OrderingRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "COUNTED", 2)
    await wait_for_stock(region, owed)
    count = (await count_anew(region)).owed
    assert (count.steps, count.more) == ({Step.RESERVE: counted}, more)
    lines = exposition(Count(count, {}, 0), NOON).splitlines()
    assert f"muneris_work_uncounted_properties {more}" in lines


async def test_what_is_to_begin_later_ends_counting_too(
    region: OrderingRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "COUNTED", 1)
    later = {**ORDER, "fulfilment": {"type": "pickup", "requested_at": "2030-05-05T12:00:00Z"}}
    for _ in range(2):
        assert (await region.place(order=later)).status == 202
    assert (await count_anew(region)).owed == Owed({}, None, None, more=1)


async def test_a_count_of_a_long_outage_costs_a_query_a_property() -> None:
    table = PartlyDown()
    region = OrderingRegion(table)
    await region.open()
    await region.add_property(ELSEWHERE)
    await wait_for_stock(region, 1, ELSEWHERE)
    await wait_for_stock(region)
    (work,) = await region.works()
    keys = [f"work|{new_uuid7(NOON)}|000001|reserve" for _ in range(3_000)]
    for some in batched(keys, 100, strict=False):
        transaction = Transaction(CODE)
        for key in some:
            transaction.insert(key, work_values(work))
        await region.orders.transact(transaction)
    table.pages.clear()
    count = (await count_anew(region)).owed
    assert (count.steps, count.more) == ({Step.RESERVE: COUNTED + 1}, 1)
    assert sorted(table.pages) == [CODE, ELSEWHERE]


async def test_so_many_properties_are_looked_at_for_a_count_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "LOOKED_AT", 2)
    table = PartlyDown()
    region = OrderingRegion(table)
    await region.open()
    codes = [CODE, ELSEWHERE, "NOR-AAR01"]
    for code in codes[1:]:
        await region.add_property(code)
    for code in codes:
        await wait_for_stock(region, 1, code)
    first_due = NOON + timedelta(seconds=10)
    seen: list[set[str]] = []
    for counted in (2, 3, 3):
        table.pages.clear()
        assert (await count_anew(region)).owed.steps == {Step.RESERVE: counted}
        seen.append(set(table.pages))
    assert [len(each) for each in seen] == [2, 2, 2]
    assert seen[0] | seen[1] == set(codes)
    assert seen[2] != seen[1]
    assert (await region.backlog.count()).owed.due_at == first_due


async def test_a_property_that_is_not_looked_at_is_as_late_as_it_was(
    region: OrderingRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may long have been swept: time alone makes nobody late who was not."""
    await region.add_property(ELSEWHERE)
    await wait_for_stock(region)
    monkeypatch.setattr(backlog, "LOOKED_AT", 1)
    (work,) = await region.works()
    region.clock.moment = work.due_at
    assert (await region.backlog.count()).owed.due_at == work.due_at
    await region.agenda.touch(ELSEWHERE)
    region.clock.moment += LATE_AFTER * 2
    assert not await region.backlog.is_late()
    assert (await region.backlog.count()).owed.due_at == region.clock.now()
    region.clock.moment += timedelta(seconds=FRESH_SECONDS)
    assert await region.backlog.is_late()


async def test_a_property_that_left_the_agenda_counts_no_more(region: OrderingRegion) -> None:
    await wait_for_stock(region)
    assert (await count_anew(region)).owed.steps == {Step.RESERVE: 1}
    await region.agenda_table.transact(Transaction("region").delete(CODE, etag="*"))
    assert (await count_anew(region)).owed == Owed({}, None, None)


@pytest.mark.parametrize("error", [TableUnavailableError("down"), KeyError("bug")])
async def test_a_property_that_cannot_be_read_does_not_hide_the_others(error: Exception) -> None:
    table = PartlyDown()
    table.error = error
    region = OrderingRegion(table)
    await region.open()
    await region.add_property(ELSEWHERE)
    await wait_for_stock(region, 1)
    await wait_for_stock(region, 2, ELSEWHERE)
    table.down = CODE
    assert (await count_anew(region)).owed.steps == {Step.RESERVE: 2}


async def test_what_it_last_owed_counts_until_it_can_be_read_again() -> None:
    table = PartlyDown()
    region = OrderingRegion(table)
    await region.open()
    await wait_for_stock(region)
    assert (await count_anew(region)).owed.steps == {Step.RESERVE: 1}
    table.down = CODE
    assert (await count_anew(region)).owed.steps == {Step.RESERVE: 1}


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("000009|refund", {}),
        ("000009", {}),
        ("000009|post|a|b", {}),
        ("ninth|post", {}),
        ("000009|post", {"BornAt": "at noon"}),
        ("000009|post", {"Attempts": "many"}),
    ],
)
async def test_a_row_that_cannot_be_read_is_reported_once_and_hides_no_other(
    region: OrderingRegion, caplog: pytest.LogCaptureFixture, key: str, changed: dict[str, str]
) -> None:
    await wait_for_stock(region)
    (work,) = await region.works()
    unreadable = f"work|{work.ask.order_id}|{key}"
    row = Transaction(CODE).insert(unreadable, {**work_values(work), **changed})
    await region.orders.transact(row)
    region.clock.advance(seconds=FRESH_SECONDS)
    caplog.clear()
    for path in ("/health", "/v1/orders/metrics", "/v1/orders/work"):
        assert (await call(region.app, "GET", path, headers=region.staff())).status == 200
    assert (await region.backlog.count()).owed.steps == {Step.RESERVE: 1}
    region.bus.up()
    region.clock.advance(minutes=2)
    await region.sweep()
    assert await region.works() == []
    assert [record.levelname for record in caplog.records if unreadable in record.getMessage()] == ["ERROR"]
    region.clock.advance(hours=1)
    await region.sweep()
    assert [entry.key for entry in await region.agenda.entries()] == [CODE]  # another version may read it


async def test_what_was_counted_is_good_for_a_while(region: OrderingRegion) -> None:
    assert (await region.backlog.count()).owed.steps == {}
    await wait_for_stock(region)
    assert (await region.backlog.count()).owed.steps == {}
    assert (await count_anew(region)).owed.steps == {Step.RESERVE: 1}


async def test_poison_shows_until_it_is_gone(region: OrderingRegion) -> None:
    await region.queues.put("orders-post-poison", "a")
    assert await component(region, "poison") == "some"
    assert (await region.backlog.count()).poison == {"orders-inbox": 0, "orders-post": 1}
    assert await region.poison.drop("orders-post") == 1
    assert await component(region, "poison") == "ok"


async def test_prometheus_reads_the_gauges(region: OrderingRegion) -> None:
    await wait_for_stock(region, 2)
    await region.queues.put("orders-inbox-poison", "a")
    region.clock.advance(seconds=30.5)
    answer = await call(region.app, "GET", "/v1/orders/metrics", headers=region.staff())
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    owed = "".join(
        f'muneris_work_owed{{step="{step}"}} {2 if step is Step.RESERVE else 0}\n' for step in sorted(Step)
    )
    assert answer.body.decode() == (
        "# HELP muneris_work_owed Steps that orders owe.\n"
        "# TYPE muneris_work_owed gauge\n"
        f"{owed}"
        "# HELP muneris_work_oldest_seconds Age of the oldest step that is owed.\n"
        "# TYPE muneris_work_oldest_seconds gauge\n"
        "muneris_work_oldest_seconds 30.5\n"
        "# HELP muneris_work_uncounted_properties Properties that owe more than was counted.\n"
        "# TYPE muneris_work_uncounted_properties gauge\n"
        "muneris_work_uncounted_properties 0\n"
        "# HELP muneris_poison_messages Messages that failed too often.\n"
        "# TYPE muneris_poison_messages gauge\n"
        'muneris_poison_messages{queue="orders-inbox"} 1\n'
        'muneris_poison_messages{queue="orders-post"} 0\n'
        "# HELP muneris_orders_needing_attention Orders that cannot be settled from here.\n"
        "# TYPE muneris_orders_needing_attention gauge\n"
        "muneris_orders_needing_attention 0\n"
    )


def test_a_step_that_nobody_owes_is_zero_and_nothing_is_old() -> None:
    lines = exposition(Count(Owed({}, None, None), {}, 3), NOON).splitlines()
    assert {f'muneris_work_owed{{step="{step}"}} 0' for step in Step} <= set(lines)
    assert "muneris_work_oldest_seconds 0.0" in lines
    assert "muneris_orders_needing_attention 3" in lines


async def test_metrics_say_when_they_cannot_count(region: OrderingRegion) -> None:
    region.faults.down()
    answer = await call(region.app, "GET", "/v1/orders/metrics", headers=region.staff())
    assert (answer.status, answer.code) == (503, "service_unavailable")
