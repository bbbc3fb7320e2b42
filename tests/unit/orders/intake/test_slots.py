"""Places in slots: never more than there are, whoever comes at once, and back when somebody leaves."""

import asyncio
import json
from collections.abc import Mapping
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from tests.asgi import Response
from tests.ordering import OWNER, OrderingRegion
from tests.restaurant import CODE, NOON, ORDER, plain_order, property_with

from muneris.cloud.tables import Row, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.core.ids import new_uuid7
from muneris.core.problems import ProblemError
from muneris.orders.intake.capacity import Slot, Wanted
from muneris.orders.intake.service import Placed
from muneris.orders.intake.slots import Slots
from muneris.orders.intake.timing import OPEN, plan
from muneris.orders.model import Fulfilment, FulfilmentStatus, Status
from muneris.orders.order_rows import order_key

DINE_IN = {**ORDER, "fulfilment": {"type": "dine_in", "table": "7"}}
NOW_ROW, NOON_ROW = "slot|pickup|now", "slot|pickup|203005041200"


def order_for(requested_at: str) -> dict[str, Any]:
    return {**ORDER, "fulfilment": {"type": "pickup", "requested_at": requested_at}}


def limit(region: OrderingRegion, capacity: Mapping[str, int], **ordering: object) -> None:
    """Limit what is picked up."""
    region.properties.values[CODE] = property_with(capacity={"pickup": capacity}, **ordering)


def at(*times: str) -> list[str]:
    return [f"2030-05-{each}:00.000000Z" for each in times]


async def assert_full(region: OrderingRegion, next_free: list[str], order: object = ORDER) -> None:
    """The order is refused for want of a place, and nothing is stored."""
    await region.scheduler.quiet()
    before, said = await region.rows(), list(region.bus.published)
    answer = await region.place(order=order)
    assert (answer.status, answer.code) == (409, "slot_full")
    assert answer.json()["next_free"] == next_free
    assert await region.rows() == before
    assert region.bus.published == said


async def assert_accepted(region: OrderingRegion, order: object = ORDER) -> Response:
    answer = await region.place(order=order)
    assert answer.status == 202
    return answer


@pytest.mark.parametrize("capacity", [{"in_progress": 2}, {"per_window": 2}])
async def test_so_many_are_taken_and_no_more(capacity: dict[str, int], region: OrderingRegion) -> None:
    limit(region, capacity)
    first = await region.place(key := region.key())
    await assert_accepted(region)
    await assert_full(region, at("04T12:15", "04T12:30", "04T12:45"))
    again = await region.place(key)
    assert (again.status, again.body) == (202, first.body)
    await assert_accepted(region, DINE_IN)
    await region.pump()
    await assert_full(region, at("04T12:15", "04T12:30", "04T12:45"))


@pytest.mark.parametrize(("in_progress", "status"), list(product((True, False), Status)))
def test_who_is_not_coming_leaves_every_place_and_who_is_done_that_in_progress(
    in_progress: bool,  # noqa: FBT001 - a parameter of the test
    status: Status,
) -> None:
    slot = Slot("key", 1, in_progress)
    left = {Status.REJECTED, Status.CANCELLED} | ({Status.COMPLETED} if in_progress else set())
    assert slot.is_left_by(plain_order(status=status)) is (status in left)


@pytest.mark.parametrize("said", [None, "accepted", "preparing", "ready", "completed"])
def test_what_is_ready_leaves_its_place_in_progress(said: FulfilmentStatus | None) -> None:
    order = plain_order(status=Status.CONFIRMED).model_copy(
        update={"fulfilment": Fulfilment(type="pickup", status=said)}
    )
    assert Slot("key", 1, in_progress=True).is_left_by(order) is (said in {"ready", "completed"})
    assert not Slot("key", 1).is_left_by(order)


@pytest.mark.parametrize("capacity", [{"in_progress": 2}, {"per_window": 2}])
async def test_the_places_of_who_was_rejected_are_taken_again(
    capacity: dict[str, int], region: OrderingRegion
) -> None:
    limit(region, capacity)
    region.pos.mood = "refuses"
    for _ in range(3):
        await assert_accepted(region)
        await assert_accepted(region)
        await region.pump()
    region.pos.mood = "takes"
    await assert_accepted(region)
    await assert_accepted(region)
    await assert_full(region, at("04T12:15", "04T12:30", "04T12:45"))


