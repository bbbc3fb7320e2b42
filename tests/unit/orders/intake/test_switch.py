"""The restaurant's own switch: what it says holds at once here, soon everywhere, and intake outlives it."""

import pytest
from pydantic import ValidationError
from tests.faults import Faults, FaultyTable
from tests.ordering import OrderingRegion
from tests.polling import until
from tests.restaurant import CODE, NOON, ORDER, property_with
from tests.tenants import ManualClock

from muneris.cloud.tables import OutcomeUnknownError, TableUnavailableError, Transaction
from muneris.core.clock import from_rfc3339
from muneris.core.problems import ProblemError
from muneris.orders.intake.switch import FRESH_SECONDS, IntakeSwitch
from muneris.orders.intake.timing import OPEN, IntakeState

PAUSED = IntakeState(state="paused")
UNTIL_ONE = IntakeState(state="paused", until=from_rfc3339("2030-05-04T13:00:00Z"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def table() -> FaultyTable:
    return FaultyTable(faults=Faults(), reads=Faults())


def process(table: FaultyTable, clock: ManualClock) -> IntakeSwitch:
    return IntakeSwitch(table, clock, monotonic=clock.monotonic)


async def test_it_is_open_until_something_is_said(table: FaultyTable, clock: ManualClock) -> None:
    assert await process(table, clock).get(CODE) == OPEN


@pytest.mark.parametrize("said", [PAUSED, UNTIL_ONE, IntakeState(state="busy", extra_minutes=25)])
async def test_what_is_said_holds_here_at_once_and_elsewhere_soon(
    said: IntakeState, table: FaultyTable, clock: ManualClock
) -> None:
    here, elsewhere = process(table, clock), process(table, clock)
    assert await elsewhere.get(CODE) == OPEN
    await here.put(CODE, said)
    assert await here.get(CODE) == said
    clock.advance(seconds=FRESH_SECONDS)
    assert await elsewhere.get(CODE) == said
    assert await here.get("NOR-ODE01") == OPEN
    assert await process(table, clock).get(CODE) == said


async def test_it_opens_by_itself_when_its_time_has_come(table: FaultyTable, clock: ManualClock) -> None:
    switch = process(table, clock)
    await switch.put(CODE, UNTIL_ONE)
    clock.moment = from_rfc3339("2030-05-04T12:59:59.999999Z")
    assert await switch.get(CODE) == UNTIL_ONE
    clock.moment = from_rfc3339("2030-05-04T13:00:00Z")
    assert await switch.get(CODE) == OPEN


async def test_it_is_read_ahead_of_its_time_and_nobody_waits(table: FaultyTable, clock: ManualClock) -> None:
    here, elsewhere = process(table, clock), process(table, clock)
    assert await elsewhere.get(CODE) == OPEN
    await here.put(CODE, PAUSED)
    reads = table.reads.calls
    clock.advance(seconds=0.9 * FRESH_SECONDS)
    assert await elsewhere.get(CODE) == OPEN
    assert table.reads.calls == reads
    await until(lambda: table.reads.calls > reads)
    await until(lambda: not elsewhere._states._readings)  # noqa: SLF001 - what is not waited for shows nowhere
    assert await elsewhere.get(CODE) == PAUSED
    assert table.reads.calls == reads + 1


async def test_where_it_is_expected_it_is_read_once(table: FaultyTable, clock: ManualClock) -> None:
    switch = process(table, clock)
    switch.expect(CODE)
    assert await switch.get(CODE) == OPEN
    switch.expect(CODE)
    assert await switch.get(CODE) == OPEN
    assert table.reads.calls == 1


async def test_while_it_cannot_be_read_it_is_where_it_was(table: FaultyTable, clock: ManualClock) -> None:
    switch = process(table, clock)
    await switch.put(CODE, PAUSED)
    table.reads.down()
    for _ in range(3):
        clock.advance(hours=10)
        assert await switch.get(CODE) == PAUSED
    assert table.reads.struck == 3


async def test_before_it_can_be_read_it_is_open(table: FaultyTable, clock: ManualClock) -> None:
    await process(table, clock).put(CODE, PAUSED)
    table.reads.down()
    switch = process(table, clock)
    assert await switch.get(CODE) == OPEN
    table.reads.calm()
    assert await switch.get(CODE) == PAUSED


async def test_who_cannot_write_it_is_told(table: FaultyTable, clock: ManualClock) -> None:
    switch = process(table, clock)
    table.faults.down()
    with pytest.raises(TableUnavailableError):
        await switch.put(CODE, PAUSED)
    assert await switch.get(CODE) == OPEN
    table.faults.fail("after", {0})
    with pytest.raises(OutcomeUnknownError):
        await switch.put(CODE, PAUSED)
    clock.advance(seconds=FRESH_SECONDS)
    assert await switch.get(CODE) == PAUSED


@pytest.mark.parametrize(
    "said",
    [
        {"state": "closed"},
        {"state": "busy", "extra_minutes": -1},
        {"state": "paused", "until": "2030-05-04T13:00:00"},
        {"state": "paused", "until": "0001-01-01T00:00:00+01:00"},
    ],
)
def test_what_means_nothing_cannot_be_said(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        IntakeState.model_validate(said)


def test_a_time_is_kept_in_utc() -> None:
    said = IntakeState.model_validate({"state": "paused", "until": "2030-05-04T15:00:00+02:00"})
    assert said == UNTIL_ONE
    assert said.model_dump_json(exclude_none=True) == '{"state":"paused","until":"2030-05-04T13:00:00Z"}'


@pytest.mark.parametrize(("said", "until_when"), [(PAUSED, None), (UNTIL_ONE, "2030-05-04T13:00:00.000000Z")])
async def test_a_paused_property_takes_no_orders(
    said: IntakeState, until_when: str | None, region: OrderingRegion
) -> None:
    key = region.key()
    first = await region.place(key)
    await region.switch.put(CODE, said)
    await region.scheduler.quiet()
    stored, published = await region.rows(), list(region.bus.published)
    later = {**ORDER, "fulfilment": {"type": "pickup", "requested_at": "2030-05-05T12:00:00Z"}}
    for order in (ORDER, later):
        answer = await region.place(order=order)
        assert (answer.status, answer.code) == (409, "property_not_open")
        assert answer.json()["until"] == until_when
    assert await region.rows() == stored
    assert region.bus.published == published
    again = await region.place(key)
    assert (again.status, again.body) == (202, first.body)


@pytest.mark.parametrize(("said", "minutes"), [({"extra_minutes": 25}, 45), ({}, 35)])
async def test_a_busy_property_takes_longer(
    said: dict[str, int], minutes: int, region: OrderingRegion
) -> None:
    region.properties.values[CODE] = property_with(lead_minutes=20)
    await region.switch.put(CODE, IntakeState.model_validate({"state": "busy", **said}))
    placed = await region.place()
    got = (await region.get(placed.json()["order_id"])).json()
    ready_at = f"2030-05-04T12:{minutes}:00.000000Z"
    assert got["fulfilment"]["promised_at"] == ready_at
    sooner = {**ORDER, "fulfilment": {"type": "pickup", "requested_at": "2030-05-04T12:30:00Z"}}
    answer = await region.place(order=sooner)
    assert (answer.code, answer.json()["earliest"]) == ("requested_time_unavailable", ready_at)


async def test_being_busy_promises_a_time_where_there_is_no_lead(region: OrderingRegion) -> None:
    await region.switch.put(CODE, IntakeState(state="busy", extra_minutes=10))
    placed = await region.place()
    got = (await region.get(placed.json()["order_id"])).json()
    assert got["fulfilment"]["promised_at"] == "2030-05-04T12:10:00.000000Z"


async def test_what_a_newer_version_says_does_not_stop_intake(table: FaultyTable, clock: ManualClock) -> None:
    await table.transact(Transaction(CODE).upsert("intake", {"State": '{"state":"holiday"}'}))
    assert await process(table, clock).get(CODE) == OPEN


async def test_what_would_be_over_at_once_is_refused(table: FaultyTable, clock: ManualClock) -> None:
    switch = process(table, clock)
    with pytest.raises(ProblemError, match="invalid"):
        await switch.put(CODE, IntakeState(state="paused", until=NOON))
    assert await table.keys(CODE) == []


@pytest.mark.parametrize("said", [{"until": 0}, {"extra_minutes": "20"}, {"extra_minutes": True}])
def test_what_is_no_time_or_no_number_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        IntakeState.model_validate({"state": "busy", **said})
