"""What goes wrong in a world, when, where and for how long, as its seed says."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from tests.point_of_sale import Mood
from tests.simulation.seeded.network import Net
from tests.simulation.seeded.region import Region

_MOODS: tuple[Mood, ...] = ("refuses", "loses_answer", "loses_request", "unreachable", "no_tokens")

_DUSKY: tuple[Mood, ...] = ("loses_answer", "loses_request", "refuses")
_DUSK, _DARK = 60, 2.3 * 3600.0
"""Seconds: longer than a call's outcome may be unknown before it is a person's to settle."""


class Troubles:
    """Crashes, cuts, outages and moods of Simphony; `count` of them so far."""

    def __init__(self, regions: Sequence[Region], net: Net) -> None:
        self.count = 0
        self.dark_code = ""
        self._regions = regions
        self._net = net
        self._chance = net.chance

    def all(self) -> list[Coroutine[object, object, None]]:
        """Every kind of trouble, each going on until it is cancelled."""
        return [
            self._every(25, self._crash),
            self._every(30, self._cut_off),
            self._every(60, self._break_down),
            self._every(120, self._stop_inventory),
            self._every(30, self._be_moody),
            self._every(30, self._keep_checks),
        ]

    def end(self) -> None:
        """Everything works from now on, and everybody is up."""
        self._net.is_calm = True
        for region in self._regions:
            for restaurant in region.restaurants.values():
                restaurant.mood = restaurant.round_mood = restaurant.void_mood = "takes"
            for machine in region.machines:
                if machine.process is None:
                    machine.start()

    async def _every(self, seconds: float, trouble: Callable[[], Awaitable[None]]) -> None:
        async with asyncio.TaskGroup() as troubles:
            while True:
                await asyncio.sleep(self._chance.expovariate(1 / seconds))
                self.count += 1
                troubles.create_task(_awaited(trouble()))

    async def _crash(self) -> None:
        machine = self._chance.choice(self._chance.choice(self._regions).machines)
        self._note(f"{machine.name} crashes")
        machine.stop()
        await asyncio.sleep(self._chance.uniform(1, 20))
        if machine.process is None:
            machine.start()

    async def _cut_off(self) -> None:
        """A process no longer reaches something, and others do."""
        region = self._chance.choice(self._regions)
        process = self._chance.choice(region.machines).process
        if process is None:
            return
        cut = process.name, self._chance.choice(region.targets)
        self._note(f"{cut[0]} no longer reaches {cut[1]}")
        self._net.cut.add(cut)
        await asyncio.sleep(self._chance.uniform(2, 60))
        self._net.cut.discard(cut)
        self._note(f"{cut[0]} reaches {cut[1]} again")

    async def _break_down(self) -> None:
        """Something is out of order for everybody, a restaurant's Simphony for longer."""
        target = self._chance.choice(self._chance.choice(self._regions).targets)
        longest = 600 if target.startswith("simphony") else 40
        self._note(f"{target} is down")
        self._net.down.add(target)
        await asyncio.sleep(self._chance.uniform(2, longest))
        self._net.down.discard(target)
        self._note(f"{target} is up again")

    async def _stop_inventory(self) -> None:
        region = self._chance.choice(self._regions)
        self._note(f"{region.name} has no inventory")
        for machine in region.inventory:
            machine.stop()
        await asyncio.sleep(self._chance.uniform(10, 90))
        for machine in region.inventory:
            if machine.process is None:
                machine.start()

    async def _be_moody(self) -> None:
        region = self._chance.choice(self._regions)
        code = self._chance.choice(list(region.restaurants))
        for mood in self._chance.choices(_MOODS, k=2):
            self._note(f"simphony {code} {mood}")
            region.restaurants[code].mood = mood
            region.restaurants[code].round_mood = self._chance.choice(_MOODS)
            await asyncio.sleep(self._chance.uniform(1, 30))
        region.restaurants[code].mood = region.restaurants[code].round_mood = "takes"

    async def _keep_checks(self) -> None:
        """A restaurant's Simphony does not void, or does not say so."""
        region = self._chance.choice(self._regions)
        code = self._chance.choice(list(region.restaurants))
        mood = self._chance.choice(_MOODS)
        self._note(f"simphony {code} {mood} when it is to void")
        region.restaurants[code].void_mood = mood
        await asyncio.sleep(self._chance.uniform(1, 60))
        region.restaurants[code].void_mood = "takes"

    async def go_dark(self) -> None:
        """A restaurant's Simphony loses and refuses by turns, and then is away for a long time."""
        region = self._chance.choice(self._regions)
        code = self._chance.choice(list(region.restaurants))
        self.dark_code = code
        self._note(f"simphony {code} goes dark")
        for _ in range(_DUSK):
            region.restaurants[code].mood = self._chance.choice(_DUSKY)
            await asyncio.sleep(1)
        self._net.dark.add(f"simphony {code}")
        await asyncio.sleep(_DARK)
        self._net.dark.clear()
        self._note(f"simphony {code} is back")

    def _note(self, what: str) -> None:
        self._net.journal.note("trouble", what)


async def _awaited(doing: Awaitable[None]) -> None:
    await doing


def arrivals(chance: random.Random, count: int, per_second: float) -> list[float]:
    """When so many customers come, in seconds from now: alone or in crowds."""
    return sorted(chance.uniform(0, count / per_second) for _ in range(count))
