from collections.abc import AsyncIterator

import pytest
from tests.contract.point_of_sale.rigs import FakeRig, Rig, SimulatorRig
from tests.point_of_sale import FakePointOfSale
from tests.simphony import ManualClock, open_simulation


@pytest.fixture(params=["in memory", "simulator"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Each point of sale there is: every test of this folder runs on both."""
    if request.param == "in memory":
        clock = ManualClock()
        yield FakeRig(clock, FakePointOfSale(clock, names_are_unique=True))
        return
    async with open_simulation() as simulation:
        yield SimulatorRig(simulation, simulation.clock, simulation.point_of_sale())
