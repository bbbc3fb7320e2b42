"""Detection of repeated writes (STS Gen2 guide, Detecting Duplicate Requests).

Only for requests that ask for it in `Simphony-Features`; an idempotencyId alone changes nothing.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from aiohttp import web
from pydantic import Field

from localcloud.simulators.simphony.features import DETECT_DUPLICATES, has_feature
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.problems import Handler, refused_by_pos
from localcloud.simulators.simphony.wire import Json, RequestBody, answer, parse, parse_request

_WRITES = re.compile(r"/api/v1/checks(/[^/]+/round)?")
_Key = tuple[str, str, str]


class _Write:
    """One write under its id: when it came, and its answer once it has one."""

    def __init__(self, started_at: datetime) -> None:
        self.started_at = started_at
        self.answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        """The body of the answer; None if the write was refused."""


class DuplicateDetector:
    """Remembers writes by org, location and idempotencyId for a time.

    What a write was about is not compared: a round under the id of another write gets that one's answer.
    """

    def __init__(
        self, window: timedelta, wait: timedelta, now: Callable[[], datetime], installation: Installation
    ) -> None:
        self._window = window
        self._wait = wait
        self._now = now
        self._installation = installation
        self._writes: OrderedDict[_Key, _Write] = OrderedDict()

    def clear(self) -> None:
        """Forget every write."""
        self._writes.clear()

    @web.middleware
    async def detect(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Execute a write once within the window; a repeat gets the original answer."""
        key = await _key(request)
        if key is None or not self._installation.has.detects_duplicates:
            return await handler(request)
        self._forget_old()
        write = self._writes.get(key)
        if write is None:
            return await self._execute(key, request, handler)
        return await self._repeat(write, key, request, handler)

    def _forget_old(self) -> None:
        """Drop what left the window: the oldest come first."""
        limit = self._now() - self._window
        while self._writes and next(iter(self._writes.values())).started_at <= limit:
            self._writes.popitem(last=False)

    async def _execute(self, key: _Key, request: web.Request, handler: Handler) -> web.StreamResponse:
        write = self._writes[key] = _Write(self._now())
        body = None
        try:
            response = await handler(request)
            if isinstance(response, web.Response):
                body = response.text
            return response
        finally:
            if body is None and self._writes.get(key) is write:
                del self._writes[key]
            write.answer.set_result(body)

    async def _repeat(
        self, write: _Write, key: _Key, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        try:
            async with asyncio.timeout(self._wait.total_seconds()):
                original = await asyncio.shield(write.answer)
        except TimeoutError as error:
            raise refused_by_pos("duplicate_request", "The first request is still running") from error
        if original is None:
            return await self._execute(key, request, handler)
        check = cast("dict[str, dict[str, Json]]", parse(original))
        header = {**check["header"], "isCachedResponse": True}
        return answer({**check, "header": header}, self._installation.has.write_status)


class _Header(RequestBody):
    org_short_name: str
    loc_ref: str
    idempotency_id: str = Field(min_length=1)


class _Body(RequestBody):
    header: _Header


async def _key(request: web.Request) -> _Key | None:
    """What identifies a write that asks for detection; None for every other request."""
    if request.method != "POST" or not _WRITES.fullmatch(request.path):
        return None
    if not has_feature(request, DETECT_DUPLICATES):
        return None
    try:
        header = _Body.model_validate(parse_request(await request.read())).header
    except ValueError:  # ValidationError is one
        return None
    return header.org_short_name.lower(), header.loc_ref.lower(), header.idempotency_id.lower()
