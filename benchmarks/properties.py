"""What an app's memory grows by when it sells for many properties."""

from benchmarks.bench import running_bench
from benchmarks.load import Connection
from benchmarks.placing import Request, place
from benchmarks.report import Memory

_APP = "orders"


async def measure_property_memory(properties: int) -> Memory:
    """The orders app's memory after its first order, and after one at each of so many properties."""
    async with running_bench() as each:
        connection = await Connection.open(await each.region.start_direct(_APP))
        token = each.region.tokens()[0]
        for code in await each.restaurants.open(1):
            await place(connection, Request.at(code, token))
        idle = each.region.memory()[_APP]
        for code in await each.restaurants.open(properties):
            await place(connection, Request.at(code, token))
        loaded = each.region.memory()[_APP]
        connection.close()
    return Memory(
        name=f"orders app, from 1 to {properties:,} properties",
        idle_rss=idle.rss,
        idle_pss=idle.pss,
        loaded_rss=loaded.rss,
        loaded_pss=loaded.pss,
    )
