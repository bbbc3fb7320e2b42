"""Properties in table `Config`: one partition each, and an index row in their company's partition."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from muneris.cloud.agenda import Agenda
from muneris.cloud.tables import (
    Row,
    RowChangedError,
    RowConflictError,
    RowExistsError,
    RowMissingError,
    Table,
    Transaction,
    Values,
    get_row,
    rows_with_prefix,
)
from muneris.config.property import Property
from muneris.core.ids import company_of
from muneris.directory import DirectoryOutbox

_PROPERTY = "property"
_SIMPHONY = "simphony"
_PUBLISH = "work|publish"
_INDEX = "property|"
_FIRST_VERSION = 1


@dataclass(frozen=True)
class StoredProperty:
    """A property and the version that was read."""

    property: Property
    etag: str


class PropertyStore:
    """Keeps properties; every write owes the publication of what it wrote, in the same transaction."""

    def __init__(self, config: Table, publications: Agenda, outbox: DirectoryOutbox) -> None:
        self._config = config
        self._publications = publications
        self._outbox = outbox

    async def find(self, code: str) -> StoredProperty | None:
        """The property, or None: it does not live in this region."""
        row = await self._config.find(code, _PROPERTY)
        return None if row is None else _stored(row)

    async def get(self, code: str) -> StoredProperty:
        """The property.

        Raises:
            RowMissingError: there is none.
        """
        return _stored(await get_row(self._config, code, _PROPERTY))

    async def codes_of_company(self, company_code: str, most: int, start: str = "") -> Sequence[str]:
        """The first codes of a company's properties from `start` on, in order, at most so many."""
        codes: list[str] = []
        async for row in rows_with_prefix(self._config, company_code, _INDEX, start):
            codes.append(row.key.removeprefix(_INDEX))
            if len(codes) == most:
                break
        return codes

    async def add(self, new: Property, region: str) -> bool:
        """Keep a new property and owe its home to every directory; False if there is one of that code."""
        await self._config.transact(Transaction(company_of(new.code)).upsert(_INDEX + new.code, {}))
        await self._outbox.announce(new.code)
        await self._publications.touch(new.code)
        transaction = _owing(Transaction(new.code).insert(_PROPERTY, _values(new)))
        try:
            await self._config.transact(self._outbox.owe_property(transaction, region, _FIRST_VERSION))
        except RowExistsError:
            return False
        return True

    async def replace(self, stored: StoredProperty, changed: Property, simphony: str | None = None) -> bool:
        """Put a property in the place of the version read, with its Simphony settings if given (JSON).

        False if the property has changed since it was read.
        """
        await self._publications.touch(changed.code)
        transaction = Transaction(changed.code).replace(_PROPERTY, _values(changed), etag=stored.etag)
        if simphony is not None:
            transaction.upsert(_SIMPHONY, {"Document": simphony})
        try:
            await self._config.transact(_owing(transaction))
        except (RowChangedError, RowMissingError):
            return False
        return True

    async def change(
        self, code: str, change: Callable[[Property], Property], simphony: str | None = None
    ) -> None:
        """Apply a change to whatever the property is by now; none is written if it makes no difference.

        Raises:
            RowMissingError: there is no such property.
        """
        while True:
            stored = await self.get(code)
            changed = change(stored.property)
            if changed == stored.property and simphony is None:
                return
            if await self.replace(stored, changed, simphony):
                return

    async def find_owed(self, code: str) -> str | None:
        """The version of the publication that a property owes, or None."""
        row = await self._config.find(code, _PUBLISH)
        return None if row is None else row.etag

    async def settle(self, code: str, owed: str) -> None:
        """Note that a publication is done, unless it is owed anew."""
        with suppress(RowConflictError):
            await self._config.transact(Transaction(code).delete(_PUBLISH, etag=owed))


def _owing(transaction: Transaction) -> Transaction:
    return transaction.upsert(_PUBLISH, {})


def _values(known: Property) -> Values:
    return {"Document": known.model_dump_json()}


def _stored(row: Row) -> StoredProperty:
    return StoredProperty(Property.model_validate_json(row.text("Document")), row.etag)
