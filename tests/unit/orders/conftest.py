import pytest
from tests.ordering import OrderingRegion


@pytest.fixture
async def region() -> OrderingRegion:
    """A region in memory whose property takes orders."""
    region = OrderingRegion()
    await region.open()
    return region
