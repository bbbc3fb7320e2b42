"""Refusals and faults as problem documents (RFC 9457)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from muneris.cloud.http.correlation import correlation_id
from muneris.core.operational import OperationalError
from muneris.core.problems import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    MALFORMED_JSON,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    SERVICE_UNAVAILABLE,
    Json,
    ProblemError,
    ProblemType,
)
from muneris.core.validation import refuse_model

_log = logging.getLogger(__name__)
_BASE = "https://muneris.app/problems/"
_MEDIA_TYPE = "application/problem+json"
_CONTENT = {_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
_RETRY_AFTER_SECONDS = "2"


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(examples=["lines.0.quantity"])
    message: str = Field(examples=["Input should be greater than or equal to 1"])


class ProblemDocument(BaseModel):
    """A refusal: `code` is stable, `detail` says what to do."""

    type: str = Field(examples=[_BASE + INVALID_REQUEST.code])
    title: str = Field(examples=[INVALID_REQUEST.title])
    status: int = Field(examples=[INVALID_REQUEST.status])
    detail: str = Field(examples=["Correct the fields named in 'errors' and send again."])
    instance: str = Field(examples=["/v1/orders/NOR-CPH01"])
    code: str = Field(examples=[INVALID_REQUEST.code])
    correlation_id: str = Field(examples=["4bf92f3577b34da6a3ce929d0e0e4736"])
    errors: list[FieldError] | None = None


def problem_responses(*types: ProblemType) -> dict[int | str, dict[str, Any]]:
    """A route's refusals, for its OpenAPI document; those that every route has are added to them there."""
    responses: dict[int | str, dict[str, Any]] = {}
    for each in types:
        known = responses.setdefault(each.status, {"description": "", "content": dict(_CONTENT)})
        known["description"] += f"{', ' if known['description'] else ''}`{each.code}`"
    return responses


def problem_response(request: Request, problem: ProblemError) -> JSONResponse:
    """The answer that says so."""
    document: Mapping[str, Json] = {
        "type": _BASE + problem.type.code,
        "title": problem.type.title,
        "status": problem.type.status,
        "detail": problem.detail,
        "instance": request.url.path,
        "code": problem.type.code,
        "correlation_id": correlation_id(),
        **problem.members,
    }
    return JSONResponse(document, problem.type.status, dict(problem.headers), media_type=_MEDIA_TYPE)


def problem_of(error: ProblemError | OperationalError) -> ProblemError:
    """What a caller is told of a refusal, which is all of it, or of a fault around us, which is logged."""
    if isinstance(error, ProblemError):
        return error
    _log.warning("unavailable: %s", error)
    return SERVICE_UNAVAILABLE(
        "Something this needs does not answer. Send the same request again shortly.",
        headers={"Retry-After": _RETRY_AFTER_SECONDS},
    )


def answer_problems(api: FastAPI) -> None:
    """Have every refusal and fault of an API answered as a problem document."""
    api.add_exception_handler(ProblemError, _on_refusal)
    api.add_exception_handler(OperationalError, _on_refusal)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)
    api.add_exception_handler(Exception, _on_bug)


async def _on_refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError | OperationalError)  # noqa: S101 - Starlette calls by type
    return problem_response(request, problem_of(error))


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return problem_response(request, MALFORMED_JSON("The body is not JSON."))
    return problem_response(request, refuse_model(error.errors(), skip=1))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        refusal = METHOD_NOT_ALLOWED("This address has no such method.", headers=error.headers)
    elif error.status_code == HTTPStatus.BAD_REQUEST:
        refusal = MALFORMED_JSON("The body is not JSON in UTF-8.")
    else:
        refusal = NOT_FOUND("There is nothing at this address.")
    return problem_response(request, refusal)


async def _on_bug(request: Request, _error: Exception) -> JSONResponse:
    # Starlette raises it again after the answer: the guard logs it.
    return problem_response(request, INTERNAL_ERROR("Our mistake. It is logged under the correlation id."))
