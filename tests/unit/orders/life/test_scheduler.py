"""What is owed is sent: at once, again until it is answered, and gently to whoever is silent."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from tests.ordering import POST, OrderingRegion
from tests.restaurant import CODE, NOON, ORDER

from muneris.cloud.agenda import SETTLED_AFTER
from muneris.cloud.events import Event
from muneris.core.clock import to_rfc3339
from muneris.orders.life import scheduler
from muneris.orders.life.scheduler import LONGEST_PAUSE, OFFERS_AT_ONCE, PER_SWEEP, PROBES, Scheduler
from muneris.orders.model import FIRST_DUE, Status, Step, Work

RESERVE = "muneris.stock.reserve"
RESERVED = "muneris.stock.reserved"


def ids(events: list[Event]) -> Counter[str]:
    return Counter(event.id for event in events)


def forget(region: OrderingRegion) -> None:
    """What was said so far is lost on the way."""
    region.bus.published.clear()
    region.bus.waiting.clear()


async def place(region: OrderingRegion, count: int) -> None:
    for _ in range(count):
        await region.submit(region.key())
    await region.scheduler.quiet()


async def turn(region: OrderingRegion, seconds: float = 5) -> list[Event]:
    """One sweep; what it sent, which nobody receives."""
    region.bus.published.clear()
    region.clock.advance(seconds=seconds)
    await region.scheduler.sweep()
    region.bus.waiting.clear()
    return list(region.bus.published)


async def test_new_work_is_sent_once_and_at_once(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    await region.scheduler.quiet()
    (event,) = region.bus.published
    assert event.type == RESERVE
    assert event.id == f"{order_id}-1-reserve"
    assert event.subject == f"{CODE}/orders/{order_id}"
    assert event.data == {
        "property_code": CODE,
        "order_id": str(order_id),
        "number": 1,
        "lines": [{"sku": "beef", "quantity": "0.30"}, {"sku": "bun", "quantity": "2"}],
    }
    assert await turn(region, FIRST_DUE.total_seconds() - 0.001) == []


async def test_work_offered_meanwhile_shares_the_next_publish(region: OrderingRegion) -> None:
    await asyncio.gather(*(region.submit(region.key()) for _ in range(150)))
    await region.scheduler.quiet()
    assert len(ids(region.bus.said(RESERVE))) == 150
    assert region.bus.publishes < 10


async def test_while_a_publish_hangs_orders_are_taken_and_so_much_waits_for_it(
    region: OrderingRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, answers = region.bus.publish, asyncio.Event()

    async def hang(events: Sequence[Event]) -> None:
        await answers.wait()
        await publish(events)

    monkeypatch.setattr(region.bus, "publish", hang)
    assert (await region.place()).status == 202
    (work,) = await region.works()
    for number in range(2, OFFERS_AT_ONCE + 10):
        region.scheduler.offer([replace(work, ask=replace(work.ask, number=number))])
    answers.set()
    await region.scheduler.quiet()
    numbers = sorted(int(str(event.data["number"])) for event in region.bus.published)
    assert numbers == list(range(1, OFFERS_AT_ONCE + 1))


async def test_what_could_not_be_sent_is_swept(region: OrderingRegion) -> None:
    region.bus.down()
    order_id = await region.accepted()
    await region.scheduler.quiet()
    await region.sweep(10)
    assert region.bus.published == []
    region.bus.up()
    await region.sweep_until_quiet()
    assert (await region.order(order_id)).status is Status.CONFIRMED


async def test_a_sweep_after_a_crash_finds_what_was_never_sent(region: OrderingRegion) -> None:
    region.bus.down()
    order_id = await region.accepted()
    region.restart()
    region.bus.up()
    await region.sweep(10)
    assert (await region.order(order_id)).status is Status.CONFIRMED


async def test_pauses_grow_to_the_longest(region: OrderingRegion) -> None:
    await place(region, 1)
    sent_at = []
    for _ in range(400):
        await keep_answering(region)
        sent_at += [region.clock.now() for _ in await turn(region)]
    assert sent_at[0] == NOON + FIRST_DUE
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(sent_at)]
    assert pauses == [10, 20, 40, 80, 160, *[LONGEST_PAUSE.total_seconds()] * (len(pauses) - 5)]


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 7.5), (0.5, 10.0), (1.0, 12.5)])
async def test_pauses_are_jittered_by_a_quarter(
    chance: float, seconds: float, region: OrderingRegion
) -> None:
    await place(region, 1)
    (work,) = await region.works()
    jittered = Scheduler(
        region.store, region.agenda, region.targets, region.bus, region.clock, chance=lambda: chance
    )
    for silent in (True, False):
        due_at = jittered.next_due(work, silent=silent)
        assert due_at - region.clock.now() == timedelta(seconds=seconds)


async def test_rows_are_moved_before_they_are_sent(region: OrderingRegion) -> None:
    await place(region, 1)
    forget(region)
    region.clock.advance(seconds=10)
    moved: list[list[Work]] = []
    publish = region.bus.publish

    async def look(events: object) -> None:
        moved.append(await region.works())
        await publish(events)  # type: ignore[arg-type] # passed on as it came

    region.bus.publish = look  # type: ignore[method-assign] # the same, but it looks first
    await region.scheduler.sweep()
    assert [(work.attempts, work.due_at > region.clock.now()) for (work,) in moved] == [(1, True)]


async def test_what_could_not_be_moved_is_not_sent(region: OrderingRegion) -> None:
    await place(region, 2)
    forget(region)
    region.clock.advance(seconds=10)
    move = region.store.move

    async def late(moved: Sequence[Work]) -> list[Work]:
        region.store.move = move  # type: ignore[method-assign] # as it was
        await region.store.finish([moved[0].ask])
        return await move(moved)

    region.store.move = late  # type: ignore[method-assign] # one is answered meanwhile
    await region.scheduler.sweep()
    (left,) = await region.works()
    assert [event.data["order_id"] for event in region.bus.published] == [str(left.ask.order_id)]


async def test_sweepers_at_once_send_each_row_once(region: OrderingRegion) -> None:
    await place(region, 120)
    forget(region)
    region.clock.advance(seconds=10)
    others = [
        Scheduler(region.store, region.agenda, region.targets, region.bus, region.clock) for _ in range(3)
    ]
    await asyncio.gather(*(each.sweep() for each in (region.scheduler, *others)))
    assert ids(region.bus.published) == {f"{work.ask.order_id}-1-reserve": 1 for work in await region.works()}
    assert len(region.bus.published) == 120


async def test_a_silent_target_is_only_probed(region: OrderingRegion) -> None:
    await place(region, 20)
    await silence(region)
    for _ in range(20):
        assert len(await turn(region)) <= PROBES
    forget(region)
    await place(region, 5)
    assert region.bus.published == []
    assert len(await region.works()) == 25


async def test_what_may_still_wait_in_its_queue_is_not_asked_again(region: OrderingRegion) -> None:
    await place(region, 2)
    forget(region)
    region.clock.advance(seconds=40)
    await region.targets.answered("inventory", NOON)
    assert await turn(region, 5) == []
    assert len(await turn(region, 6)) == 2


async def test_an_order_for_later_begins_in_time_however_late_inventory_answers(
    region: OrderingRegion,
) -> None:
    fulfilment = {"type": "pickup", "requested_at": "2030-05-04T14:00:00Z"}
    await region.accepted({**ORDER, "fulfilment": fulfilment})
    (work,) = await region.works()
    region.clock.advance(seconds=(work.due_at - NOON).total_seconds())
    await region.targets.answered("inventory", region.clock.now() - timedelta(seconds=60))
    assert len(await turn(region, 0)) == 1


async def test_what_is_retried_is_sent_at_once_however_late_inventory_answers(
    region: OrderingRegion,
) -> None:
    await place(region, 1)
    forget(region)
    region.clock.advance(seconds=40)
    await region.targets.answered("inventory", NOON)
    assert await region.owed.retry(CODE) == 1
    assert len(await turn(region, 0)) == 1


async def test_how_late_inventory_answers_is_learned_from_its_answers(region: OrderingRegion) -> None:
    await place(region, 1)
    region.clock.advance(seconds=40)
    await region.deliver(replace(region.take(RESERVE), time=to_rfc3339(NOON)))
    assert await region.targets.lag("inventory") == timedelta()
    await region.deliver(region.take(RESERVED))
    assert await region.targets.lag("inventory") == timedelta(seconds=40)


async def test_how_late_it_was_is_forgotten_once_it_answers_nothing_more(region: OrderingRegion) -> None:
    region.clock.advance(seconds=290)
    await region.targets.answered("inventory", NOON)
    region.clock.advance(seconds=10)
    await place(region, 2)
    assert await turn(region, 10) == []
    assert len(await turn(region, 1)) == 2


async def test_how_late_it_was_says_nothing_after_a_silence(region: OrderingRegion) -> None:
    await place(region, 20)
    await silence(region)
    await region.targets.answered("inventory", NOON)
    assert len(await turn(region)) == 20 - PROBES


async def test_probes_take_turns(region: OrderingRegion) -> None:
    await place(region, 12)
    await silence(region)
    probed = Counter[str]()
    for _ in range(8):
        probed += ids(await turn(region, 10))
    assert len(probed) == 12
    assert max(probed.values()) - min(probed.values()) <= 1


async def test_its_first_answer_makes_everything_due_and_each_is_sent_once(region: OrderingRegion) -> None:
    await place(region, 150)
    await silence(region)
    waiting = {f"{work.ask.order_id}-1-reserve" for work in await region.works()}
    (answered, *_) = await turn(region)
    await region.deliver(answered)
    await region.deliver(region.take(RESERVED))
    await region.scheduler.quiet()
    waiting.discard(answered.id)
    sent = ids([event for _ in range(2) for event in await turn(region) if event.type == RESERVE])
    assert set(sent) == waiting
    assert set(sent.values()) == {1}


async def test_another_target_is_not_silenced(region: OrderingRegion) -> None:
    simphony = f"simphony|{CODE}"
    for _ in range(10):
        await region.reserved()
    await place(region, 10)
    posts = []
    for _ in range(9):
        await region.targets.answered(simphony)
        posts.append(sum(event.type == POST for event in await turn(region)))
    assert await region.targets.is_silent("inventory")
    assert not await region.targets.is_silent(simphony)
    assert max(posts) == 10


async def test_a_sweep_sends_so_many_to_one_target(region: OrderingRegion) -> None:
    await place(region, PER_SWEEP + 50)
    assert len(await turn(region, 10)) == PER_SWEEP
    await keep_answering(region)
    assert len(await turn(region, 1)) == 50


async def test_of_a_long_backlog_sweeps_look_at_some_in_turn(
    region: OrderingRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "READ_PER_SWEEP", 10)
    region.bus.down()
    await place(region, 25)
    region.bus.up()
    region.clock.advance(seconds=60)
    sent = [await turn(region) for _ in range(3)]
    assert [len(each) for each in sent] == [10, 10, 5]
    assert len(ids([event for each in sent for event in each])) == 25


async def test_a_property_is_looked_at_while_a_later_part_of_its_backlog_is_empty(
    region: OrderingRegion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "READ_PER_SWEEP", 1)
    await place(region, 2)
    region.clock.advance(seconds=2 * SETTLED_AFTER.total_seconds())
    await region.scheduler.sweep()
    last = max(await region.works(), key=lambda work: str(work.ask.order_id))
    await region.store.finish([last.ask])
    await region.scheduler.sweep()  # goes on where nothing is left
    assert [entry.key for entry in await region.agenda.entries()] == [CODE]
    assert len(await region.works()) == 1


async def test_one_propertys_trouble_is_not_anothers(region: OrderingRegion) -> None:
    await region.add_property("NOR-ODE01")
    await place(region, 1)
    assert (await region.place(at="NOR-ODE01")).status == 202
    await region.scheduler.quiet()
    region.bus.refuses = lambda event: event.subject.startswith(CODE)
    assert [event.subject[:9] for event in await turn(region, 10)] == ["NOR-ODE01"]
    region.bus.up()
    assert {event.subject[:9] for event in await turn(region, 30)} == {CODE, "NOR-ODE01"}


async def test_a_property_is_looked_at_until_it_owes_nothing_and_is_old(region: OrderingRegion) -> None:
    await place(region, 1)
    for _ in range(40):
        await turn(region, 60)
        assert await agenda(region) == [CODE]
    forget(region)
    await region.sweep_until_quiet(seconds=20)
    settled_from = region.clock.now()
    while await agenda(region):
        await turn(region, 30)
    assert region.clock.now() - settled_from >= SETTLED_AFTER / 2
    await place(region, 1)
    assert await agenda(region) == [CODE]


async def test_tells_are_done_once_said(region: OrderingRegion) -> None:
    order_id = await region.accepted()
    region.bus.refuses = lambda event: event.type == "muneris.order.confirmed"
    await region.pump()
    assert sorted(work.ask.step for work in await region.works()) == [Step.CONSUME, Step.TELL_CONFIRMED]
    region.bus.up()
    sent = await turn(region, 10)
    assert f"{order_id}-4-tell-confirmed" in ids(sent)
    assert [work.ask.step for work in await region.works()] == [Step.CONSUME]


async def agenda(region: OrderingRegion) -> list[str]:
    return [entry.key for entry in await region.agenda.entries()]


async def silence(region: OrderingRegion) -> None:
    """Sweep in vain until inventory is known to be silent."""
    for _ in range(9):
        await turn(region)
    assert await region.targets.is_silent("inventory")


async def keep_answering(region: OrderingRegion) -> None:
    """Inventory answers somebody else."""
    await region.targets.answered("inventory")
