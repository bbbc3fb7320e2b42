"""What a process wrote itself it need not read; what others wrote since is noticed."""

import pytest
from tests.faults import Faults
from tests.ordering import POST, OrderingRegion
from tests.restaurant import CODE

from muneris.cloud.tables import Table
from muneris.directory import record_home
from muneris.orders.model import Status
from muneris.orders.round import RoundStatus

RESERVED, REJECTED = "muneris.stock.reserved", "muneris.stock.rejected"


def beside(region: OrderingRegion) -> OrderingRegion:
    """Another process of the same region."""
    tables: list[Table] = [each.table for each in (region.orders, region.agenda_table, region.stock)]
    other = OrderingRegion(*tables)
    other.pos = region.pos
    other.restart()
    return other


@pytest.fixture
async def region() -> OrderingRegion:
    region = OrderingRegion()
    await region.open()
    return region


async def test_a_life_in_one_process_is_eight_transactions_and_no_read(
    region: OrderingRegion,
) -> None:
    await region.accepted()
    await region.pump()  # from here on its items are known, and its agenda
    counts = [Faults() for _ in range(4)]
    region.orders.faults, region.orders.reads, region.stock.faults, region.stock.reads = counts
    order_id = await region.accepted()
    await region.pump()
    assert [each.calls for each in counts] == [6, 0, 2, 0]
    assert await region.works() == []
    assert (await region.order(order_id)).status is Status.CONFIRMED


async def test_an_answer_that_another_process_applied_is_dropped(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    await region.scheduler.quiet()
    await region.deliver(region.take("muneris.stock.reserve"))
    answer = region.take(RESERVED)
    other = beside(region)
    await other.deliver(answer)
    await other.scheduler.quiet()
    stored = await region.rows()
    await region.deliver(answer)
    await region.scheduler.quiet()
    assert await region.rows() == stored
    assert region.bus.said(POST) == []
    await other.pump()
    assert (await region.order(order_id)).status is Status.CONFIRMED


async def test_an_order_that_another_process_reserved_is_posted_here(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    await region.scheduler.quiet()
    await region.deliver(region.take("muneris.stock.reserve"))
    other = beside(region)
    await other.deliver(region.take(RESERVED))
    await other.scheduler.quiet()
    await region.deliver(other.take(POST))
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert len(region.pos.calls) == 1


async def test_an_ask_that_another_process_moved_meanwhile_is_carried_out_at_once(
    region: OrderingRegion,
) -> None:
    order_id, ask = await region.reserved()
    other = beside(region)
    other.clock.advance(seconds=11)
    await other.scheduler.sweep()
    assert [work.attempts for work in await region.works()] == [1]
    await region.deliver(ask)
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert len(region.pos.calls) == 1


async def test_an_order_that_another_process_posted_is_not_posted_again(region: OrderingRegion) -> None:
    order_id, ask = await region.reserved()
    other = beside(region)
    await other.deliver(ask)
    await region.deliver(ask)
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert len(region.pos.checks_of(str(order_id))) == len(region.pos.calls) == 1


@pytest.mark.parametrize(
    ("bun", "status"), [(100, RoundStatus.RESERVED), (2, RoundStatus.REJECTED)], ids=["reserved", "rejected"]
)
async def test_a_round_that_another_process_asked_stock_for_hears_the_answer_here(
    bun: int, status: RoundStatus
) -> None:
    region = OrderingRegion()
    await region.open(bun=bun)
    order_id = await region.accepted()
    other = beside(region)
    await record_home(other.directory, CODE, "api1", 1)
    await other.sweep_until_quiet()
    assert (await other.order(order_id)).status is Status.CONFIRMED
    assert region.store.recall(CODE, order_id) is not None
    await other.submit_round(order_id, other.key())
    await other.scheduler.quiet()
    await other.deliver(other.take("muneris.stock.reserve"))
    await region.deliver(other.take(RESERVED if status is RoundStatus.RESERVED else REJECTED))
    (added,) = (await region.order(order_id)).rounds
    assert added.status is status


async def test_an_order_whose_write_was_lost_is_read_again(region: OrderingRegion) -> None:
    order_id, ask = await region.reserved()
    region.faults.fail("after", {0})
    await region.deliver(ask)
    assert region.store.recall(CODE, order_id) is None
    await region.sweep_until_quiet()
    assert (await region.order(order_id)).status is Status.CONFIRMED
    assert len(region.pos.checks_of(str(order_id))) == 1


async def test_an_order_at_rest_is_not_remembered(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    assert region.store.recall(CODE, order_id) is not None
    await region.pump()
    assert region.store.recall(CODE, order_id) is None
