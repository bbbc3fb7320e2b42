"""Where codes live: looked up with a cache, recorded by version."""

import time
from collections.abc import Callable, Mapping

from muneris.cloud.tables import (
    Row,
    RowChangedError,
    RowExistsError,
    RowMissingError,
    Table,
    Transaction,
    Values,
)
from muneris.core.ids import PROPERTY_CODE
from muneris.core.problems import PROPERTY_IN_ANOTHER_REGION, PROPERTY_NOT_FOUND

KEY = "home"
_FOUND_SECONDS = 60.0
_ABSENT_SECONDS = 5.0
_MOST_REMEMBERED = 10_000


class Directory:
    """The region's own copy of the directory, remembered for a while: 60 s what is there, 5 s what is not.

    `region` is this one, `regions` every region's public endpoint.
    """

    def __init__(
        self,
        table: Table,
        region: str,
        regions: Mapping[str, str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.region = region
        self._table = table
        self._regions = regions
        self._monotonic = monotonic
        self._remembered: dict[str, tuple[str | None, float]] = {}

    async def find_home(self, code: str, *, fresh: bool = False) -> str | None:
        """The home region of a company or property, or None: nobody registered the code.

        `fresh` reads it from the table, not from memory.
        """
        home, until = self._remembered.get(code, (None, float("-inf")))
        if not fresh and self._monotonic() < until:
            return home
        row = await self._table.find(code, KEY)
        home = None if row is None else row.text("Region")
        self._remember(code, home)
        return home

    async def find_elsewhere(self, code: str, *, fresh: bool = False) -> str | None:
        """The other region that a company or property lives in, or None: it lives here, or nowhere yet."""
        home = await self.find_home(code, fresh=fresh)
        return None if home == self.region else home

    async def refuse_elsewhere(self, property_code: str, *, fresh: bool = False) -> None:
        """Refuse what concerns another region's property; a code that nobody registered passes.

        Raises:
            ProblemError: `property_in_another_region` with its `home_endpoint`.
        """
        home = await self.find_elsewhere(property_code, fresh=fresh)
        if home is not None:
            raise PROPERTY_IN_ANOTHER_REGION(
                f"{property_code} lives in {home}: call that region.", home_endpoint=self.endpoint_of(home)
            )

    async def require_here(self, property_code: str) -> None:
        """Refuse what concerns a property that does not live in this region.

        Raises:
            ProblemError: `property_not_found`, or `property_in_another_region` with its `home_endpoint`.
        """
        home = await self.find_home(property_code) if PROPERTY_CODE.fullmatch(property_code) else None
        if home is None:
            raise PROPERTY_NOT_FOUND(f"There is no property {property_code!r}: check the code.")
        await self.refuse_elsewhere(property_code)

    def endpoint_of(self, region: str) -> str | None:
        """The public endpoint of a region; None for one that is not configured here."""
        return self._regions.get(region)

    def _remember(self, code: str, home: str | None) -> None:
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()  # codes that callers make up must not fill the memory
        seconds = _ABSENT_SECONDS if home is None else _FOUND_SECONDS
        self._remembered[code] = home, self._monotonic() + seconds


async def record_home(table: Table, code: str, region: str, version: int) -> None:
    """Write a code's home into one region's directory, unless that knows a newer one. Repeatable.

    Of two regions that registered a code at the same moment, with the same version, the first by name
    prevails: so all directories come to agree.
    """
    values: Values = {"Region": region, "Version": version}
    while True:
        stored = await table.find(code, KEY)
        if stored is not None and not _prevails(region, version, stored):
            return
        transaction = Transaction(code)
        if stored is None:
            transaction.insert(KEY, values)
        else:
            transaction.replace(KEY, values, etag=stored.etag)
        try:
            await table.transact(transaction)
        except (RowExistsError, RowChangedError, RowMissingError):
            continue  # another writer was faster: compare with what that one wrote
        return


def _prevails(region: str, version: int, stored: Row) -> bool:
    if version == stored.number("Version"):
        return region < stored.text("Region")
    return version > stored.number("Version")
