"""The routes of sign-in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field

from muneris.auth.access_tokens import AccessTokens, session_of
from muneris.auth.service import GuestSessions, IssuedTokens
from muneris.cloud.http import Authenticate, problem_responses
from muneris.core.identity import Caller
from muneris.core.problems import (
    PROPERTY_IN_ANOTHER_REGION,
    PROPERTY_NOT_FOUND,
    SESSION_OF_ANOTHER_REGION,
    UNAUTHENTICATED,
)


class NewGuestSession(BaseModel):
    """Where the guest is."""

    property_code: str = Field(examples=["NOR-CPH01"])


class Refresh(BaseModel):
    """A session goes on."""

    refresh_token: str = Field(max_length=200, examples=["NOR-CPH01.mGQ….3rT…"])


class TokensAnswer(BaseModel):
    """What a client signs its calls with, for `expires_in` seconds, and how it gets more."""

    access_token: str = Field(examples=["eyJhbGciOiJFUzI1NiIs…"])
    expires_in: int = Field(examples=[3600])
    refresh_token: str = Field(examples=["NOR-CPH01.mGQ….3rT…"])


class KeySetAnswer(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, str]] = Field(examples=[[{"kty": "EC", "crv": "P-256", "kid": "LGZN…"}]])


def router(sessions: GuestSessions, access_tokens: AccessTokens, authenticate: Authenticate) -> APIRouter:
    """The routes below `/v1/auth` that concern sessions and keys."""
    routes = APIRouter(prefix="/v1/auth", tags=["sessions"])

    @routes.post(
        "/guest-sessions",
        status_code=201,
        summary="Start a guest's session at a property",
        responses=problem_responses(PROPERTY_NOT_FOUND, PROPERTY_IN_ANOTHER_REGION),
    )
    async def start_guest_session(new: NewGuestSession) -> TokensAnswer:
        return _answer(await sessions.start(new.property_code))

    @routes.post(
        "/sessions/refresh",
        summary="Exchange a refresh token, once, for new tokens of the same session",
        responses=problem_responses(UNAUTHENTICATED, SESSION_OF_ANOTHER_REGION),
    )
    async def refresh_session(refresh: Refresh) -> TokensAnswer:
        return _answer(await sessions.refresh(refresh.refresh_token))

    @routes.delete("/sessions/current", status_code=204, summary="End the caller's session")
    async def end_session(
        caller: Annotated[Caller, Depends(authenticate)],
        authorization: Annotated[str, Header(include_in_schema=False)],
    ) -> None:
        session = session_of(authorization.partition(" ")[2])
        if session is not None and caller.property_code is not None:
            await sessions.end(caller.property_code, session)

    @routes.get("/jwks", summary="The region's public keys, as a JSON Web Key Set")
    async def get_public_keys() -> KeySetAnswer:
        return KeySetAnswer(keys=await access_tokens.public_keys())

    return routes


def _answer(tokens: IssuedTokens) -> TokensAnswer:
    return TokensAnswer(
        access_token=tokens.access_token,
        expires_in=tokens.expires_in,
        refresh_token=tokens.refresh_token,
    )