@pytest.mark.parametrize("capacity", [{"in_progress": 1}, {"per_window": 1}])
async def test_a_cancelled_order_leaves_its_place_and_one_being_cancelled_does_not(
    capacity: dict[str, int], region: OrderingRegion
) -> None:
    limit(region, capacity)
    first = (await assert_accepted(region)).json()["order_id"]
    await region.pump()
    await region.commands.cancel(OWNER, CODE, first, None)
    await assert_full(region, at("04T12:15", "04T12:30", "04T12:45"))
    await region.pump()
    await assert_accepted(region)
    await assert_full(region, at("04T12:15", "04T12:30", "04T12:45"))


async def test_an_order_that_is_ready_leaves_its_place_in_progress(region: OrderingRegion) -> None:
    limit(region, {"in_progress": 1})
    order_id = (await assert_accepted(region)).json()["order_id"]
    await region.pump()
    await region.commands.fulfil(OWNER, CODE, order_id, "preparing")
    await assert_full(region, at("04T12:15", "04T12:30", "04T12:45"))
    await region.commands.fulfil(OWNER, CODE, order_id, "ready")
    await assert_accepted(region)


async def test_an_order_that_is_kept_no_longer_has_no_place(region: OrderingRegion) -> None:
    limit(region, {"in_progress": 1})
    gone = {"Orders": json.dumps({str(new_uuid7(NOON)): "2030-05-04T13:00:00Z"})}
    await region.orders.transact(Transaction(CODE).insert(NOW_ROW, gone))
    placed = await assert_accepted(region)
    row = await region.orders.find(CODE, NOW_ROW)
    assert row is not None
    assert list(json.loads(row.text("Orders"))) == [placed.json()["order_id"]]


async def test_a_place_in_progress_is_free_once_the_promised_time_has_passed(region: OrderingRegion) -> None:
    limit(region, {"in_progress": 1}, lead_minutes=20)
    await assert_accepted(region)
    region.clock.advance(minutes=20, microseconds=-1)
    await assert_full(region, at("04T13:00", "04T13:15", "04T13:30"))
    region.clock.advance(microseconds=1)
    await assert_accepted(region)


async def test_an_order_that_was_promised_nothing_does_not_keep_its_place_for_good(
    region: OrderingRegion,
) -> None:
    limit(region, {"in_progress": 1})
    await assert_accepted(region)
    region.clock.advance(hours=2, microseconds=-1)
    await assert_full(region, at("04T14:15", "04T14:30", "04T14:45"))
    region.clock.advance(microseconds=1)
    await assert_accepted(region)


async def test_a_window_that_was_full_stays_full(region: OrderingRegion) -> None:
    limit(region, {"per_window": 1})
    await assert_accepted(region)
    await region.pump()
    region.clock.advance(minutes=14, seconds=59)
    await assert_full(region, at("04T12:15", "04T12:30", "04T12:45"))
    region.clock.advance(seconds=1)
    await assert_accepted(region)


async def test_a_window_is_full_though_the_promised_time_in_it_has_passed(region: OrderingRegion) -> None:
    limit(region, {"per_window": 1})
    await assert_accepted(region, order_for("2030-05-04T12:02:00Z"))
    region.clock.advance(minutes=5)
    await assert_full(region, at("04T12:15", "04T12:30", "04T12:45"))


async def test_the_window_is_that_of_the_time_it_is_wanted(region: OrderingRegion) -> None:
    limit(region, {"per_window": 1, "window_minutes": 10}, lead_minutes=20)
    await assert_accepted(region)
    await assert_full(region, at("04T12:30", "04T12:40", "04T12:50"))
    await assert_full(region, at("04T12:30", "04T12:40", "04T12:50"), order_for("2030-05-04T12:29:59Z"))
    await assert_accepted(region, order_for("2030-05-04T12:30:00Z"))
    assert await _holders(region, "slot|pickup|203005041220") == 1
    assert await _holders(region, "slot|pickup|203005041230") == 1


