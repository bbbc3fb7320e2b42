"""How every account stands in every region, for people: nothing secret is opened."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field

from muneris.core.clock import Clock
from muneris.replication.accounts import State, standing_of
from muneris.replication.gathering import Regions
from muneris.replication.links import Link

_AT_ONCE = 8


class RegionalState(BaseModel):
    """How an account stands in one region; `version` and `epoch` are those of the tokens that it sends.

    `absent`: the region answers and has none. `unreachable`: it does not answer.
    """

    region: str = Field(examples=["api1"])
    state: State | Literal["absent", "unreachable"] = Field(examples=["valid"])
    version: int | None = Field(default=None, examples=[7])
    epoch: int | None = Field(default=None, examples=[1])
    obtained_at: datetime | None = None
    expires_at: datetime | None = None
    age_days: int | None = Field(default=None, examples=[3])
    days_left: int | None = Field(default=None, examples=[6])
    forked: bool = Field(default=False, examples=[False])
    password_expires_soon: bool = Field(default=False, examples=[False])


class AccountOverview(BaseModel):
    """An account and what each region has of it."""

    account: str = Field(examples=["4f1d0c9b8a7e6f5d"])
    organization: str = Field(examples=["nordic"])
    username: str = Field(examples=["muneris_api"])
    regions: list[RegionalState]


async def overview_of(regions: Regions, clock: Clock) -> list[AccountOverview]:
    """Every account that a region in reach knows."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def overview(account_id: str) -> AccountOverview | None:
        async with turns:
            return _overview(account_id, await regions.links(account_id), regions, clock.now())

    found = await asyncio.gather(*(overview(each) for each in await regions.ids()))
    return [each for each in found if each is not None]


def _overview(
    account_id: str, links: Mapping[str, Sequence[Link]], regions: Regions, now: datetime
) -> AccountOverview | None:
    every = [link for each in links.values() for link in each]
    if not every:
        return None
    return AccountOverview(
        account=account_id,
        organization=every[0].account.org_short_name,
        username=every[0].account.username,
        regions=[_state(region, links.get(region), now) for region in sorted(regions.stores)],
    )


def _state(region: str, links: Sequence[Link] | None, now: datetime) -> RegionalState:
    if links is None:
        return RegionalState(region=region, state="unreachable")
    standing = standing_of(links, now)
    if standing is None:
        return RegionalState(region=region, state="absent")
    return RegionalState(
        region=region,
        state=standing.state,
        version=standing.version,
        epoch=standing.writer.epoch,
        obtained_at=standing.obtained_at,
        expires_at=standing.expires_at,
        age_days=max(0, (now - standing.obtained_at) // timedelta(days=1)),
        days_left=standing.days_left,
        forked=standing.is_forked,
        password_expires_soon=standing.password_expires_soon,
    )
