from collections.abc import AsyncIterator

import pytest
from tests.simphony import Simulation, open_simulation


@pytest.fixture
async def simulation() -> AsyncIterator[Simulation]:
    async with open_simulation() as opened:
        yield opened
