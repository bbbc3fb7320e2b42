"""How the API refuses: Oracle's problem document (STS Gen2 guide, Problem Details)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Middleware
from pydantic import ValidationError

from localcloud.simulators.simphony.wire import Json, answer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(eq=False)
class ProblemError(Exception):
    """A request is refused; `pos_code` names what the POS itself objects to."""

    status: int
    title: str
    instance: str
    detail: str
    pos_code: str | None = None

    def response(self, text_name: str = "detail") -> web.Response:
        """The problem document; older schemas name its text `details`."""
        document: dict[str, Json] = {
            "type": "error:pos" if self.pos_code else "error:validation",
            "title": self.title,
            "status": self.status,
            text_name: self.detail,
            "instance": self.instance,
        }
        if self.pos_code:
            document["posDetails"] = [{"code": self.pos_code, "message": self.detail}]
        return answer(document, self.status)


def missing(*names: str) -> ProblemError:
    """Required values are not there."""
    detail = f"Missing: {', '.join(names)}"
    return ProblemError(400, "Required value not specified.", "required_value_missing", detail)


def invalid(detail: str) -> ProblemError:
    """A check's values make no sense."""
    return ProblemError(400, "Check is invalid.", "error:check_validation_failure", detail)


def refused_by_pos(code: str, detail: str) -> ProblemError:
    """The POS refuses; `code` as in `posDetails`."""
    return ProblemError(400, "POS Error", "error:pos-error", detail, code)


def forbidden(detail: str) -> ProblemError:
    """The account may not, or the revenue center is not opened to the service."""
    return ProblemError(403, "Forbidden", "error:forbidden", detail)


def unavailable(detail: str) -> ProblemError:
    """The service cannot do it now."""
    return ProblemError(503, "Service Unavailable", "error:service", detail)


def timed_out() -> ProblemError:
    """The property did not answer in time: 521, Oracle's own (STS Gen2 guide, Status Codes)."""
    return ProblemError(521, "General Service Error", "error:service", "The property did not answer in time")


def not_implemented(what: str) -> ProblemError:
    """The call exists in the cloud alone."""
    return ProblemError(501, "Not Implemented", "error:service", f"{what} is for the cloud only")


def not_found(what: str) -> ProblemError:
    """Something named in the request does not exist."""
    return ProblemError(404, "Not found", "error:not-found", f"{what} does not exist")


def of_validation(error: ValidationError) -> ProblemError:
    """What a model found wrong in a body: absent values first, they have a title of their own."""
    absent = [_path(each["loc"]) for each in error.errors() if each["type"] == "missing"]
    if absent:
        return missing(*absent)
    return invalid("; ".join(f"{_path(each['loc'])}: {each['msg']}" for each in error.errors()))


def _path(location: Sequence[int | str]) -> str:
    return ".".join(str(step) for step in location)


def _of_web_server(error: web.HTTPException, request: web.Request) -> ProblemError:
    what = f"{request.method} {request.path}"
    return ProblemError(error.status, HTTPStatus(error.status).phrase, "error:service", what)


def answer_problems(text_name: Callable[[], str]) -> Middleware:
    """A middleware that answers every refusal as a problem document, also those of the web server itself."""

    @web.middleware
    async def respond(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ProblemError as problem:
            return problem.response(text_name())
        except web.HTTPException as error:
            return _of_web_server(error, request).response(text_name())

    return respond
