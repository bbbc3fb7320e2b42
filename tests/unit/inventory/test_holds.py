"""What holds cost in reads and transactions, and that what is decided together is as good as apart."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.faults import Kind
from tests.polling import until
from tests.unit.inventory.kitchen import Kitchen, ask, asks

from muneris.cloud.tables import TableUnavailableError
from muneris.inventory.holds import MOST_TOGETHER
from muneris.inventory.model import HoldStatus

TWENTY = [f"o{number}" for number in range(20)]


@pytest.mark.parametrize("step", ["consume", "release"])
async def test_an_order_that_one_process_serves_costs_no_read(kitchen: Kitchen, step: str) -> None:
    kitchen.table.forget()
    await kitchen.ask("reserve", bun=1, beef=1)
    await kitchen.ask(step)
    assert kitchen.table.reads == []
    assert kitchen.table.transactions == [["hold|a", "item|beef", "item|bun"]] * 2


async def test_a_new_process_reads_an_item_once(kitchen: Kitchen) -> None:
    kitchen.restart()
    for order_id in "abc":
        await kitchen.ask("reserve", order_id, bun=1, beef=1)
    assert sorted(kitchen.table.reads) == ["item|beef", "item|bun"]
    assert len(kitchen.table.transactions) == 3


async def test_the_hold_of_another_process_is_read(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=1)
    kitchen.restart()
    await kitchen.ask("reserve", "b", bun=1)
    kitchen.table.forget()
    assert (await kitchen.ask("consume")).type == "muneris.stock.consumed"
    assert kitchen.table.reads == ["hold|a"]
    assert kitchen.table.transactions == [["hold|a", "item|bun"]]
    assert await kitchen.item("bun") == (9, 1)


async def test_what_is_terminal_is_answered_from_memory(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=1)
    await kitchen.ask("release")
    await kitchen.ask("reserve", "b", bun=11)
    kitchen.table.forget()
    again = await kitchen.ask_at_once(ask("release"), ask("reserve", bun=1), ask("reserve", "b", bun=11))
    assert sorted(again) == [("a", "rejected"), ("a", "released"), ("b", "rejected")]
    assert (kitchen.table.reads, kitchen.table.transactions) == ([], [])


async def test_what_may_still_change_is_read_before_it_is_answered_again(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=1)
    kitchen.table.forget()
    assert (await kitchen.ask("reserve", bun=1)).type == "muneris.stock.reserved"
    assert (kitchen.table.reads, kitchen.table.transactions) == (["hold|a"], [])


async def test_a_rejection_reads_what_it_rejects_for(kitchen: Kitchen) -> None:
    kitchen.table.forget()
    assert (await kitchen.ask("reserve", bun=11)).type == "muneris.stock.rejected"
    assert (kitchen.table.reads, kitchen.table.transactions) == (["item|bun"], [["hold|a"]])


async def test_what_arrives_together_is_written_together(kitchen: Kitchen) -> None:
    await kitchen.stock(bun=40, beef=40)
    kitchen.table.forget()
    answers = await kitchen.ask_at_once(*asks("reserve", TWENTY, bun=2, beef=1))
    assert sorted(answers) == [(order_id, "reserved") for order_id in sorted(TWENTY)]
    first, others = kitchen.table.transactions
    assert sorted(first) == ["hold|o0", "item|beef", "item|bun"]
    assert sorted(others) == [*sorted(f"hold|{each}" for each in TWENTY[1:]), "item|beef", "item|bun"]
    assert kitchen.table.reads == []
    assert (await kitchen.item("bun"), await kitchen.item("beef")) == ((40, 40), (40, 20))


async def test_of_those_together_the_first_get_what_there_is(kitchen: Kitchen) -> None:
    answers = await kitchen.ask_at_once(*asks("reserve", TWENTY, bun=3))
    assert [order_id for order_id, said in answers if said == "reserved"] == TWENTY[:3]
    assert [order_id for order_id, said in answers if said == "rejected"] == TWENTY[3:]
    assert await kitchen.item("bun") == (10, 9)
    for order_id in TWENTY:
        hold = await kitchen.hold(order_id)
        assert hold is not None
        assert hold.status is (HoldStatus.HELD if order_id in TWENTY[:3] else HoldStatus.REJECTED)


async def test_an_ask_delivered_twice_at_once_is_carried_out_once(kitchen: Kitchen) -> None:
    twice = [ask("reserve", order_id, bun=3) for order_id in "abcd" for _ in range(2)]
    answers = await kitchen.ask_at_once(*twice)
    reserved = [(order_id, "reserved") for order_id in "aabbcc"]
    assert sorted(answers) == [*reserved, ("d", "rejected"), ("d", "rejected")]
    assert await kitchen.item("bun") == (10, 9)


async def test_a_whole_life_at_once(kitchen: Kitchen) -> None:
    life = [ask("reserve", bun=4), ask("consume"), ask("release"), ask("reserve", bun=4)]
    kitchen.table.forget()
    answers = await kitchen.ask_at_once(ask("reserve", "b", bun=1), *life)
    said = [what for order_id, what in answers if order_id == "a"]
    assert said == ["reserved", "consumed", "released", "rejected"]
    assert kitchen.table.transactions[1:] == [["hold|a", "item|bun"]]
    assert await kitchen.item("bun") == (10, 1)


async def test_what_is_impossible_spoils_nothing_else(
    kitchen: Kitchen, caplog: pytest.LogCaptureFixture
) -> None:
    impossible = [ask("consume", "x"), ask("consume", "y")]
    answers = await kitchen.ask_at_once(ask("reserve", "a", bun=1), *impossible, ask("reserve", "b", bun=1))
    assert sorted(answers) == [("a", "reserved"), ("b", "reserved")]
    assert [record.args for record in caplog.records] == [("x-1-consume",), ("y-1-consume",)]
    assert (await kitchen.hold("x"), await kitchen.hold("y")) == (None, None)
    assert await kitchen.item("bun") == (10, 2)


async def test_a_group_with_more_items_than_a_transaction_has_rows_takes_several(kitchen: Kitchen) -> None:
    wanted = {f"sku{number}": 1 for number in range(3 * MOST_TOGETHER)}
    await kitchen.stock(**wanted)
    kitchen.table.forget()
    events = [
        ask("reserve", f"o{number}", **dict.fromkeys(list(wanted)[3 * number : 3 * number + 3], 1))
        for number in range(MOST_TOGETHER)
    ]
    answers = await kitchen.ask_at_once(ask("reserve", "first", bun=1), *events)
    assert {said for _, said in answers} == {"reserved"}
    assert [len(keys) for keys in kitchen.table.transactions] == [2, 100, 100]
    assert [await kitchen.item(sku) for sku in wanted] == [(1, 1)] * len(wanted)


async def test_who_gives_up_waiting_spoils_nobody(kitchen: Kitchen) -> None:
    tasks = [asyncio.create_task(kitchen.answers.answer(each)) for each in asks("reserve", TWENTY, bun=1)]
    await asyncio.sleep(0)
    tasks[5].cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [number for number, each in enumerate(ended) if each is not None] == [5]
    assert await kitchen.item("bun") == (10, 10)


async def test_properties_do_not_wait_for_each_other(kitchen: Kitchen) -> None:
    kitchen.table.forget()
    kitchen.faults.fail("silent before", {0})
    silent = asyncio.create_task(kitchen.answers.answer(ask("reserve", bun=1)))
    await until(lambda: kitchen.faults.struck == 1)
    assert (await kitchen.holds.reserve("NOR-ODE01", "b", ())).status is HoldStatus.HELD
    assert kitchen.table.transactions == [["hold|a", "item|bun"], ["hold|b"]]
    silent.cancel()


CALLS: Sequence[tuple[str, int]] = [
    *(("reserve", call) for call in range(2)),  # the item, the transaction
    *((step, call) for step in ("consume", "release") for call in range(3)),  # the hold before those
]
LEFT = {"reserve": (10, 4), "consume": (6, 0), "release": (10, 0)}


@pytest.mark.parametrize("kind", ["before", "after"])
@pytest.mark.parametrize(("step", "call"), CALLS)
async def test_an_ask_that_failed_is_answered_when_it_is_repeated(step: str, call: int, kind: Kind) -> None:
    kitchen = Kitchen()
    await kitchen.stock(bun=10)
    if step != "reserve":
        await kitchen.ask("reserve", bun=4)
    kitchen.restart()
    kitchen.faults.fail(kind, {call})
    with pytest.raises(TableUnavailableError):
        await kitchen.answers.answer(ask(step, bun=4))
    assert kitchen.faults.struck == 1
    kitchen.faults.calm()
    await kitchen.ask(step, bun=4)
    assert await kitchen.item("bun") == LEFT[step]


@pytest.mark.parametrize("kind", ["before", "after"])
async def test_all_that_failed_together_are_answered_when_they_are_repeated(
    kitchen: Kitchen, kind: Kind
) -> None:
    kitchen.faults.fail(kind, {1})
    every = asks("reserve", TWENTY[:8], bun=1)
    ended = await asyncio.gather(*(kitchen.answers.answer(each) for each in every), return_exceptions=True)
    assert [type(each) for each in ended] == [type(None), *[type(ended[1])] * 7]
    assert isinstance(ended[1], TableUnavailableError)
    kitchen.faults.calm()
    kitchen.table.forget()
    answers = await kitchen.ask_at_once(*every)
    assert sorted(answers) == [(order_id, "reserved") for order_id in TWENTY[:8]]
    assert await kitchen.item("bun") == (10, 8)
    assert len(kitchen.table.transactions) <= 4


async def test_a_rejection_relies_on_what_is_there_when_it_is_written(kitchen: Kitchen) -> None:
    """Between a group's attempts another process takes what one needs, and restocks what the other lacks."""
    other = Kitchen(kitchen)

    async def meanwhile() -> None:
        await other.ask("reserve", "rival", bun=1)
        await other.stock(beef=20)

    async def before_the_group() -> None:
        kitchen.table.other = meanwhile

    kitchen.table.other = before_the_group
    said = await kitchen.ask_at_once(
        ask("reserve", "alone", beef=1), ask("reserve", "a", bun=1), ask("reserve", "b", beef=15)
    )
    assert sorted(said) == [("a", "reserved"), ("alone", "reserved"), ("b", "reserved")]
    assert await kitchen.item("bun") == (10, 2)
    assert await kitchen.item("beef") == (20, 16)
