"""How the API refuses: Oracle's problem document (STS Gen2 guide, Problem Details)."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
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

    def response(self) -> web.Response:
        """The problem document."""
        document: dict[str, Json] = {
            "type": "error:pos" if self.pos_code else "error:validation",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
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


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal as a problem document, also those of the web server itself."""
    try:
        return await handler(request)
    except ProblemError as problem:
        return problem.response()
    except web.HTTPException as error:
        title = HTTPStatus(error.status).phrase
        return ProblemError(
            error.status, title, "error:service", f"{request.method} {request.path}"
        ).response()
