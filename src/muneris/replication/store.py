"""Links in table `SimphonyTokens`: a partition an account, a row a writer, equal in all regions."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from muneris.cloud.tables import (
    Row,
    RowConflictError,
    Table,
    Transaction,
    Values,
    rows_between,
    rows_with_prefix,
)
from muneris.core.clock import from_rfc3339, to_rfc3339
from muneris.replication.accounts import Attempt
from muneris.replication.conditional import try_write, write_if
from muneris.replication.links import Link, Writer, heads
from muneris.simphony.model import Account

_ATTEMPT, _LINK, _BEHIND_LINKS = "attempt|", "link|", "link}"
"""One query reads all of an account: nothing else lies between its attempts and its links."""
_INDEX = "accounts"
"""The partition that lists every account of the table."""


type Grow = Callable[[Sequence[Link]], Sequence[Link]]
"""New links, from those that are there."""


@dataclass(frozen=True)
class StoredAccount:
    """What one table holds of an account; `attempts` by the region that made them."""

    id: str
    links: Sequence[Link]
    attempts: Mapping[str, Attempt]
    rows: Mapping[str, Row]
    """The versions that were read, by key."""


class AccountStore:
    """One region's accounts: this one's or a peer's."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def ids(self) -> list[str]:
        """Every account that there may be links of."""
        return [row.key async for row in rows_with_prefix(self._table, _INDEX, "")]

    async def links(self, account_id: str) -> list[Link]:
        """An account's links; those that others supersede may be among them."""
        return [_link(row) async for row in rows_with_prefix(self._table, account_id, _LINK)]

    async def read(self, account_id: str) -> StoredAccount:
        """Everything there is of an account."""
        found = [row async for row in rows_between(self._table, account_id, _ATTEMPT, _BEHIND_LINKS)]
        attempts = [_attempt(row) for row in found if row.key.startswith(_ATTEMPT)]
        return StoredAccount(
            account_id,
            [_link(row) for row in found if row.key.startswith(_LINK)],
            {each.writer.region: each for each in attempts},
            {row.key: row for row in found},
        )

    async def merge(self, account_id: str, links: Iterable[Link], owed: Transaction | None = None) -> None:
        """Keep links beside those that are there, and of all only those that none supersedes. Repeatable.

        What is `owed` is written in the same transaction, whatever the links come to.
        """
        new = list(links)
        await self.grow(account_id, lambda _: new, owed)

    async def grow(self, account_id: str, grow: Grow, owed: Transaction | None = None) -> None:
        """As `merge`, with links that go back to those that are there: none of the same name is lost."""
        while True:
            stored = await self.read(account_id)
            if not stored.links:
                await self._table.transact(Transaction(_INDEX).upsert(account_id, {}))
            transaction = _merging(stored, grow(stored.links))
            for operation in owed or ():
                transaction.add(operation)
            if not transaction:
                return
            try:
                await self._table.transact(transaction)
            except RowConflictError:
                continue  # another writer was faster: merge with what that one wrote
            return

    async def begin(self, stored: StoredAccount, attempt: Attempt) -> bool:
        """Note an attempt of this region; False: another process of it has begun one since it was read."""
        key = _ATTEMPT + attempt.writer.region
        return await try_write(self._table, stored.id, key, _attempt_values(attempt), stored.rows.get(key))

    async def end(self, account_id: str, attempt: Attempt, now: datetime) -> None:
        """Note that an attempt of this region is over, unless another has begun since. Repeatable."""

        def decide(row: Row | None) -> Values | None:
            is_last = row is not None and _attempt(row) == attempt
            return _attempt_values(replace(attempt, until=now)) if is_last else None

        await write_if(self._table, account_id, _ATTEMPT + attempt.writer.region, decide)

    async def note(self, account_id: str, attempt: Attempt) -> None:
        """Note a region's attempt, unless a later one of it is known. Repeatable."""

        def decide(row: Row | None) -> Values | None:
            known = None if row is None else _attempt(row)
            is_newer = known is None or (known.writer, known.version) < (attempt.writer, attempt.version)
            return _attempt_values(attempt) if is_newer else None

        await write_if(self._table, account_id, _ATTEMPT + attempt.writer.region, decide)


def _merging(stored: StoredAccount, new: Sequence[Link]) -> Transaction:
    """What makes of the stored links those that stand."""
    known = {link.id: link for link in stored.links}
    standing = {_key(link): link for link in heads([*stored.links, *new])}
    transaction = Transaction(stored.id)
    for key, link in standing.items():
        row = stored.rows.get(key)
        if row is None:
            transaction.insert(key, _values(link))
        elif known.get(link.id) != link:
            transaction.replace(key, _values(link), etag=row.etag)
    for link in stored.links:
        if _key(link) not in standing:
            transaction.delete(_key(link), etag=stored.rows[_key(link)].etag)
    return transaction


def _key(link: Link) -> str:
    return f"{_LINK}{link.writer}"


def _values(link: Link) -> Values:
    return {
        "Account": link.account.model_dump_json(),
        "Epoch": link.writer.epoch,
        "Version": link.version,
        "Seen": json.dumps({str(writer): version for writer, version in link.seen.items()}),
        "ObtainedAt": to_rfc3339(link.obtained_at),
        "ExpiresAt": to_rfc3339(link.expires_at),
        "PasswordAt": to_rfc3339(link.password_at),
        "Sealed": link.sealed,
        "KeepsPassword": link.keeps_password,
        "Spent": link.spent,
        "PasswordSpent": link.password_spent,
    }


def _link(row: Row) -> Link:
    return Link(
        account=Account.model_validate_json(row.text("Account")),
        writer=Writer.parse(row.key.removeprefix(_LINK)),
        version=row.number("Version"),
        seen={Writer.parse(writer): version for writer, version in json.loads(row.text("Seen")).items()},
        obtained_at=from_rfc3339(row.text("ObtainedAt")),
        expires_at=from_rfc3339(row.text("ExpiresAt")),
        password_at=from_rfc3339(row.text("PasswordAt")),
        sealed=row.binary("Sealed"),
        keeps_password=bool(row.values.get("KeepsPassword")),
        spent=bool(row.values.get("Spent")),
        password_spent=bool(row.values.get("PasswordSpent")),
    )


def _attempt_values(attempt: Attempt) -> Values:
    return {
        "Epoch": attempt.writer.epoch,
        "Version": attempt.version,
        "Link": attempt.link_id,
        "At": to_rfc3339(attempt.at),
        "Until": to_rfc3339(attempt.until),
    }


def _attempt(row: Row) -> Attempt:
    return Attempt(
        Writer(row.number("Epoch"), row.key.removeprefix(_ATTEMPT)),
        row.number("Version"),
        row.text("Link"),
        from_rfc3339(row.text("At")),
        from_rfc3339(row.text("Until")),
    )