async def test_who_comes_later_is_not_in_progress_yet(region: OrderingRegion) -> None:
    limit(region, {"in_progress": 1}, lead_minutes=20)
    await assert_accepted(region, order_for("2030-05-04T12:35:00Z"))
    await assert_accepted(region, order_for("2030-05-04T12:34:59Z"))
    await assert_full(region, at("04T12:45", "04T13:00", "04T13:15"), order_for("2030-05-04T12:34:59Z"))


async def test_a_window_ahead_takes_no_more_than_may_be_in_progress(region: OrderingRegion) -> None:
    limit(region, {"in_progress": 1})
    await assert_accepted(region, order_for("2030-05-04T12:20:00Z"))
    await assert_full(region, at("04T12:30", "04T12:45", "04T13:00"), order_for("2030-05-04T12:29:00Z"))
    await assert_accepted(region, order_for("2030-05-04T12:30:00Z"))


async def test_what_is_offered_can_be_had(region: OrderingRegion) -> None:
    hours = {"sat": [{"from": "14:00", "to": "14:40"}], "sun": [{"from": "13:00", "to": "23:00"}]}
    limit(region, {"in_progress": 1, "per_window": 1}, opening_hours=hours)
    await assert_accepted(region)
    await assert_full(region, at("04T12:15", "04T12:30", "05T11:00"))
    await assert_accepted(region, order_for("2030-05-04T12:30:00Z"))
    await assert_full(region, at("04T12:15", "05T11:00", "05T11:15"))
    await assert_accepted(region, order_for("2030-05-04T12:15:00Z"))
    await assert_full(region, at("05T11:00", "05T11:15", "05T11:30"))


@pytest.mark.parametrize(
    "ordering",
    [
        {"furthest_days": 0},
        {"opening_hours": {"sat": [{"from": "14:00", "to": "14:01"}]}},
    ],
)
async def test_nothing_is_offered_where_nothing_can_be_had(
    ordering: dict[str, object], region: OrderingRegion
) -> None:
    limit(region, {"per_window": 1}, **ordering)
    await assert_accepted(region)
    await assert_full(region, [])


@pytest.mark.parametrize("capacity", [{"in_progress": 10}, {"per_window": 10}])
async def test_of_64_at_once_one_gets_the_last_place(
    capacity: dict[str, int], region: OrderingRegion
) -> None:
    limit(region, capacity)
    for _ in range(9):
        await assert_accepted(region)
    answers = await asyncio.gather(*(region.place() for _ in range(64)))
    assert sorted(answer.status for answer in answers) == [202] + [409] * 63
    assert len(await region.works()) == 10


@pytest.mark.parametrize("capacity", [{"in_progress": 1}, {"in_progress": 1, "per_window": 1}])
async def test_of_64_at_once_in_two_processes_one_gets_the_last_place(capacity: dict[str, int]) -> None:
    orders, agenda = MemoryTable(), MemoryTable()
    pair = [OrderingRegion(orders, agenda), OrderingRegion(orders, agenda)]
    for region in pair:
        await region.open()
        limit(region, capacity)
    results = await asyncio.gather(
        *(region.submit(str(new_uuid7(NOON))) for region in pair for _ in range(32)), return_exceptions=True
    )
    assert sum(isinstance(result, Placed) for result in results) == 1
    assert {str(result) for result in results if not isinstance(result, Placed)} == {
        "slot_full: No more orders are taken for this time."
    }
    assert len(await pair[0].works()) == 1


async def test_the_same_order_64_times_at_once_takes_one_place(region: OrderingRegion) -> None:
    limit(region, {"in_progress": 1, "per_window": 1})
    key = region.key()
    answers = await asyncio.gather(*(region.place(key) for _ in range(64)))
    assert {(answer.status, answer.body) for answer in answers} == {(202, answers[0].body)}
    assert await _holders(region, NOW_ROW) == 1
    assert await _holders(region, NOON_ROW) == 1


