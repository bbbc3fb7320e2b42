"""When the region counts as healthy, and how soon it says so."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest
from tests.asgi import call
from tests.faults import FaultyTable
from tests.loop_time import LoopTime
from tests.ordering import OrderingRegion
from tests.tenants import ManualClock

from muneris.cloud.tables import Transaction
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.core.operational import OperationalError
from muneris.orders.life.targets import SILENT_AFTER, Targets
from muneris.orders.operations.health import Health, Symptom, silent_simphony

PARTS = ("auth", "config", "inventory", "tables-account2")
ALL_WELL = {
    "tables": "ok",
    "queues": "ok",
    "orders": "ok",
    "auth": "ok",
    "config": "ok",
    "inventory": "ok",
    "tables-account2": "ok",
    "simphony": "ok",
    "work": "ok",
    "poison": "ok",
}
ANSWERS_WITHIN = 0.7


class Checked:
    """Something whose health is checked."""

    def __init__(self) -> None:
        self.is_up = True
        self.error: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = 0

    async def __call__(self) -> bool:
        self.asked += 1
        await self.answers.wait()
        if self.error is not None:
            raise self.error
        return self.is_up


class Region:
    """Region api1 and what its health depends on."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.settings, self.agenda = FaultyTable(), FaultyTable()
        self.queues = Checked()
        self.parts = {part: Checked() for part in PARTS}
        self.targets = Targets(self.agenda, self.clock, self.clock.monotonic)
        self.late, self.poison = Checked(), Checked()
        self.late.is_up = self.poison.is_up = False
        symptoms = {
            "simphony": silent_simphony(self.targets),
            "work": Symptom("late", self.late),
            "poison": Symptom("some", self.poison),
        }
        self.health = Health("api1", self.settings, self.queues, self.parts, symptoms, self.clock.monotonic)

    async def drain(self, *, draining: bool) -> None:
        row = Transaction("region").upsert("drain", {"Draining": draining})
        await self.settings.transact(row)

    async def report(self) -> tuple[str, int, Mapping[str, str]]:
        report = await self.health.report()
        assert report.region == "api1"
        return report.status, report.http_status, report.components


@pytest.fixture
def region() -> Region:
    return Region()


async def test_all_is_well(region: Region) -> None:
    assert await region.report() == ("healthy", 200, ALL_WELL)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("error", [None, OperationalError("refused")])
async def test_without_an_app_or_a_further_account_it_is_degraded_and_stays_in_service(
    region: Region, part: str, error: Exception | None
) -> None:
    region.parts[part].is_up = False
    region.parts[part].error = error
    assert await region.report() == ("degraded", 200, ALL_WELL | {part: "down"})


@pytest.mark.parametrize("broken", ["tables", "queues"])
async def test_without_storage_it_is_unhealthy(region: Region, broken: str) -> None:
    if broken == "tables":
        region.settings.faults.down()
    else:
        region.queues.error = OperationalError("refused")
    assert await region.report() == ("unhealthy", 503, ALL_WELL | {broken: "down"})


async def test_it_drains_as_long_as_its_row_says_so(region: Region) -> None:
    await region.drain(draining=True)
    region.parts["auth"].is_up = False
    assert await region.report() == ("draining", 503, ALL_WELL | {"auth": "down"})
    await region.drain(draining=False)
    region.clock.advance(seconds=1)
    assert await region.report() == ("degraded", 200, ALL_WELL | {"auth": "down"})


async def test_whether_it_drains_does_not_matter_when_it_cannot_work(region: Region) -> None:
    await region.drain(draining=True)
    region.queues.error = OperationalError("refused")
    assert await region.report() == ("unhealthy", 503, ALL_WELL | {"queues": "down"})


async def test_a_silent_simphony_is_reported_and_never_counted(region: Region) -> None:
    born_at = region.clock.now() - SILENT_AFTER - timedelta(seconds=1)
    assert await region.targets.notice_silence("simphony|NOR-CPH01", born_at)
    assert await region.report() == ("healthy", 200, ALL_WELL | {"simphony": "silent"})
    await region.targets.answered("simphony|NOR-CPH01")
    region.clock.advance(seconds=1)
    assert await region.report() == ("healthy", 200, ALL_WELL)


async def test_a_silent_inventory_is_no_silent_simphony(region: Region) -> None:
    born_at = region.clock.now() - SILENT_AFTER - timedelta(seconds=1)
    assert await region.targets.notice_silence("inventory", born_at)
    assert await region.report() == ("healthy", 200, ALL_WELL)


