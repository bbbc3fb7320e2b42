"""Forwards one HTTP request to one upstream; who that is, its callers decide."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Self

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from localcloud.http_server import LARGEST_HEADER_BYTES

Body = bytes | aiohttp.StreamReader | None

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
    }
)
"""RFC 9110 section 7.6.1, with the names of older servers; and what a server answers itself (10.1.1)."""
_AUTOMATIC = (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE, hdrs.USER_AGENT)
"""What the client library would add to a request that lacks it."""
_WITHOUT_CONTENT = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_CONNECT_SECONDS = 10  # many, for a crowd: a server that is not there refuses at once
_IDLE_SECONDS = 30  # less than the servers behind keep an idle connection open


class UpstreamUnreachableError(Exception):
    """The upstream did not accept the connection, closed it, or did not answer in time."""


class ReverseProxy:
    """A pool of connections to upstreams; use it as an asynchronous context manager.

    A safe or idempotent request is sent once more when a pooled connection turns out to be closed
    (RFC 9110 section 9.2.2); a POST never is. Cancelling `forward` cancels the call to the upstream.
    """

    def __init__(self, *, answer_seconds: float) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS),
            timeout=aiohttp.ClientTimeout(sock_connect=_CONNECT_SECONDS, sock_read=answer_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_AUTOMATIC,
            auto_decompress=False,
            max_field_size=LARGEST_HEADER_BYTES,
            max_line_size=LARGEST_HEADER_BYTES,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def forward(
        self, request: web.Request, upstream: str, *, headers: Mapping[str, str], body: Body
    ) -> web.Response:
        """Send a request to an upstream, its path and query unchanged, and return the answer.

        Args:
            request: What the client sent.
            upstream: Scheme, host and port of the upstream.
            headers: The request's headers as the upstream shall see them: see `end_to_end`.
            body: The request's body, None for none.

        Raises:
            UpstreamUnreachableError: there is no answer; whether the upstream acted is unknown.
        """
        target = URL(upstream.rstrip("/") + request.rel_url.raw_path_qs, encoded=True)
        call = self._session.request(
            request.method, target, headers=headers, data=body, allow_redirects=False
        )
        try:
            async with call as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UpstreamUnreachableError(f"{upstream}: {error!r}") from error
        kept = end_to_end(answer.headers)
        if answer.status in _WITHOUT_CONTENT:
            kept.popall(hdrs.CONTENT_TYPE, None)  # Azure's HttpResponse claims text/plain of every answer
        return web.Response(status=answer.status, reason=answer.reason, body=content, headers=kept)


def end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """A copy without the headers that concern one connection only; repeated headers stay repeated."""
    named = {
        name.strip().lower() for value in headers.getall(hdrs.CONNECTION, ()) for name in value.split(",")
    }
    dropped = _HOP_BY_HOP | named
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)
