import pytest
from tests.unit.inventory.kitchen import Kitchen


@pytest.fixture
async def kitchen() -> Kitchen:
    """A property with ten buns and as much beef."""
    kitchen = Kitchen()
    await kitchen.stock(bun=10, beef=10)
    return kitchen