async def test_an_order_that_fails_takes_no_place(region: OrderingRegion) -> None:
    limit(region, {"in_progress": 1, "per_window": 1})
    key = region.key()
    region.orders.refuses = lambda _: True
    assert (await region.place(key)).status == 503
    region.orders.refuses = lambda _: False
    assert await region.orders.find(CODE, NOW_ROW) is None
    await assert_accepted(region)
    assert (await region.place(key)).code == "slot_full"


class Counted(MemoryTable):
    """A table that counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    async def find(self, partition: str, key: str) -> Row | None:
        self.calls.append(f"find {key}")
        return await super().find(partition, key)

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        self.calls.append(f"write {len(transaction)}")
        return await super().transact(transaction)


async def test_of_64_at_once_one_looks_up_for_all_who_has_the_other_places() -> None:
    table = Counted()
    region = OrderingRegion(table)
    await region.open()
    limit(region, {"in_progress": 50})
    for _ in range(49):
        await assert_accepted(region)
    await region.scheduler.quiet()
    table.calls.clear()
    keys = [region.key() for _ in range(64)]
    answers = await asyncio.gather(*(region.place(key) for key in keys))
    assert sorted(answer.status for answer in answers) == [202] + [409] * 63
    own = {f"find {order_key(UUID(key))}" for key in keys}
    look_ups = [each for each in table.calls if each.startswith("find order|") and each not in own]
    assert len(look_ups) == len(set(look_ups)) == 49


class Line:
    """Orders that wait for the place of one that is in progress, and time that is moved by hand."""

    def __init__(self, region: OrderingRegion, table: Counted) -> None:
        self.now = 0.0
        self._region = region
        self._table = table
        self._slots = Slots(table, region.store, monotonic=lambda: self.now)

    async def wait(self, *, then: float = 0.0) -> bool:
        """Whether an order gets a place once it is its turn; `then` so much time passes."""
        known = self._region.properties.values[CODE]
        wanted = Wanted(known, OPEN, new_uuid7(NOON), "pickup", plan(known, OPEN, None, NOON), NOON)
        async with self._slots.turn(wanted):
            await asyncio.sleep(0)  # the others come
            self.now += 0.1
            try:
                return len(await self._slots.admit(wanted)) == 1
            except ProblemError as refusal:
                assert refusal.type.code == "slot_full"  # noqa: PT017 - whether it is refused is asked for
                return False
            finally:
                self.now += then

    def look_ups(self) -> int:
        return sum(each.startswith("find order|") for each in self._table.calls)


@pytest.fixture
async def line() -> Line:
    table = Counted()
    region = OrderingRegion(table)
    await region.open()
    limit(region, {"in_progress": 1})
    await assert_accepted(region)
    return Line(region, table)


@pytest.mark.parametrize(("seconds", "look_ups"), [(0.3, 1), (0.7, 2), (1.0, 3)])
async def test_who_waits_for_a_slot_goes_by_a_look_up_of_the_last_second(
    line: Line, seconds: float, look_ups: int
) -> None:
    assert await asyncio.gather(*(line.wait(then=seconds) for _ in range(3))) == [False] * 3
    assert line.look_ups() == look_ups


async def test_who_comes_after_a_look_up_has_begun_looks_anew(line: Line) -> None:
    for looked_up in range(1, 4):
        assert not await line.wait()
        assert line.look_ups() == looked_up


async def test_an_order_without_limits_costs_no_call_more() -> None:
    table = Counted()
    region = OrderingRegion(table)
    region.bus.down()
    await region.open()
    await assert_accepted(region)
    assert table.calls == ["find intake", "write 3"]
    await assert_accepted(region)
    assert table.calls[2:] == ["write 3"]
    limit(region, {"in_progress": 5, "per_window": 5})
    await assert_accepted(region)
    assert sorted(table.calls[3:]) == [f"find {NOON_ROW}", f"find {NOW_ROW}", "write 5"]


async def _holders(region: OrderingRegion, key: str) -> int:
    row = await region.orders.find(CODE, key)
    assert row is not None
    return row.text("Orders").count("Z")
