"""The running loop's time, moved by hand: what waits for it need not be waited for."""

import asyncio

import pytest


class LoopTime:
    """The time of the loop that runs stands still until it is moved; what is due then is carried out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._now = loop.time()
        monkeypatch.setattr(loop, "time", lambda: self._now)

    async def skip(self, seconds: float) -> None:
        """Time passes, and everybody whose turn it is gets it."""
        self._now += seconds
        for _ in range(20):
            await asyncio.sleep(0)
