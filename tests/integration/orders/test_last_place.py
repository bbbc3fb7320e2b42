"""Two processes and one last place, on the storage emulator with the retries that ship."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable

import pytest
from tests.ordering import OrderingRegion
from tests.restaurant import CODE, NOON, property_with
from tests.tables import create_table, open_requests

from localcloud.azurite import StorageAddress
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import Table
from muneris.cloud.tables.retried import RetriedTable
from muneris.core.ids import new_uuid7
from muneris.core.problems import ProblemError
from muneris.orders.intake.service import Placed
from muneris.orders.model import Status

TAKEN, PLACES = 4, 5


@pytest.fixture
async def processes(
    azurite: StorageAddress, unique: Callable[[str], str]
) -> AsyncIterator[tuple[OrderingRegion, OrderingRegion]]:
    """Two instances of one region's apps over the same tables; their property takes orders."""
    async with open_requests() as requests:
        tables = [await create_table(azurite, unique(name), requests) for name in ("Orders", "Agenda")]

        def retried(table: Table) -> RetriedTable:
            return RetriedTable(table, RetryPolicy(), lambda: secrets.token_hex(6))

        pair = OrderingRegion(*map(retried, tables)), OrderingRegion(*map(retried, tables))
        for region in pair:
            await region.open()
        yield pair


@pytest.mark.parametrize("capacity", [{"in_progress": PLACES}, {"in_progress": PLACES, "per_window": PLACES}])
async def test_of_64_at_once_in_two_processes_one_gets_the_last_place(
    capacity: dict[str, int], processes: tuple[OrderingRegion, OrderingRegion]
) -> None:
    one, other = processes
    for region in processes:
        region.properties.values[CODE] = property_with(capacity={"pickup": capacity})
    for _ in range(TAKEN):
        await one.submit(str(new_uuid7(NOON)))
    results = await asyncio.gather(
        *(region.submit(str(new_uuid7(NOON))) for region in processes for _ in range(32)),
        return_exceptions=True,
    )
    (winner,) = [result for result in results if isinstance(result, Placed)]
    refusals = [result for result in results if isinstance(result, ProblemError)]
    assert [refusal.type.code for refusal in refusals] == ["slot_full"] * 63
    row = await other.orders.find(CODE, "slot|pickup|now")
    assert row is not None
    holders = json.loads(row.text("Orders"))
    assert len(holders) == PLACES
    assert str(winner.order_id) in holders
    works = await one.works()
    assert {str(work.ask.order_id) for work in works} == set(holders)


async def test_places_come_back_and_are_given_away_once(
    processes: tuple[OrderingRegion, OrderingRegion],
) -> None:
    one, other = processes
    for region in processes:
        region.properties.values[CODE] = property_with(capacity={"pickup": {"in_progress": PLACES}})
    one.pos.mood = "refuses"
    placed = [await one.submit(str(new_uuid7(NOON))) for _ in range(PLACES)]
    await one.pump()
    assert {(await one.order(each.order_id)).status for each in placed} == {Status.REJECTED}
    results = await asyncio.gather(
        *(region.submit(str(new_uuid7(NOON))) for region in processes for _ in range(16)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Placed) for result in results) == PLACES
    assert {str(result) for result in results if not isinstance(result, Placed)} == {
        "slot_full: No more orders are taken for this time."
    }
    assert len(await other.works()) == PLACES
