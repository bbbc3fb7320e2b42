"""Configuration that is answered with `ETag` and `Last-Modified` (STS Gen2 guide, Configuration API)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Self

from aiohttp import web

from localcloud.simulators.simphony.wire import answer_text


@dataclass(frozen=True)
class Document:
    """A JSON text, and since when it has been so."""

    text: str
    etag: str
    modified_at: datetime

    @classmethod
    def of(cls, text: str, modified_at: datetime) -> Self:
        """The document of a text."""
        return cls(text, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"', modified_at)


def answer_document(request: web.Request, document: Document, *, by_date: bool = True) -> web.Response:
    """The document, or 304 without a body if the client has it already.

    Not every operation reads `If-Modified-Since`: `by_date` tells.
    """
    is_known = _is_known(request, document, by_date=by_date)
    response = web.Response(status=304) if is_known else answer_text(document.text)
    response.headers["ETag"] = document.etag
    modified_at = document.modified_at.astimezone(UTC)
    response.headers["Last-Modified"] = format_datetime(modified_at, usegmt=True)
    return response


def _is_known(request: web.Request, document: Document, *, by_date: bool) -> bool:
    """RFC 9110, section 13.2.2: an entity tag decides before a date does."""
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return not known.isdisjoint({document.etag, "*"})
    since = request.if_modified_since if by_date else None
    return since is not None and document.modified_at.replace(microsecond=0) <= since
