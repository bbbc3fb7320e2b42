"""What goes into a function and what comes out of it, free of the worker library's own types."""

from collections.abc import Mapping
from dataclasses import dataclass, field

type Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None


@dataclass(frozen=True)
class HttpRequest:
    """One request as a function sees it; `url` is absolute, `params` are the route's parameters."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    params: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class HttpResponse:
    """A function's answer; headers in order, `Set-Cookie` possibly repeated."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class JsonText:
    """A JSON document as text."""

    text: str


type Input = HttpRequest | JsonText | str | bytes
type Output = HttpResponse | bytes | Json


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended; `error` is None when it succeeded."""

    error: str | None
    returned: Output = None
    outputs: Mapping[str, Output] = field(default_factory=dict)
