"""The FastAPI application every app starts from."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from muneris.cloud.http.openapi import complete
from muneris.cloud.http.problem_documents import answer_problems


def create_api(app: str, *routers: APIRouter) -> FastAPI:
    """An app's API: its routers, problem documents, and `/v1/<app>/openapi.json` and `/docs`."""
    api = _Api(
        title=f"Muneris {app}",
        version="1",
        openapi_url=f"/v1/{app}/openapi.json",
        docs_url=f"/v1/{app}/docs",
        swagger_ui_oauth2_redirect_url=None,
        redoc_url=None,
        # Nobody collects it; asking on every request whether somebody does is not free.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    answer_problems(api)
    api.add_middleware(_EveryBodyIsJson)
    for router in routers:
        api.include_router(router)
    return api


class PlainRoute(APIRoute):
    """A route whose endpoint gets the request and no more: FastAPI documents it and reads nothing for it.

    For where its reading of dependencies and parameters counts.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint."""
        return self.endpoint


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, with what holds for every route."""
        return complete(super().openapi())


class _EveryBodyIsJson:
    """Has a body read as JSON whatever its `Content-Type`: clients leave it out, and curl calls it a form.

    FastAPI refuses other types against forged requests of browsers, which cannot send our bearer tokens.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            MutableHeaders(scope=scope)["content-type"] = "application/json"
        await self._app(scope, receive, send)
