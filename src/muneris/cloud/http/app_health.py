"""One app's own health: it answers, so it is up."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, partial
from http import HTTPStatus

import aiohttp
from fastapi import APIRouter
from pydantic import BaseModel, Field

from muneris.core.operational import OperationalError


class AppHealth(BaseModel):
    """How an app is."""

    app: str = Field(examples=["auth"])
    region: str = Field(examples=["api1"])
    status: str = Field(examples=["healthy"])


def health_router(app: str, region: str) -> APIRouter:
    """`GET /v1/<app>/health`."""
    routes = APIRouter(tags=["health"])

    @routes.get(f"/v1/{app}/health", summary="This app's own health")
    async def get_health() -> AppHealth:
        return AppHealth(app=app, region=region, status="healthy")

    return routes


class OtherApps:
    """The health of a region's other apps, asked over HTTP with one session, opened by the first check."""

    def __init__(self, apps: Mapping[str, str], *, but: str) -> None:
        self._apps = {app: address for app, address in apps.items() if app != but}

    @property
    def checks(self) -> Mapping[str, Callable[[], Awaitable[bool]]]:
        """A check of each app: whether it answers its own health with 200."""
        return {
            app: partial(self._answers, f"{address}/v1/{app}/health") for app, address in self._apps.items()
        }

    async def _answers(self, address: str) -> bool:
        try:
            async with self._session.get(address) as answer:
                return answer.status == HTTPStatus.OK
        except aiohttp.ClientError as error:
            raise OperationalError(f"{address}: {type(error).__name__}") from error

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession()
