"""A property's point of sale: finds its connection and token, and calls within one deadline."""

import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

from muneris.core.clock import Clock
from muneris.simphony.bearers import TokenSource, with_token
from muneris.simphony.client import WRITE_TIMEOUT_SECONDS, SimphonyClient
from muneris.simphony.comparison import differences
from muneris.simphony.errors import NotSentError
from muneris.simphony.held import Calculated
from muneris.simphony.model import Check, CheckState, Connection, NewCheck, NewRound, NewWrite

_log = logging.getLogger(__name__)


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

        What it holds otherwise than asked for stands in its `differences`: Simphony took it nevertheless.

        Raises:
            CheckRefusedError: Simphony will not take it.
            NotSentError: certainly not executed; `TokenRejectedError` if no stored token is accepted.
            OutcomeUnknownError: it may have been executed.
        """
        check = await self._with_token(
            property_code,
            lambda connection, bearer: self._client.post_check(
                connection, bearer, new_check, timeout=self._whole_call(deadline)
            ),
        )
        return _compared(property_code, new_check, check)

    async def post_round(self, property_code: str, new_round: NewRound, deadline: datetime) -> Check:
        """Add to an open check, or pay it; deadline, differences and errors as those of `post_check`.

        Raises:
            CheckRefusedError: Simphony will not take it, or the check is no longer open.
        """
        check = await self._with_token(
            property_code,
            lambda connection, bearer: self._client.post_round(
                connection, bearer, new_round, timeout=self._whole_call(deadline)
            ),
        )
        return _compared(property_code, new_round, check)

    async def void_check(self, property_code: str, check_ref: str, deadline: datetime) -> None:
        """Void a check; deadline and errors as those of `post_check`.

        Raises:
            CheckRefusedError: its state does not allow it. A check that is voided already is refused too,
                so after an unknown outcome only `find_check_state` tells.
        """
        await self._with_token(
            property_code,
            lambda connection, bearer: self._client.void_check(
                connection, bearer, check_ref, timeout=self._whole_call(deadline)
            ),
        )

    def _whole_call(self, deadline: datetime) -> float:
        """The seconds a write may take: all or none, as Simphony carries on whoever stops waiting."""
        if deadline - self._clock.now() < self._longest:
            raise NotSentError("the call might outlast its deadline")
        return self._longest.total_seconds()

    def _left_until(self, deadline: datetime) -> float:
        """The seconds that something of which nothing is kept may take."""
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

    async def calculate(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Calculated:
        """What a check would come to; nothing is stored, so it may end at the deadline, unanswered.

        Raises:
            CheckRefusedError: Simphony would not take it.
            NotSentError, OutcomeUnknownError: it is not known.
        """
        return await self._with_token(
            property_code,
            lambda connection, bearer: self._client.calculate(
                connection, bearer, new_check, timeout=self._left_until(deadline)
            ),
        )

    async def get_printed(self, property_code: str, check_ref: str) -> tuple[str, ...]:
        """A check as it is printed.

        Raises:
            ReadFailedError: there is no answer to rely on.
            NotSentError: it was not asked.
        """
        return await self._with_token(
            property_code,
            lambda connection, bearer: self._client.get_printed(connection, bearer, check_ref),
        )

    async def find_connected(self, property_code: str) -> bool | None:
        """Whether Simphony last saw the property connected; None: it does not say. As `get_printed`."""
        return await self._with_token(property_code, self._client.find_connected)

    async def _with_token[T](self, property_code: str, call: Callable[[Connection, str], Awaitable[T]]) -> T:
        connection = await self._connections.get_connection(property_code)
        return await with_token(self._tokens, connection, call)


def _compared(property_code: str, write: NewWrite, check: Check) -> Check:
    found = differences(write, check)
    if not found:
        return check
    for each in found:
        _log.warning(
            "%s: check %s has another %s %s: %s, not %s",
            property_code, check.check_number, each.kind, each.of, each.found, each.wanted,
        )  # fmt: skip
    return check.model_copy(update={"differences": found})
