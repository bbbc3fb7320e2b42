"""Whatever single call to the outside goes wrong, or wherever the process dies, all promises are kept.

Every call counts: to storage below every retry, to Event Grid and to Simphony; so does every delivery. What
`make prove` tries exhaustively is tried here at some of them, the same each time.
"""

import itertools
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import NamedTuple

import pytest
from tests.proofs.figures import keep
from tests.simulation.scenarios import SCENARIOS
from tests.simulation.swept_region import Disorder, Fault, SweptRegion, open_region

from localcloud.azurite import StorageAddress

FAULTS: Mapping[str, Fault] = {
    "fails before": Fault("before"),
    "fails after": Fault("after"),
    "times out before": Fault("silent before"),
    "times out after": Fault("silent after"),
    "503, then 409": Fault("after", is_busy=True),
    "slow": Fault("slow"),
    "crash": Fault("death"),
}
DISORDERS: tuple[Disorder, ...] = ("twice", "late")
FEWEST_CALLS, FEWEST_DELIVERIES = 15, 2
"""The shortest scenario makes at least so many."""

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS)
every_fault = pytest.mark.parametrize("fault", FAULTS)
every_disorder = pytest.mark.parametrize("disorder", DISORDERS)


class Life(NamedTuple):
    """How many calls and deliveries a scenario took, and how many calls were spoiled."""

    calls: int
    deliveries: int
    struck: int


type Spoil = Callable[[SweptRegion], None]
type Live = Callable[[str, Spoil], Awaitable[Life]]


@pytest.fixture
def live(azurite: StorageAddress, unique: Callable[[str], str]) -> Live:
    """Carries out a scenario in a new region that was spoiled, and checks what it comes to."""

    async def carry_out(scenario: str, spoil: Spoil) -> Life:
        async with open_region(azurite, unique) as region:
            spoil(region)
            ends = await SCENARIOS[scenario](region)
            for _ in range(2):
                await region.sweep()
            life = Life(region.faults.calls, region.deliveries, region.faults.struck)
            await region.recover()
            assert await region.broken_promises() == []
            for end, expected in zip(await region.ends(), ends, strict=True):
                assert fnmatchcase(end, expected)
            return life

    return carry_out


@every_scenario
async def test_without_a_fault_it_ends_as_it_should(live: Live, scenario: str) -> None:
    life = await live(scenario, unspoiled)
    assert life.calls >= FEWEST_CALLS
    assert life.deliveries >= FEWEST_DELIVERIES


@every_fault
@every_scenario
async def test_it_ends_so_if_some_call_goes_wrong(live: Live, scenario: str, fault: str) -> None:
    number = seeded(scenario, fault).randrange((await live(scenario, unspoiled)).calls)
    with noted(f"{scenario}, call {number}: {fault}"):
        life = await live(scenario, spoiled(fault, number))
    assert life.struck == 1


@every_disorder
@every_scenario
async def test_it_ends_so_if_some_delivery_comes_out_of_order(
    live: Live, scenario: str, disorder: Disorder
) -> None:
    number = seeded(scenario, disorder).randrange((await live(scenario, unspoiled)).deliveries)
    with noted(f"{scenario}, delivery {number}: {disorder}"):
        life = await live(scenario, disturbed(disorder, number))
    assert life.deliveries > number


@pytest.mark.prove
@every_fault
@every_scenario
async def test_it_ends_so_whichever_call_goes_wrong(live: Live, scenario: str, fault: str) -> None:
    for number in itertools.count():
        with noted(f"{scenario}, call {number}: {fault}"):
            life = await live(scenario, spoiled(fault, number))
        if not life.struck:
            assert number >= FEWEST_CALLS
            keep("Calls that go wrong, each in turn, in each way", {scenario: number}, f"{scenario} {fault}")
            return


@pytest.mark.prove
@every_disorder
@every_scenario
async def test_it_ends_so_whichever_delivery_comes_out_of_order(
    live: Live, scenario: str, disorder: Disorder
) -> None:
    for number in itertools.count():
        with noted(f"{scenario}, delivery {number}: {disorder}"):
            life = await live(scenario, disturbed(disorder, number))
        if life.deliveries <= number:
            assert number >= FEWEST_DELIVERIES
            keep(
                "Deliveries out of order, each in turn, in each way",
                {scenario: number},
                f"{scenario} {disorder}",
            )
            return


def unspoiled(region: SweptRegion) -> None:
    """Only count."""
    region.faults.fail("before", set())


def spoiled(fault: str, number: int) -> Spoil:
    """One call goes wrong."""
    return lambda region: region.spoil(FAULTS[fault], number)


def disturbed(disorder: Disorder, number: int) -> Spoil:
    """One delivery comes out of order."""
    return lambda region: region.disturb(disorder, number)


def seeded(*what: str) -> random.Random:
    """The same chances each time."""
    return random.Random(" ".join(what))  # noqa: S311 - no secret


@contextmanager
def noted(what: str) -> Iterator[None]:
    """Whatever goes wrong says where."""
    try:
        yield
    except BaseException as error:
        error.add_note(what)
        raise
