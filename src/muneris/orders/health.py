"""The region's health, as Traffic Manager and operators see it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from pydantic import BaseModel

from muneris.cloud.tables import Table
from muneris.core.operational import OperationalError
from muneris.orders.targets import Targets

_log = logging.getLogger(__name__)

_CHECK_SECONDS = 0.7
"""What a check may take: the whole answer is due within a second."""
_FRESH_SECONDS = 1.0
_SIMPHONY = "simphony|"

Check = Callable[[], Awaitable[bool]]
State = Literal["ok", "down", "silent"]


class HealthReport(BaseModel):
    """How the region does. `components` outside of it are reported, never counted."""

    region: str
    status: Literal["healthy", "degraded", "draining", "unhealthy"]
    components: Mapping[str, State]

    @property
    def http_status(self) -> int:
        """200 exactly when the region can take orders and is not draining."""
        return 200 if self.status in {"healthy", "degraded"} else 503


class Health:
    """Checks the region, at most once a second however many ask.

    `parts` are what it takes orders without, by name: its other apps, and its further storage accounts, which
    hold some properties each.
    """

    def __init__(
        self,
        region: str,
        settings: Table,
        queues: Check,
        parts: Mapping[str, Check],
        targets: Targets,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._region = region
        self._settings = settings
        self._queues = queues
        self._parts = parts
        self._targets = targets
        self._monotonic = monotonic
        self._checked_at = float("-inf")
        self._report: HealthReport | None = None
        self._lock = asyncio.Lock()

    async def report(self) -> HealthReport:
        """How the region does, at most a second ago."""
        async with self._lock:
            if self._report is None or self._monotonic() - self._checked_at >= _FRESH_SECONDS:
                self._report = await self._check()
                self._checked_at = self._monotonic()
            return self._report

    async def _check(self) -> HealthReport:
        tables, queues, silent, *parts = await asyncio.gather(
            self._within(self._find_drain),
            self._within(self._queues),
            self._within(self._silent_simphonies),
            *(self._within(check) for check in self._parts.values()),
        )
        components: dict[str, State] = {
            "tables": "down" if tables is None else "ok",
            "queues": "ok" if queues else "down",
            "orders": "ok",
            **{part: "ok" if up else "down" for part, up in zip(self._parts, parts, strict=True)},
            "simphony": "silent" if silent else "ok",
        }
        return HealthReport(
            region=self._region,
            status=_status(components, self._parts, draining=bool(tables)),
            components=components,
        )

    async def _within(self, check: Check) -> bool | None:
        """What a check says; None if it does not say it in time."""
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                return await check()
        except (OperationalError, TimeoutError) as error:
            _log.warning("health: %s %s", type(error).__name__, error)
            return None

    async def _find_drain(self) -> bool:
        row = await self._settings.find("region", "drain")
        return row is not None and row.values.get("Draining") is True

    async def _silent_simphonies(self) -> bool:
        states = await self._targets.states()
        return any(name.startswith(_SIMPHONY) and state.is_silent for name, state in states.items())


def _status(
    components: Mapping[str, State], parts: Mapping[str, Check], *, draining: bool
) -> Literal["healthy", "degraded", "draining", "unhealthy"]:
    if "down" in {components["tables"], components["queues"]}:
        return "unhealthy"
    if draining:
        return "draining"
    return "degraded" if any(components[part] == "down" for part in parts) else "healthy"
