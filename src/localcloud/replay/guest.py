"""A guest: a session at one property, good for a few orders."""

import asyncio
import json
from dataclasses import replace
from http import HTTPStatus

from pydantic import BaseModel

from localcloud.replay.api import Answer, Api, RefusedError, Request


class _Tokens(BaseModel, frozen=True):
    access_token: str
    refresh_token: str


class Guest:
    """Calls as one guest; an expired session is renewed, so that the guest stays the same one."""

    def __init__(self, api: Api, tokens: _Tokens) -> None:
        self._api = api
        self._tokens = tokens
        self._renewing = asyncio.Lock()

    @classmethod
    async def arrive(cls, api: Api, property_code: str) -> "Guest":
        """A new guest at a property.

        Raises:
            RefusedError: there can be none.
        """
        body = json.dumps({"property_code": property_code}).encode()
        answer = await api.call(Request("POST", "/v1/auth/guest-sessions", body))
        if answer.status != HTTPStatus.CREATED:
            raise RefusedError(f"No session at {property_code}", answer.status, answer.problem)
        return cls(api, _Tokens.model_validate_json(answer.body))

    async def call(self, request: Request) -> Answer:
        """The final answer to a request that carries this guest's token."""
        used = self._tokens
        answer = await self._api.call(_signed(request, used))
        if answer.status != HTTPStatus.UNAUTHORIZED or not await self._renew(used):
            return answer
        return await self._api.call(_signed(request, self._tokens))

    async def _renew(self, used: _Tokens) -> bool:
        """A refresh token works once: of several calls that met the end of the session, one renews it."""
        async with self._renewing:
            if self._tokens is used:
                body = json.dumps({"refresh_token": used.refresh_token}).encode()
                answer = await self._api.call(Request("POST", "/v1/auth/sessions/refresh", body))
                if answer.status == HTTPStatus.OK:
                    self._tokens = _Tokens.model_validate_json(answer.body)
            return self._tokens is not used


def _signed(request: Request, tokens: _Tokens) -> Request:
    headers = {**(request.headers or {}), "Authorization": f"Bearer {tokens.access_token}"}
    return replace(request, headers=headers)
