"""Pauses that end when a test says so: nothing sleeps, and every turn of a task that pauses is counted."""

import asyncio

from tests.polling import until


class Ticks:
    """Gives out pauses of any length, and ends those that are under way."""

    def __init__(self) -> None:
        self._paused: list[asyncio.Future[None]] = []

    async def sleep(self, seconds: float) -> None:  # noqa: ARG002 - a pause is as long as the test wants
        """Pause until the next `tick`."""
        pause: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._paused.append(pause)
        await pause

    async def pausing(self, count: int = 1) -> None:
        """Wait until that many pause, and whoever they woke has had its turn."""
        await until(lambda: len(self._paused) == count)
        for _ in range(20):
            await asyncio.sleep(0)

    async def tick(self, count: int = 1) -> None:
        """Wait until that many pause, and let them all go on."""
        await self.pausing(count)
        paused, self._paused = self._paused, []
        for pause in paused:
            pause.set_result(None)
