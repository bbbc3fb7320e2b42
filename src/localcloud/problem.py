"""Problem documents (RFC 9457) of what answers in front of the function apps."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

CONTENT_TYPE = "application/problem+json"
_TYPES = "https://muneris.app/problems/"


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    instance: str,
    correlation_id: str,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """An error answer; `code` is stable and for programs, `detail` says what to do, for people."""
    document = {
        "type": _TYPES + code,
        "title": code.replace("_", " ").capitalize(),
        "status": status.value,
        "detail": detail,
        "instance": instance,
        "code": code,
        "correlation_id": correlation_id,
    }
    # As bytes: a text gets a charset, which this media type does not have.
    return web.Response(
        body=json.dumps(document).encode(), status=status, headers=headers, content_type=CONTENT_TYPE
    )
