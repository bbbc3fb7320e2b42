"""A property's point of sale: finds its connection and token, and calls within one deadline."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

from muneris.core.clock import Clock
from muneris.simphony.client import WRITE_TIMEOUT_SECONDS, SimphonyClient
from muneris.simphony.errors import NotSentError, TokenRejectedError
from muneris.simphony.model import Check, CheckState, Connection, NewCheck, NewRound, Tokens


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
        deadline_seconds: float = WRITE_TIMEOUT_SECONDS,
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
        return await self._with_token(
            property_code,
            lambda connection, bearer: self._client.post_check(
                connection, bearer, new_check, timeout=self._left_until(deadline)
            ),
        )

    async def post_round(self, property_code: str, new_round: NewRound, deadline: datetime) -> Check:
        """Add items to an open check; deadline and errors as those of `post_check`.

        Raises:
            CheckRefusedError: Simphony will not take it, or the check is no longer open.
        """
        return await self._with_token(
            property_code,
            lambda connection, bearer: self._client.post_round(
                connection, bearer, new_round, timeout=self._left_until(deadline)
            ),
        )

    async def void_check(self, property_code: str, check_ref: str, deadline: datetime) -> None:
        """Void a check; deadline and errors as those of `post_check`.

        Raises:
            CheckRefusedError: its state does not allow it. A check that is voided already is refused too,
                so after an unknown outcome only `find_check_state` tells.
        """
        await self._with_token(
            property_code,
            lambda connection, bearer: self._client.void_check(
                connection, bearer, check_ref, timeout=self._left_until(deadline)
            ),
        )

    def _left_until(self, deadline: datetime) -> float:
        """The seconds a call may take."""
        left = min(deadline - self._clock.now(), self._longest).total_seconds()
        if left <= 0:
            raise NotSentError("the deadline passed before the call")
        return left

    async def find_check(
        self, property_code: str, references: Collection[str], since: datetime
    ) -> Check | None:
        """The check since a moment whose name or order id is one of `references`; None only if there is none.

        A voided one is the answer only if there is no other.

        Raises:
            SeveralChecksError: there is more than one that is not voided.
            LookUpFailedError: whether there is one is unknown.
            TokenRejectedError: no stored token is accepted; as unknown as above.
        """
        return await self._with_token(
            property_code,
            lambda connection, bearer: self._client.find_check(connection, bearer, references, since),
        )

    async def find_round(self, property_code: str, check_ref: str, reference: str) -> Check | None:
        """The check with the round of that reference; None only if it surely does not hold it.

        Raises:
            LookUpFailedError: whether it does is unknown; `TokenRejectedError` as for `find_check`.
        """
        return await self._with_token(
            property_code,
            lambda connection, bearer: self._client.find_round(connection, bearer, check_ref, reference),
        )

    async def find_check_state(self, property_code: str, check_ref: str) -> CheckState | None:
        """What became of a check; None only if Simphony surely has no such check any more.

        Raises:
            LookUpFailedError: it is unknown; `TokenRejectedError` as for `find_check`.
        """
        return await self._with_token(
            property_code,
            lambda connection, bearer: self._client.find_check_state(connection, bearer, check_ref),
        )

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
