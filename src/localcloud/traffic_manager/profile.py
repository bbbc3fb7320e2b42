"""Which endpoint is chosen, by what probes find (Azure: "Traffic Manager endpoint monitoring")."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel

from localcloud.traffic_manager.config import Endpoint


class MonitorStatus(StrEnum):
    """An endpoint's state, in Azure's words."""

    CHECKING = "CheckingEndpoint"
    ONLINE = "Online"
    DEGRADED = "Degraded"
    DISABLED = "Disabled"


class Health(BaseModel):
    """What the probes of one endpoint have found."""

    status: MonitorStatus
    consecutive_failures: int = 0
    last_probe_at: datetime | None = None
    last_result: str | None = None


class Profile:
    """The endpoints and their health; answers who is chosen now."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        *,
        method: Literal["performance", "priority"],
        tolerated_failures: int,
    ) -> None:
        nearest_first = list(endpoints)
        by_priority = sorted(nearest_first, key=lambda each: each.priority)
        self.endpoints = tuple(by_priority if method == "priority" else nearest_first)
        """In the order of preference."""
        self._tolerated_failures = tolerated_failures
        self._health = {each.name: Health(status=_first_status(each)) for each in self.endpoints}

    def record(self, endpoint: Endpoint, result: str, at: datetime, *, success: bool) -> None:
        """Take in a probe's result: one success is enough, a failure must exceed what is tolerated."""
        failures = 0 if success else self._health[endpoint.name].consecutive_failures + 1
        status = self._health[endpoint.name].status
        if success:
            status = MonitorStatus.ONLINE
        elif failures > self._tolerated_failures:
            status = MonitorStatus.DEGRADED
        self._health[endpoint.name] = Health(
            status=status, consecutive_failures=failures, last_probe_at=at, last_result=result
        )

    def health(self, endpoint: Endpoint) -> Health:
        """An endpoint's health."""
        return self._health[endpoint.name]

    def chosen(self) -> Endpoint | None:
        """The preferred endpoint that is not degraded, or of all if all are; None if all are disabled."""
        enabled = [each for each in self.endpoints if each.enabled]
        healthy = [each for each in enabled if self.health(each).status is not MonitorStatus.DEGRADED]
        return next(iter(healthy or enabled), None)


def _first_status(endpoint: Endpoint) -> MonitorStatus:
    return MonitorStatus.CHECKING if endpoint.enabled else MonitorStatus.DISABLED
