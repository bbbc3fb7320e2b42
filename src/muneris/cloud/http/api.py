"""The FastAPI application every app starts from."""

from functools import cached_property
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.routing import Match
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
    # As if each were the app's own: what includes routers looks for every request's route twice. Behind the
    # routes of the document, which would else be taken for properties.
    api.router.routes += [route for router in routers for route in router.routes]
    return api


class PlainRoute(APIRoute):
    """A route whose endpoint gets the request and no more: FastAPI documents it and does nothing for it.

    For where its layers, and its reading of dependencies and parameters, count. It goes before all others.
    """


class _Api(FastAPI):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, of a plain route before all layers: what it raises is the guard's to answer."""
        for route in self._plain_routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                response: Response = await route.endpoint(Request({**scope, **found}, receive))
                await response(scope, receive, send)
                return
        await super().__call__(scope, receive, send)

    @cached_property
    def _plain_routes(self) -> list[PlainRoute]:
        return [each for each in self.routes if isinstance(each, PlainRoute)]

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
