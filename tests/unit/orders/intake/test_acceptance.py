"""An order that shares a row with others in another process is accepted on what that holds in the end."""

from collections.abc import Awaitable, Callable, Mapping

import pytest
from tests.ordering import OWNER, OrderingRegion
from tests.restaurant import CODE, NOON, property_with

from muneris.cloud.tables import Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.core.identity import GUEST, Caller
from muneris.core.ids import new_uuid7
from muneris.core.operational import OperationalError
from muneris.core.problems import ProblemError
from muneris.orders.intake.service import Placed

ANN = Caller("ann", GUEST, CODE)
NOW_ROW = "slot|pickup|now"


class OvertakenTable(MemoryTable):
    """A table in which others are faster: what `meanwhile` does happens before a transaction, once."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().transact(transaction)


@pytest.fixture
def table() -> OvertakenTable:
    return OvertakenTable()


@pytest.fixture
async def here(table: OvertakenTable) -> OrderingRegion:
    return await process(table)


@pytest.fixture
async def elsewhere(table: OvertakenTable) -> OrderingRegion:
    return await process(table)


async def process(table: OvertakenTable) -> OrderingRegion:
    """A process of a region that picks up two orders at once, and takes two of a guest."""
    region = OrderingRegion(table, guest_limit=2)
    await region.open()
    await region.place()  # its switch is known, and its agenda touched
    region.properties.values[CODE] = property_with(capacity={"pickup": {"in_progress": 2}})
    return region


async def submit(region: OrderingRegion, by: Caller = OWNER) -> Placed:
    return await region.submit(str(new_uuid7(NOON)), by)


async def test_the_place_that_is_left_is_taken(
    here: OrderingRegion, elsewhere: OrderingRegion, table: OvertakenTable
) -> None:
    table.meanwhile = lambda: submit(elsewhere)
    placed = await submit(here)
    row = await table.find(CODE, NOW_ROW)
    assert row is not None
    assert row.text("Orders").count("Z") == 2
    assert str(placed.order_id) in row.text("Orders")


async def test_the_last_place_is_gone(
    here: OrderingRegion, elsewhere: OrderingRegion, table: OvertakenTable
) -> None:
    await submit(here)
    owed = len(await here.works())
    table.meanwhile = lambda: submit(elsewhere)
    with pytest.raises(ProblemError, match="slot_full"):
        await submit(here)
    assert len(await here.works()) == owed + 1


async def test_a_guests_orders_are_counted_anew(
    here: OrderingRegion, elsewhere: OrderingRegion, table: OvertakenTable
) -> None:
    for region in (here, elsewhere):
        region.properties.values[CODE] = property_with()
    table.meanwhile = lambda: submit(elsewhere, ANN)
    first = await submit(here, ANN)
    guest = await here.store.find_guest(CODE, ANN.subject)
    assert len(guest.order_ids) == 2
    assert guest.order_ids[1] == first.order_id
    owed = len(await here.works())
    with pytest.raises(ProblemError, match="too_many_open_orders"):
        await submit(elsewhere, ANN)
    assert len(await here.works()) == owed


async def test_the_same_order_from_elsewhere_is_answered_as_there(
    here: OrderingRegion, elsewhere: OrderingRegion, table: OvertakenTable
) -> None:
    await submit(here)
    key = str(new_uuid7(NOON))
    first: list[Placed] = []

    async def place_there() -> None:
        first.append(await elsewhere.submit(key))

    table.meanwhile = place_there
    again = await here.submit(key)
    assert [(each.receipt, each.replayed) for each in (*first, again)] == [
        (again.receipt, False),
        (again.receipt, True),
    ]


class RivalTable(MemoryTable):
    """A table in which another process is always faster at a slot."""

    def __init__(self) -> None:
        super().__init__()
        self.attempts = 0

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        if NOW_ROW in transaction.keys:
            self.attempts += 1
            await super().transact(Transaction(CODE).upsert(NOW_ROW, {"Orders": "{}"}))
        return await super().transact(transaction)


async def test_who_is_never_first_gives_up_after_growing_pauses() -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    rival = RivalTable()
    region = OrderingRegion(rival, sleep=pause)
    await region.open()
    region.properties.values[CODE] = property_with(capacity={"pickup": {"in_progress": 1}})
    with pytest.raises(OperationalError):
        await submit(region)
    assert rival.attempts == 30
    assert pauses == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32] + [0.5] * 23
    assert await region.works() == []
