"""Rounds from several devices and processes at once, on the storage emulator with the retries that ship."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest
from tests.ordering import OWNER, OrderingRegion
from tests.restaurant import CODE
from tests.simulation.processes import beside
from tests.simulation.promises import broken_promises
from tests.tables import create_table, open_requests

from localcloud.azurite import StorageAddress
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import Table
from muneris.cloud.tables.retried import RetriedTable
from muneris.core.problems import ProblemError
from muneris.orders.intake.rounds import Added
from muneris.orders.life.posted import round_reference_of
from muneris.orders.model import Status
from muneris.orders.round import RoundStatus

EACH = 4
"""Rounds of each device."""
RACES = 5


@pytest.fixture
async def processes(
    azurite: StorageAddress, unique: Callable[[str], str]
) -> AsyncIterator[tuple[OrderingRegion, OrderingRegion]]:
    """Two instances of one region's apps over the same tables; all is well when a test is over."""
    async with open_requests() as requests:
        names = ("Orders", "Agenda", "Inventory")
        tables = [await create_table(azurite, unique(name), requests) for name in names]

        def retried(table: Table) -> RetriedTable:
            return RetriedTable(table, RetryPolicy(), lambda: secrets.token_hex(6))

        one = OrderingRegion(*map(retried, tables))
        await one.open()
        yield one, beside(one, *map(retried, tables))
        await one.sweep_until_quiet(seconds=60)
        assert await broken_promises(one) == []


async def test_rounds_of_two_devices_at_once_all_land(
    processes: tuple[OrderingRegion, OrderingRegion],
) -> None:
    one, _ = processes
    order_id = await one.confirmed()
    keys = [one.key() for _ in range(EACH * len(processes))]
    added = await asyncio.gather(
        *(processes[number % 2].submit_round(order_id, key) for number, key in enumerate(keys))
    )
    assert not any(each.replayed for each in added)
    await one.pump()
    await one.sweep_until_quiet()
    order = await one.order(order_id)
    assert {each.id: each.status for each in order.rounds} == dict.fromkeys(keys, RoundStatus.CONFIRMED)
    assert order.totals.total == "102.00"
    (opened,) = one.pos.opened
    assert {each.reference for each in opened.rounds} == {round_reference_of(order, key) for key in keys}
    assert len(opened.rounds) == len(keys)
    assert await one.item("bun") == ("90", "0")


async def test_the_same_round_in_two_processes_is_one(
    processes: tuple[OrderingRegion, OrderingRegion],
) -> None:
    one, _ = processes
    order_id, key = await one.confirmed(), one.key()
    added = await asyncio.gather(
        *(region.submit_round(order_id, key) for region in processes for _ in range(3))
    )
    assert sorted(each.replayed for each in added) == [False, *[True] * 5]
    assert len({each.receipt for each in added}) == 1
    await one.pump()
    assert [each.status for each in (await one.order(order_id)).rounds] == [RoundStatus.CONFIRMED]
    assert len(one.pos.round_calls) == 1


@pytest.mark.parametrize("head_start", range(RACES))
async def test_a_cancel_and_a_round_at_once_end_in_one_consistent_state(
    head_start: int, processes: tuple[OrderingRegion, OrderingRegion]
) -> None:
    one, other = processes
    order_id = await one.confirmed()

    async def add() -> Added | str:
        await asyncio.sleep(0)
        try:
            return await one.submit_round(order_id, one.key())
        except ProblemError as refusal:
            return refusal.type.code

    async def cancel() -> UUID:
        for _ in range(head_start * 20):
            await asyncio.sleep(0)
        return (await other.commands.cancel(OWNER, CODE, str(order_id), None)).order.order_id

    added, _ = await asyncio.gather(add(), cancel())
    await one.pump()
    await one.sweep_until_quiet(seconds=60)
    order = await one.order(order_id)
    assert order.status is Status.CANCELLED
    assert (added == "check_closed") == (order.rounds == ())
    assert all(each.is_over for each in order.rounds)
    assert one.pos.standing_checks_of(str(order_id)) == []
    assert await one.item("bun") == ("100", "0")
