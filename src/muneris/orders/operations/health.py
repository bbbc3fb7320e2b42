"""The region's health, as Traffic Manager and operators see it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from muneris.cloud.tables import Table
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.core.operational import OperationalError
from muneris.orders.life.targets import Targets

_log = logging.getLogger(__name__)

_CHECK_SECONDS = 0.7
"""What a check may take: the whole answer is due within a second."""
_FRESH_SECONDS = 1.0
_SIMPHONY = "simphony|"

Check = Callable[[], Awaitable[bool]]
_Ask = Callable[[Check], Awaitable[bool | None]]
State = Literal["ok", "down", "silent", "late", "some", "unknown"]


class HealthReport(BaseModel):
    """How the region does. `components` outside of it are reported, never counted."""

    region: str
    status: Literal["healthy", "degraded", "draining", "unhealthy"]
    components: Mapping[str, State]

    @property
    def http_status(self) -> int:
        """200 exactly when the region can take orders and is not draining."""
        return 200 if self.status in {"healthy", "degraded"} else 503


@dataclass(frozen=True)
class Symptom:
    """What is reported and never counted: the state of its component while it `shows`."""

    state: State
    shows: Check


class Health:
    """Checks the region, at most once a second however many ask.

    `parts` are what it takes orders without, by name: its other apps, and its further storage accounts, which
    hold some properties each. `symptoms` by name say nothing of whether it takes orders.
    """

    def __init__(
        self,
        region: str,
        settings: Table,
        queues: Check,
        parts: Mapping[str, Check],
        symptoms: Mapping[str, Symptom],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._region = region
        self._settings = settings
        self._queues = queues
        self._parts = parts
        self._symptoms = symptoms
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
        tables, queues, parts, shown = await asyncio.gather(
            self._within(self._find_drain),
            self._within(self._queues),
            self._all(self._parts, self._within),
            self._all({name: symptom.shows for name, symptom in self._symptoms.items()}, self._told),
        )
        components: dict[str, State] = {
            "tables": "down" if tables is None else "ok",
            "queues": "ok" if queues else "down",
            "orders": "ok",
            **{name: "ok" if up else "down" for name, up in parts.items()},
            **{name: _state(symptom, shown[name]) for name, symptom in self._symptoms.items()},
        }
        return HealthReport(
            region=self._region,
            status=_status(components, self._parts, draining=bool(tables)),
            components=components,
        )

    async def _all(self, checks: Mapping[str, Check], ask: _Ask) -> Mapping[str, bool | None]:
        said = await asyncio.gather(*map(ask, checks.values()))
        return dict(zip(checks, said, strict=True))

    async def _within(self, check: Check) -> bool | None:
        """What a check says; None if it does not say it in time."""
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                return await check()
        except (OperationalError, RequestRefusedError, TimeoutError) as error:
            _log.warning("health: %s %s", type(error).__name__, error)
            return None

    async def _told(self, shows: Check) -> bool | None:
        """What is said of a symptom; None if that is not known: it takes no region out of service."""
        try:
            return await self._within(shows)
        except Exception:  # noqa: BLE001 - a bug in what is never counted is not the region's state
            _log.exception("health: a symptom is not known")
            return None

    async def _find_drain(self) -> bool:
        row = await self._settings.find("region", "drain")
        return row is not None and row.values.get("Draining") is True


def silent_simphony(targets: Targets) -> Symptom:
    """Whether any property's Simphony is silent."""

    async def shows() -> bool:
        states = await targets.states()
        return any(name.startswith(_SIMPHONY) and state.is_silent for name, state in states.items())

    return Symptom("silent", shows)


def _state(symptom: Symptom, shown: bool | None) -> State:  # noqa: FBT001 - what a check says
    if shown is None:
        return "unknown"
    return symptom.state if shown else "ok"


def _status(
    components: Mapping[str, State], parts: Mapping[str, Check], *, draining: bool
) -> Literal["healthy", "degraded", "draining", "unhealthy"]:
    if "down" in {components["tables"], components["queues"]}:
        return "unhealthy"
    if draining:
        return "draining"
    return "degraded" if any(components[part] == "down" for part in parts) else "healthy"
