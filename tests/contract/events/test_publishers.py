"""What every publisher must do, whatever is behind it."""

from dataclasses import replace

import pytest
from tests.contract.events.wiring import EVENT_TYPE, Wiring

from muneris.cloud.events import Event
from muneris.cloud.events.event import MAX_DATA
from muneris.cloud.events.shared import SharedPublisher
from muneris.core.problems import Json

DATA: dict[str, Json] = {"text": "søde 🍣", "whole": 2**53, "part": 0.5, "list": [1, None, True], "empty": {}}


@pytest.fixture(params=["as it is", "shared"])
def wiring(request: pytest.FixtureRequest, implementation: Wiring) -> Wiring:
    """Each implementation, and shared requests over it."""
    if request.param == "as it is":
        return implementation
    return replace(implementation, publisher=SharedPublisher(implementation.publisher))


def event(number: int, data: dict[str, Json] | None = None) -> Event:
    return Event(EVENT_TYPE, f"NOR-CPH01/{number}", f"{number}-1", DATA if data is None else data)


async def test_an_event_arrives_as_it_was_said(wiring: Wiring) -> None:
    await wiring.publisher.publish([event(1)])
    assert await wiring.arrived(1) == [event(1)]


async def test_every_event_of_many_arrives_once(wiring: Wiring) -> None:
    await wiring.publisher.publish([event(number) for number in range(60)])
    arrived = await wiring.arrived(60)
    assert sorted(each.id for each in arrived) == sorted(f"{number}-1" for number in range(60))


async def test_nothing_to_say_is_said(wiring: Wiring) -> None:
    await wiring.publisher.publish([])
    await wiring.publisher.publish([event(1)])
    assert await wiring.arrived(1) == [event(1)]


async def test_the_largest_event_arrives(wiring: Wiring) -> None:
    largest = event(1, {"a": "x" * (MAX_DATA - len('{"a":""}'))})
    await wiring.publisher.publish([largest])
    assert await wiring.arrived(1) == [largest]


@pytest.mark.parametrize(
    "data", [{"a": "x" * (MAX_DATA - 7)}, {"a": "é" * (MAX_DATA // 2)}], ids=["letters", "bytes"]
)
async def test_a_larger_one_is_refused_and_nothing_of_its_company_is_said(
    wiring: Wiring, data: dict[str, Json]
) -> None:
    with pytest.raises(ValueError, match=f"{EVENT_TYPE} 99-1 is over {MAX_DATA} bytes"):
        await wiring.publisher.publish([*(event(number) for number in range(30)), event(99, data)])
    await wiring.publisher.publish([event(100)])
    assert [each.id for each in await wiring.arrived(1)] == ["100-1"]
