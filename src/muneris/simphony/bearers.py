"""Which token a call is sent with."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from muneris.simphony.errors import TokenRejectedError
from muneris.simphony.model import Connection, Tokens


class TokenSource(Protocol):
    """Where tokens are read; nobody refreshes them here."""

    async def get_token(self, account: str, *, fresh: bool = False) -> Tokens:
        """An account's tokens; `fresh` reads them from where they are stored, not from memory."""
        ...


async def with_token[T](
    tokens: TokenSource, connection: Connection, call: Callable[[Connection, str], Awaitable[T]]
) -> T:
    """Call with the account's token; a rejected one is read again, and the call repeated, once.

    Raises:
        TokenRejectedError: no stored token is accepted.
    """
    rejected = (await tokens.get_token(connection.account)).bearer_for(connection)
    try:
        return await call(connection, rejected)
    except TokenRejectedError:
        bearer = (await tokens.get_token(connection.account, fresh=True)).bearer_for(connection)
        if bearer == rejected:
            raise
        return await call(connection, bearer)
