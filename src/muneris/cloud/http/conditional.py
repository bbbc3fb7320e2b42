"""Conditional requests: entity tags compared as RFC 9110, section 13.1 says."""


def to_etag(version: str) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def names_etag(header: str | None, etag: str) -> bool:
    """Whether an `If-Match` or `If-None-Match` header names an entity tag; `*` names every one."""
    if header is None:
        return False
    named = {each.strip().removeprefix("W/") for each in header.split(",")}
    return "*" in named or etag in named
