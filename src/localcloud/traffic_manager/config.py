"""A Traffic Manager profile, with the terms of Azure's `trafficManagerProfiles`."""

from typing import Literal

from pydantic import BaseModel, Field


class Endpoint(BaseModel, frozen=True):
    """One region: `url` is its gateway, `location` its Azure region. A lower `priority` is preferred."""

    name: str
    url: str
    location: str
    priority: int = Field(default=1, ge=1, le=1000)
    enabled: bool = True


class Probe(BaseModel, frozen=True):
    """How an endpoint's health is asked; times in seconds.

    Azure's are 10 or 30 s apart with a timeout of 5 s at least; locally a failover need not take that long.
    """

    path: str = "/health"
    interval: float = Field(default=1, gt=0)
    timeout: float = Field(default=1, gt=0)
    tolerated_failures: int = Field(default=2, ge=0, le=9)


class TrafficManagerConfig(BaseModel, frozen=True):
    """The profile and where it is served: HTTP by TCP and DNS by UDP, on one port number.

    With the method `performance` the endpoints are listed nearest first; with `priority` their own
    numbers decide. `ttl` is how long, in seconds, a DNS answer may be kept. The profile is
    `api.<domain>`, an endpoint `<name>.<domain>`.
    """

    port: int
    endpoints: tuple[Endpoint, ...]
    method: Literal["performance", "priority"] = "performance"
    probe: Probe = Probe()
    ttl: int = Field(default=5, ge=0, le=2_147_483_647)
    domain: str = "muneris.localtest"
