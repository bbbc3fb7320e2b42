"""An account's tokens as product code uses them: read, remembered, and kept after a sign-in."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from pydantic import BaseModel, Field, ValidationError

from muneris.cloud.agenda import Agenda
from muneris.cloud.sealing import Opener, Sealer, SealError
from muneris.cloud.tables import Row, Table, Transaction
from muneris.core.clock import Clock
from muneris.core.operational import OperationalError
from muneris.replication.accounts import Standing, bearer_link, standing_of
from muneris.replication.links import Link, Writer, next_version, seen_after
from muneris.replication.outbox import Outbox
from muneris.replication.store import AccountStore
from muneris.simphony.errors import NotConfiguredError
from muneris.simphony.model import Account, Tokens

AGENDA = "tokens"


class Secrets(BaseModel, frozen=True):
    """What is sealed of a link; the password only if its owner has it kept."""

    tokens: Tokens
    password: str | None = Field(default=None, repr=False)


def open_link(opener: Opener, link: Link) -> Secrets:
    """What is secret of a link.

    Raises:
        SealError: it was not sealed to this region, or by a version that keeps something else.
    """
    opened = opener.open(link.sealed, link.account.id)
    try:
        return Secrets.model_validate_json(opened)
    except ValidationError:
        raise SealError("of another version") from None  # the cause quotes what was sealed


def seal_secrets(sealer: Sealer, account: Account, secrets: Secrets) -> bytes:
    """Secrets of an account, which every region may open."""
    return sealer.seal(secrets.model_dump_json().encode(), account.id)


class StoredTokens:
    """Reads tokens; those that have not expired are remembered."""

    def __init__(self, table: Table, opener: Opener, clock: Clock) -> None:
        self._store = AccountStore(table)
        self._opener = opener
        self._clock = clock
        self._remembered: dict[str, Tokens] = {}

    async def get_token(self, account: str, *, fresh: bool = False) -> Tokens:
        """An account's tokens; `fresh` reads them from the table, not from memory.

        Raises:
            NotConfiguredError: it was never signed in, or its tokens were not sealed to this region.
            TableUnavailableError: the table did not answer.
        """
        known = self._remembered.get(account)
        if known is not None and not fresh and self._clock.now() < known.expires_at:
            return known
        link = bearer_link(await self._store.links(account))
        if link is None:
            raise NotConfiguredError("Simphony's account has no token: set the property's Simphony again")
        try:
            self._remembered[account] = open_link(self._opener, link).tokens
        except SealError as error:
            raise NotConfiguredError(
                "Simphony's token cannot be opened: set the property's Simphony again"
            ) from error
        return self._remembered[account]

    async def find_standing(self, account: str) -> Standing | None:
        """How an account stands; None: it was never signed in."""
        return standing_of(await self._store.links(account), self._clock.now())


def token_outbox(own: Table, agenda: Agenda, peers: Mapping[str, Table]) -> Outbox:
    """What carries accounts of this region's table `SimphonyTokens` into the peers' tables."""
    store = AccountStore(own)

    async def carry(peer: Table, owed: Row) -> None:
        await AccountStore(peer).merge(owed.partition, await store.links(owed.partition))

    return Outbox(AGENDA, own, agenda, peers, carry)


class TokenKeeper(StoredTokens):
    """Keeps what a sign-in gives as well: in this region at once, in the others by the outbox.

    One of them is the master, which goes on refreshing from there.
    """

    def __init__(
        self, region: str, table: Table, opener: Opener, sealer: Sealer, outbox: Outbox, clock: Clock
    ) -> None:
        super().__init__(table, opener, clock)
        self._writer = Writer.of_sign_in(region)
        self._sealer = sealer
        self._outbox = outbox

    async def keep_tokens(self, account: Account, tokens: Tokens, password: str | None = None) -> None:
        """Put an account's new tokens in the place of all that this region knows.

        `password` is given if the owner wants it kept, sealed, for signing in without them.

        Raises:
            TableUnavailableError: the table did not answer.
        """
        sealed = seal_secrets(self._sealer, account, Secrets(tokens=tokens, password=password))
        now = self._clock.now()

        def grow(known: Sequence[Link]) -> Sequence[Link]:
            version = next_version(known)
            return [
                Link(
                    account=account,
                    writer=self._writer,
                    version=version,
                    seen=seen_after(known, self._writer, version),
                    obtained_at=now,
                    expires_at=tokens.expires_at,
                    password_at=now,
                    sealed=sealed,
                    keeps_password=password is not None,
                    spent=not tokens.refresh_token,
                )
            ]

        await self._outbox.announce(account.id)
        await self._store.grow(account.id, grow, self._outbox.owe_to_all(Transaction(account.id)))
        self._remembered[account.id] = tokens
        with suppress(OperationalError):  # it is owed, and carried over later
            await self._outbox.push(account.id)
