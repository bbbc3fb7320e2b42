"""A property's point of sale: finds its connection and token, and calls within one deadline."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

from muneris.core.clock import Clock
from muneris.simphony.client import POST_TIMEOUT_SECONDS, SimphonyClient
from muneris.simphony.errors import NotSentError, TokenRejectedError
from muneris.simphony.model import Check, Connection, NewCheck, Tokens


class TokenSource(Protocol):
    """Where tokens are read; nobody refreshes them here."""

    async def get_token(self, account: str, *, fresh: bool = False) -> Tokens:
        """An account's tokens; `fresh` reads them from where they are stored, not from memory."""
        ...


class ConnectionSource(Protocol):
    """Where connections are read."""

    async def get_connection(self, property_code: str) -> Connection:
        """A property's connection."""
        ...


class PointOfSale:
    """Calls Simphony for a property; a rejected token is read again, and used, once."""

    def __init__(
        self,
        client: SimphonyClient,
        tokens: TokenSource,
        connections: ConnectionSource,
        clock: Clock,
        deadline_seconds: float = POST_TIMEOUT_SECONDS,
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._connections = connections
        self._clock = clock
        self._longest = timedelta(seconds=deadline_seconds)

    async def post_check(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Check:
        """Open a check; nothing is under way any more once the deadline has passed.

        Raises:
            CheckRefusedError: Simphony will not take it.
            NotSentError: certainly not executed; `TokenRejectedError` if no stored token is accepted.
            OutcomeUnknownError: it may have been executed.
        """

        async def post(connection: Connection, bearer: str) -> Check:
            left = min(deadline - self._clock.now(), self._longest).total_seconds()
            if left <= 0:
                raise NotSentError("the deadline passed before the call")
            return await self._client.post_check(connection, bearer, new_check, timeout=left)

        return await self._with_token(property_code, post)

    async def find_check(
        self, property_code: str, references: Collection[str], since: datetime
    ) -> Check | None:
        """The check since a moment whose name or order id is one of `references`; None only if there is none.

        Raises:
            LookUpFailedError: whether there is one is unknown.
            TokenRejectedError: no stored token is accepted; as unknown as above.
        """

        async def find(connection: Connection, bearer: str) -> Check | None:
            return await self._client.find_check(connection, bearer, references, since)

        return await self._with_token(property_code, find)

    async def _with_token[T](self, property_code: str, call: Callable[[Connection, str], Awaitable[T]]) -> T:
        connection = await self._connections.get_connection(property_code)
        rejected = (await self._tokens.get_token(connection.account)).bearer_for(connection)
        try:
            return await call(connection, rejected)
        except TokenRejectedError:
            bearer = (await self._tokens.get_token(connection.account, fresh=True)).bearer_for(connection)
            if bearer == rejected:
                raise
            return await call(connection, bearer)
