"""The routes of the token master: who it is, how to move it, and how every account stands everywhere."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, Field

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.staff import require_staff
from muneris.core.problems import FORBIDDEN, ProblemType
from muneris.core.validation import refuse_invalid
from muneris.replication.mastership import Mastership, NoMajorityError, Overview, PromotionLostError
from muneris.replication.overview import AccountOverview, overview_of
from muneris.replication.refreshing import Means
from muneris.replication.role import Role

APP = "sts_token_master"
NO_MAJORITY = ProblemType("no_majority", 409, "Too few regions answer")
PROMOTION_LOST = ProblemType("promotion_lost", 409, "No majority took the promotion")


class RoleDocument(BaseModel):
    """Who holds the role by one promotion."""

    epoch: int = Field(examples=[3])
    region: str = Field(examples=["api1"])
    since: datetime
    forced: bool = Field(examples=[False])

    @classmethod
    def of(cls, role: Role) -> "RoleDocument":
        """A role as it is answered."""
        return cls(epoch=role.epoch, region=role.region, since=role.since, forced=role.forced)


class Vote(BaseModel):
    """What one region says of the role."""

    region: str = Field(examples=["api2"])
    reachable: bool = Field(examples=[True])
    role: RoleDocument | None = None


class MasterOverview(BaseModel):
    """Who is master by what the regions say, or null: nobody is until one is promoted."""

    master: RoleDocument | None
    regions: list[Vote]


class Promotion(BaseModel):
    """How the asked region becomes master: by a majority, or by `force`, confirmed by its name."""

    force: bool = Field(default=False, examples=[False])
    confirm: str = Field(default="", examples=["api2"], description="The region's name, with `force`")


class AccountList(BaseModel):
    """Every account that a region in reach knows."""

    items: list[AccountOverview]


def router(region: str, means: Means, authenticate: Authenticate) -> APIRouter:
    """The routes below `/v1/sts_token_master`, for staff alone."""
    routes = APIRouter(
        prefix=f"/v1/{APP}", tags=["token master"], dependencies=[Depends(require_staff(authenticate))]
    )
    mastership = means.mastership

    @routes.get("/master", summary="Who is master, by every region", responses=problem_responses(FORBIDDEN))
    async def get_master() -> MasterOverview:
        return _overview(await mastership.overview())

    @routes.post(
        "/master/promote",
        summary="Make this region the master",
        responses=problem_responses(FORBIDDEN, NO_MAJORITY, PROMOTION_LOST),
    )
    async def promote(promotion: Annotated[Promotion, Body()]) -> RoleDocument:
        if promotion.force and promotion.confirm != region:
            raise refuse_invalid([("confirm", f"Name the region to force: {region}.")])
        return await _promote(mastership, force=promotion.force)

    @routes.get(
        "/accounts", summary="Oracle accounts, in every region", responses=problem_responses(FORBIDDEN)
    )
    async def list_accounts() -> AccountList:
        return AccountList(items=await overview_of(means.regions, means.clock))

    return routes


async def _promote(mastership: Mastership, *, force: bool) -> RoleDocument:
    try:
        return RoleDocument.of(await mastership.promote(force=force))
    except NoMajorityError as error:
        raise NO_MAJORITY(f"{error}.") from error
    except PromotionLostError as error:
        raise PROMOTION_LOST(f"{error}.") from error


def _overview(seen: Overview) -> MasterOverview:
    votes = [
        Vote(region=region, reachable=True, role=None if role is None else RoleDocument.of(role))
        for region, role in seen.votes.items()
    ]
    votes += [Vote(region=region, reachable=False) for region in seen.unreachable]
    holder = seen.holder
    return MasterOverview(
        master=None if holder is None else RoleDocument.of(holder),
        regions=sorted(votes, key=lambda vote: vote.region),
    )