@pytest.mark.parametrize(("symptom", "state"), [("work", "late"), ("poison", "some")])
async def test_what_waits_is_reported_and_never_counted(region: Region, symptom: str, state: str) -> None:
    checked = {"work": region.late, "poison": region.poison}[symptom]
    checked.is_up = True
    assert await region.report() == ("healthy", 200, ALL_WELL | {symptom: state})


@pytest.mark.parametrize("error", [OperationalError("down"), RequestRefusedError("403")])
async def test_what_cannot_be_known_is_said_to_be_unknown(region: Region, error: Exception) -> None:
    region.late.error = region.poison.error = error
    unknown = {"work": "unknown", "poison": "unknown"}
    assert await region.report() == ("healthy", 200, ALL_WELL | unknown)


@pytest.mark.parametrize(
    ("slow", "status", "down"),
    [
        ("tables", "unhealthy", {"tables": "down"}),
        ("queues", "unhealthy", {"queues": "down"}),
        ("auth", "degraded", {"auth": "down"}),
        ("simphony", "healthy", {"simphony": "unknown"}),
        ("work", "healthy", {"work": "unknown"}),
        (
            "all",
            "unhealthy",
            dict.fromkeys(("tables", "queues", *PARTS), "down")
            | dict.fromkeys(("simphony", "work", "poison"), "unknown"),
        ),
    ],
)
async def test_what_is_slow_is_not_waited_for(
    region: Region, monkeypatch: pytest.MonkeyPatch, slow: str, status: str, down: dict[str, str]
) -> None:
    loop_time = LoopTime(monkeypatch)
    if slow in {"tables", "all"}:
        region.settings.faults.plan = lambda _: "silent before"
    if slow in {"simphony", "all"}:
        region.agenda.faults.plan = lambda _: "silent before"
    checks = {"queues": region.queues, "work": region.late, "poison": region.poison, **region.parts}
    for name, checked in checks.items():
        if slow in {name, "all"}:
            checked.answers.clear()
    reporting = asyncio.create_task(region.report())
    await loop_time.skip(0)
    await loop_time.skip(ANSWERS_WITHIN - 0.1)
    assert not reporting.done()
    await loop_time.skip(0.1)
    assert reporting.done()
    assert await reporting == (status, 503 if status == "unhealthy" else 200, ALL_WELL | down)


async def test_a_report_is_good_for_a_second_however_many_ask(region: Region) -> None:
    checked = [region.queues, *region.parts.values()]
    await asyncio.gather(*(region.report() for _ in range(10)))
    region.queues.is_up = False
    region.clock.advance(seconds=0.5)
    assert await region.report() == ("healthy", 200, ALL_WELL)
    assert [each.asked for each in checked] == [1] * len(checked)
    region.clock.advance(seconds=0.5)
    assert (await region.report())[:2] == ("unhealthy", 503)
    assert [each.asked for each in checked] == [2] * len(checked)


async def test_a_bug_in_a_check_is_no_state_of_the_region(region: Region) -> None:
    region.queues.error = KeyError("bug")
    with pytest.raises(KeyError):
        await region.report()


async def test_a_bug_in_a_symptom_takes_no_region_out_of_service(
    region: Region, caplog: pytest.LogCaptureFixture
) -> None:
    region.late.error = KeyError("bug")
    assert await region.report() == ("healthy", 200, ALL_WELL | {"work": "unknown"})
    assert [record.getMessage() for record in caplog.records] == ["health: a symptom is not known"]
    assert "KeyError: 'bug'" in caplog.text


async def test_anyone_may_ask() -> None:
    answer = await call(OrderingRegion().app, "GET", "/health")
    assert (answer.status, answer.json()) == (
        200,
        {
            "region": "api1",
            "status": "healthy",
            "components": {
                "tables": "ok",
                "queues": "ok",
                "orders": "ok",
                "simphony": "ok",
                "work": "ok",
                "poison": "ok",
            },
        },
    )
    assert answer.headers["muneris-region"] == "api1"


async def test_a_region_that_cannot_take_orders_answers_503() -> None:
    region = OrderingRegion()
    await region.settings.transact(Transaction("region").upsert("drain", {"Draining": True}))
    answer = await call(region.app, "GET", "/health")
    assert (answer.status, answer.json()["status"]) == (503, "draining")
