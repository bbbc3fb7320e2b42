"""Conditional requests: entity tags compared as RFC 9110, section 13.1 says."""

from fastapi import Response

_NOT_MODIFIED = 304
UNCHANGED: dict[int | str, dict[str, object]] = {_NOT_MODIFIED: {"description": "Unchanged"}}
"""What a route's OpenAPI document says of it."""


def to_etag(version: str) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def names_etag(header: str | None, etag: str) -> bool:
    """Whether an `If-Match` or `If-None-Match` header names an entity tag; `*` names every one."""
    if header is None:
        return False
    named = {each.strip().removeprefix("W/") for each in header.split(",")}
    return "*" in named or etag in named


def conditional_response(body: str, version: str, if_none_match: str | None) -> Response:
    """A JSON body, or 304 to whoever holds this version of it."""
    headers = {"ETag": to_etag(version)}
    if names_etag(if_none_match, headers["ETag"]):
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
