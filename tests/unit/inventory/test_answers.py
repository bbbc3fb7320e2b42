"""What inventory answers, first and again."""

import asyncio

import pytest
from pydantic import ValidationError
from tests.unit.inventory.kitchen import CODE, Kitchen, ask, ask_of_round

from muneris.cloud.events import Event


async def test_an_answer_names_what_it_answers(kitchen: Kitchen) -> None:
    answer = await kitchen.ask("reserve", bun=2)
    assert answer == Event(
        "muneris.stock.reserved",
        f"{CODE}/orders/a",
        "a-1-reserve-reserved",
        {"property_code": CODE, "order_id": "a", "number": 1},
    )


async def test_a_rejection_names_what_there_is_not_enough_of(kitchen: Kitchen) -> None:
    answer = await kitchen.ask("reserve", bun=11, beef=1, salt=1)
    assert answer.type == "muneris.stock.rejected"
    assert answer.data["items"] == ["bun", "salt"]
    assert await kitchen.item("beef") == (10, 0)


async def test_whoever_asks_again_gets_the_same_answer_whatever_the_stock_is_now(kitchen: Kitchen) -> None:
    held, short = await kitchen.ask("reserve", bun=10), await kitchen.ask("reserve", "b", bun=1)
    await kitchen.stock(bun=100)
    assert await kitchen.ask("reserve", bun=10) == held
    assert await kitchen.ask("reserve", "b", bun=1) == short
    assert await kitchen.item("bun") == (100, 10)
    consumed = await kitchen.ask("consume")
    assert consumed.type == "muneris.stock.consumed"
    assert await kitchen.ask("consume") == consumed
    assert await kitchen.ask("reserve", bun=10) == held
    assert await kitchen.item("bun") == (90, 0)


async def test_a_release_gives_back_once(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    for _ in range(3):
        assert (await kitchen.ask("release")).type == "muneris.stock.released"
    assert await kitchen.item("bun") == (10, 0)


async def test_a_release_after_consuming_returns_once(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    await kitchen.ask("consume")
    for _ in range(3):
        assert (await kitchen.ask("release")).type == "muneris.stock.released"
    assert await kitchen.item("bun") == (10, 0)


async def test_a_release_that_overtakes_its_reserve_wins(kitchen: Kitchen) -> None:
    assert (await kitchen.ask("release")).type == "muneris.stock.released"
    late = await kitchen.ask("reserve", bun=4)
    assert (late.type, late.data["items"]) == ("muneris.stock.rejected", [])
    assert await kitchen.item("bun") == (10, 0)


async def test_a_consume_that_a_release_overtook_is_answered_and_changes_nothing(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    await kitchen.ask("release")
    assert (await kitchen.ask("consume")).type == "muneris.stock.consumed"
    assert await kitchen.item("bun") == (10, 0)


async def test_a_consume_that_comes_again_after_stock_was_returned_changes_nothing(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=4)
    await kitchen.ask("consume")
    await kitchen.ask("release")
    assert (await kitchen.ask("consume")).type == "muneris.stock.consumed"
    assert await kitchen.item("bun") == (10, 0)


ROUNDS = ("01bb56c7-1600-7000-8000-00000000000a", "01bb56c7-1600-7000-8000-00000000000b")


async def test_the_stock_of_each_round_is_a_hold_of_its_own(kitchen: Kitchen) -> None:
    await kitchen.ask("reserve", bun=1)
    first = await kitchen.answer_to(ask_of_round(ROUNDS[0], "reserve", bun=2))
    await kitchen.answer_to(ask_of_round(ROUNDS[1], "reserve", bun=3))
    data = {"property_code": CODE, "order_id": "a", "number": 1, "round": ROUNDS[0]}
    assert (first.type, first.data) == ("muneris.stock.reserved", data)
    assert await kitchen.item("bun") == (10, 6)
    used = await kitchen.answer_to(ask_of_round(ROUNDS[0], "consume"))
    assert (used.type, used.data["round"]) == ("muneris.stock.consumed", ROUNDS[0])
    given_back = await kitchen.answer_to(ask_of_round(ROUNDS[1], "release"))
    assert (given_back.type, given_back.data["round"]) == ("muneris.stock.released", ROUNDS[1])
    assert await kitchen.item("bun") == (8, 1)


async def test_a_round_is_the_same_however_its_id_is_written(kitchen: Kitchen) -> None:
    for written in (ROUNDS[0], ROUNDS[0].upper()):
        answer = await kitchen.answer_to(ask_of_round(written, "reserve", bun=2))
        assert (answer.type, answer.data["round"]) == ("muneris.stock.reserved", ROUNDS[0])
    assert await kitchen.item("bun") == (10, 2)


async def test_an_ask_may_say_what_this_version_does_not_know(kitchen: Kitchen) -> None:
    event = ask("reserve", bun=1)
    newer = Event(event.type, event.subject, event.id, {**event.data, "priority": "high"})
    await kitchen.answers.answer(newer)
    assert [answer.type for answer in kitchen.publisher.published] == ["muneris.stock.reserved"]


@pytest.mark.parametrize("status", ["never held", "rejected"])
async def test_consuming_what_is_not_held_is_logged_and_not_answered(
    kitchen: Kitchen, caplog: pytest.LogCaptureFixture, status: str
) -> None:
    if status == "rejected":
        await kitchen.ask("reserve", "not-held", bun=11)
        kitchen.publisher.published.clear()
    await kitchen.answers.answer(ask("consume", "not-held"))
    assert kitchen.publisher.published == []
    assert "not-held" in caplog.text
    assert await kitchen.item("bun") == (10, 0)


async def test_what_is_no_ask_is_a_bug(kitchen: Kitchen) -> None:
    with pytest.raises(ValueError, match=r"muneris\.stock\.paint"):
        await kitchen.answers.answer(ask("paint"))
    with pytest.raises(ValueError, match="order_id"):
        await kitchen.answers.answer(Event("muneris.stock.reserve", "s", "i", {"property_code": CODE}))


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (ask("reserve", "a/b", bun=1), "order_id"),
        (ask("release", "x" * 65), "order_id"),
        (ask("reserve", "a", **{"b|n": 1}), "lines.0.sku"),
        (ask("reserve", bun=-1), "lines.0.quantity"),
        (ask_of_round("second", "reserve", bun=1), "round"),
        (ask("reserve", "a", **{f"sku{number}": 1 for number in range(99)}), "lines"),
    ],
)
async def test_what_could_not_be_stored_spoils_only_itself(
    kitchen: Kitchen, event: Event, field: str
) -> None:
    refused, *others = await asyncio.gather(
        *(kitchen.answers.answer(each) for each in (event, ask("reserve", "b", bun=1))),
        return_exceptions=True,
    )
    assert isinstance(refused, ValidationError)
    assert [".".join(map(str, error["loc"])) for error in refused.errors()] == [field]
    assert others == [None]
    assert await kitchen.item("bun") == (10, 1)


async def test_98_items_are_held_together(kitchen: Kitchen) -> None:
    wanted = {f"sku{number}": 1 for number in range(98)}
    await kitchen.stock(**wanted)
    assert (await kitchen.ask("reserve", "a", **wanted)).type == "muneris.stock.reserved"
    assert (await kitchen.ask("consume")).type == "muneris.stock.consumed"
    assert await kitchen.item("sku97") == (0, 0)
