from datetime import timedelta

import pytest
from tests.faults import FaultyTable
from tests.polling import until
from tests.tenants import ManualClock

from muneris.cloud.agenda import REMEMBERED_FOR, SETTLED_AFTER, Agenda
from muneris.cloud.tables import TableUnavailableError
from muneris.core.cache import EARLY
from muneris.core.clock import to_rfc3339


class Sweeping:
    """Two processes with one agenda: one that remembers its touches, one that does not."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.table = FaultyTable()
        self.remembering = Agenda(self.table, "orders", self.clock, remembered=REMEMBERED_FOR)
        self.other = Agenda(self.table, "orders", self.clock)

    async def touched(self) -> dict[str, str]:
        return {row.key: row.text("Touched") for row in await self.other.entries()}

    async def sweep(self) -> None:
        for entry in await self.other.entries():
            await self.other.drop_settled(entry)


@pytest.fixture
def sweeping() -> Sweeping:
    return Sweeping()


async def test_what_is_touched_is_an_entry_of_its_purpose(sweeping: Sweeping) -> None:
    await sweeping.other.touch("NOR-CPH01")
    await sweeping.other.touch("NOR-CPH02")
    now = to_rfc3339(sweeping.clock.now())
    assert await sweeping.touched() == {"NOR-CPH01": now, "NOR-CPH02": now}
    assert await Agenda(sweeping.table, "stock", sweeping.clock).entries() == []


async def test_a_touch_renews_the_entry(sweeping: Sweeping) -> None:
    await sweeping.other.touch("NOR-CPH01")
    sweeping.clock.advance(minutes=1)
    await sweeping.other.touch("NOR-CPH01")
    assert await sweeping.touched() == {"NOR-CPH01": to_rfc3339(sweeping.clock.now())}


async def test_a_remembered_touch_is_not_repeated(sweeping: Sweeping) -> None:
    await sweeping.remembering.touch("NOR-CPH01")
    first = await sweeping.touched()
    sweeping.clock.moment += EARLY * REMEMBERED_FOR - timedelta(microseconds=1)
    await sweeping.remembering.touch("NOR-CPH01")
    assert await sweeping.touched() == first
    sweeping.clock.moment += REMEMBERED_FOR
    await sweeping.remembering.touch("NOR-CPH01")
    assert await sweeping.touched() == {"NOR-CPH01": to_rfc3339(sweeping.clock.now())}


async def test_a_touch_in_use_is_renewed_ahead_and_nobody_waits_for_that(sweeping: Sweeping) -> None:
    await sweeping.remembering.touch("NOR-CPH01")
    sweeping.clock.moment += EARLY * REMEMBERED_FOR
    sweeping.table.faults.down()
    await sweeping.remembering.touch("NOR-CPH01")
    await until(lambda: sweeping.table.faults.struck == 1)
    sweeping.table.faults.calm()
    sweeping.clock.advance(seconds=10)
    calls = sweeping.table.faults.calls
    await sweeping.remembering.touch("NOR-CPH01")
    assert sweeping.table.faults.calls == calls
    await until(lambda: sweeping.table.faults.calls > calls)
    assert await sweeping.touched() == {"NOR-CPH01": to_rfc3339(sweeping.clock.now())}


async def test_a_touch_that_failed_is_not_remembered(sweeping: Sweeping) -> None:
    sweeping.table.faults.down()
    with pytest.raises(TableUnavailableError):
        await sweeping.remembering.touch("NOR-CPH01")
    sweeping.table.faults.calm()
    await sweeping.remembering.touch("NOR-CPH01")
    assert list(await sweeping.touched()) == ["NOR-CPH01"]


async def test_a_young_entry_stays_and_an_old_one_goes(sweeping: Sweeping) -> None:
    await sweeping.other.touch("NOR-CPH01")
    sweeping.clock.moment += SETTLED_AFTER - timedelta(microseconds=1)
    await sweeping.sweep()
    assert list(await sweeping.touched()) == ["NOR-CPH01"]
    sweeping.clock.moment += timedelta(microseconds=1)
    await sweeping.sweep()
    assert await sweeping.touched() == {}


async def test_an_entry_touched_since_it_was_read_stays(sweeping: Sweeping) -> None:
    await sweeping.other.touch("NOR-CPH01")
    sweeping.clock.moment += SETTLED_AFTER
    (read,) = await sweeping.other.entries()
    await sweeping.other.touch("NOR-CPH01")
    await sweeping.other.drop_settled(read)
    assert list(await sweeping.touched()) == ["NOR-CPH01"]


async def test_of_two_sweeps_the_slower_finds_it_gone(sweeping: Sweeping) -> None:
    await sweeping.other.touch("NOR-CPH01")
    sweeping.clock.moment += SETTLED_AFTER
    (read,) = await sweeping.other.entries()
    await sweeping.other.drop_settled(read)
    await sweeping.other.drop_settled(read)
    assert await sweeping.touched() == {}


async def test_while_a_process_relies_on_its_touch_the_entry_stays(sweeping: Sweeping) -> None:
    await sweeping.remembering.touch("NOR-CPH01")
    sweeping.clock.moment += REMEMBERED_FOR - timedelta(microseconds=1)
    await sweeping.remembering.touch("NOR-CPH01")
    sweeping.clock.moment += SETTLED_AFTER - REMEMBERED_FOR
    await sweeping.sweep()
    assert list(await sweeping.touched()) == ["NOR-CPH01"]
