"""Simphony tokens in table `SimphonyTokens`: sealed, one row an account."""

from muneris.cloud.sealing import Seal, Sealed, SealError
from muneris.cloud.tables import Row, RowConflictError, Table, Transaction, Values
from muneris.core.clock import Clock, to_rfc3339
from muneris.simphony.errors import NotConfiguredError
from muneris.simphony.model import Tokens

_KEY = "token"


class StoredTokens:
    """Reads and keeps tokens; those that have not expired are remembered."""

    def __init__(self, table: Table, seal: Seal, clock: Clock) -> None:
        self._table = table
        self._seal = seal
        self._clock = clock
        self._remembered: dict[str, Tokens] = {}

    async def get_token(self, account: str, *, fresh: bool = False) -> Tokens:
        """An account's tokens; `fresh` reads them from the table, not from memory.

        Raises:
            NotConfiguredError: it was never signed in, or its tokens were sealed with another key.
            TableUnavailableError: the table did not answer.
        """
        known = self._remembered.get(account)
        if known is not None and not fresh and self._clock.now() < known.expires_at:
            return known
        row = await self._table.find(account, _KEY)
        if row is None:
            raise NotConfiguredError("Simphony's account has no token: set the property's Simphony again")
        try:
            self._remembered[account] = self._open(row)
        except SealError as error:
            raise NotConfiguredError(
                "Simphony's token cannot be opened: set the property's Simphony again"
            ) from error
        return self._remembered[account]

    async def keep_tokens(self, account: str, tokens: Tokens) -> None:
        """Put an account's newest tokens in the place of the older ones.

        Raises:
            TableUnavailableError: the table did not answer.
        """
        while not await self._write(account, tokens):
            pass  # another writer was faster: these are newer
        self._remembered[account] = tokens

    async def _write(self, account: str, tokens: Tokens) -> bool:
        stored = await self._table.find(account, _KEY)
        transaction = Transaction(account)
        if stored is None:
            transaction.insert(_KEY, self._values(account, tokens, version=1))
        else:
            values = self._values(account, tokens, version=stored.number("Version") + 1)
            transaction.replace(_KEY, values, etag=stored.etag)
        try:
            await self._table.transact(transaction)
        except RowConflictError:
            return False
        return True

    def _values(self, account: str, tokens: Tokens, version: int) -> Values:
        sealed = self._seal.seal(tokens.model_dump_json().encode(), account)
        return {
            "Sealed": sealed.body,
            "KeyId": sealed.key_id,
            "Version": version,
            "ExpiresAt": to_rfc3339(tokens.expires_at),
        }

    def _open(self, row: Row) -> Tokens:
        sealed = Sealed(row.binary("Sealed"), row.text("KeyId"))
        return Tokens.model_validate_json(self._seal.open(sealed, row.partition))
