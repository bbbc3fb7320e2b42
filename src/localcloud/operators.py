"""Calls the public API of the running local cloud as staff, for operators' commands."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlencode

import aiohttp
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from localcloud import staff
from localcloud.app_settings import endpoint
from localcloud.errors import LocalCloudError
from localcloud.layout import Layout
from localcloud.replay.api import Answer, Api, Request
from localcloud.supervisor.keys import read_staff_key
from localcloud.supervisor.running import get_running

_ASK_SECONDS = 60.0
"""How long a question is repeated until it is answered."""
_ACT_SECONDS = 230.0
"""How long Azure lets an HTTP trigger take ("Azure Functions scale and hosting", time-out duration)."""
_DOCUMENT = TypeAdapter(dict[str, JsonValue])

type Document = dict[str, JsonValue]


class _FieldError(BaseModel, frozen=True):
    field: str
    message: str


class _Refusal(BaseModel, frozen=True):
    """What of a problem document an operator needs."""

    code: str = "no_problem_document"
    detail: str = "It gives no reason."
    errors: tuple[_FieldError, ...] = ()

    def __str__(self) -> str:
        return "; ".join(f"{each.field}: {each.message}" for each in self.errors) or self.detail


def orders_path(*words: str) -> str:
    """A path of the orders app, of words that somebody typed."""
    return "/".join(["/v1/orders", *(quote(word, safe="") for word in words)])


@dataclass(frozen=True)
class Operator:
    """Staff who call a region, or the home that it names of a property."""

    data_dir: Path
    region: str

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Document:
        """What is at a path; values of the query that are None are left out.

        Raises:
            LocalCloudError: the region refuses, or does not answer.
        """
        words = {name: str(value) for name, value in (query or {}).items() if value is not None}
        return self.call("GET", f"{path}?{urlencode(words)}" if words else path)

    def call(self, method: str, path: str, body: JsonValue = None) -> Document:
        """The answer to a request, `{}` if it has none.

        Raises:
            LocalCloudError: the region refuses, or does not answer.
        """
        address = self._address(get_running(self.data_dir).layout)
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {staff.issue_token(read_staff_key(self.data_dir))}"}
        return asyncio.run(_call(address, Request(method, path, content, headers)))

    def _address(self, layout: Layout) -> str:
        for region in layout.regions:
            if region.name == self.region:
                return endpoint(layout.gateway(region))
        raise LocalCloudError(f"There is no region {self.region} here: see 'muneris status'.")


async def _call(address: str, request: Request) -> Document:
    async with aiohttp.ClientSession() as session:
        if request.method == "GET":
            answer = await _ask(Api(session, address), request)
        else:
            answer = await _act(Api(session, address, answer_seconds=_ACT_SECONDS), request)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        refusal = _read_refusal(answer.body)
        raise LocalCloudError(f"{refusal} ({answer.status} {refusal.code})")
    return _DOCUMENT.validate_json(answer.body or b"{}")


async def _ask(api: Api, request: Request) -> Answer:
    """The answer to a question, which may be put again; at last what it was refused with."""
    try:
        async with asyncio.timeout(_ASK_SECONDS):
            return await api.call(request)
    except TimeoutError as error:
        if api.put_off is None:
            raise LocalCloudError(f"{api.address} does not answer: see 'muneris status'.") from error
        return api.put_off


async def _act(api: Api, request: Request) -> Answer:
    """The answer to a command, which nobody but the operator repeats."""
    answer = await api.attempt(request)
    if answer is None:
        raise LocalCloudError(f"{api.address} does not answer: look whether it was done, then ask again.")
    return answer


def _read_refusal(body: bytes) -> _Refusal:
    try:
        return _Refusal.model_validate_json(body)
    except ValidationError:
        return _Refusal()
