"""The supervisor's own interface over HTTP, on loopback: what the other commands talk to."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import hdrs, web

from localcloud.errors import LocalCloudError
from localcloud.supervisor.cloud import Cloud

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def control_app(cloud: Cloud) -> web.Application:
    """The application that shows and changes a cloud."""
    control = _Control(cloud)
    app = web.Application(middlewares=[_refuse_web_pages, _answer_expected_errors])
    app.router.add_get("/status", control.get_status)
    app.router.add_post("/down", control.stop)
    app.router.add_post("/regions/{region}/apps/{app}/{action:stop|start|kill}", control.change_app)
    return app


class _Control:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def get_status(self, _: web.Request) -> web.Response:
        status = await self._cloud.get_status()
        return web.Response(text=status.model_dump_json(), content_type="application/json")

    async def stop(self, _: web.Request) -> web.Response:
        self._cloud.stop_requested.set()
        return web.json_response({"stopped": self._cloud.process_count})

    async def change_app(self, request: web.Request) -> web.Response:
        names = request.match_info
        service = self._cloud.get_app(names["region"], names["app"])
        match names["action"]:
            case "stop":
                await service.stop()
            case "start":
                await service.start()
            case _:
                service.process.kill()
                await service.process.wait()
        return web.json_response(
            {"region": names["region"], "app": names["app"], "pid": service.pid, "state": service.state}
        )


@web.middleware
async def _refuse_web_pages(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """A page in a browser names its origin; no page has a reason to stop this machine's cloud."""
    if hdrs.ORIGIN in request.headers:
        return _refusal(HTTPStatus.FORBIDDEN, "Use the command line, not a web page.")
    return await handler(request)


@web.middleware
async def _answer_expected_errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except LocalCloudError as error:
        return _refusal(HTTPStatus.NOT_FOUND, str(error))
    except (OSError, RuntimeError) as error:
        return _refusal(HTTPStatus.BAD_GATEWAY, f"It did not start: {error}")


def _refusal(status: HTTPStatus, detail: str) -> web.Response:
    return web.json_response({"status": status, "detail": detail}, status=status)
