"""Where codes live: looked up with a cache, recorded by version."""

import time
from collections.abc import Callable, Mapping

from muneris.cloud.tables import Row, Table, Value, Values
from muneris.cloud.tables.spread import MAIN
from muneris.core.cache import Cache
from muneris.core.ids import PROPERTY_CODE
from muneris.core.problems import PROPERTY_IN_ANOTHER_REGION, PROPERTY_NOT_FOUND, ProblemError
from muneris.directory.accounts import find_account
from muneris.replication.conditional import write_if

KEY = "home"
_FOUND_SECONDS = 60.0
_ABSENT_SECONDS = 5.0


class Directory:
    """The region's own copy of the directory, remembered for a while: 60 s what is there, 5 s what is not.

    What is in use is read again before that, so that nobody waits for it; see `Cache`. `region` is this one,
    `regions` every region's public endpoint.
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
        self._homes = Cache(
            self._read_home,
            fresh_seconds=lambda home: _ABSENT_SECONDS if home is None else _FOUND_SECONDS,
            stale_seconds=_FOUND_SECONDS,
            monotonic=monotonic,
        )
        self._accounts: dict[str, str] = {}

    async def find_home(self, code: str, *, fresh: bool = False) -> str | None:
        """The home region of a company or property, or None: nobody registered the code.

        `fresh` reads it from the table, not from memory.
        """
        return await self._homes.get(code, fresh=fresh)

    def expect(self, code: str) -> None:
        """Begin to read a home that is soon to be found, unless it is held; nobody waits here."""
        self._homes.expect(code)

    async def account_of(self, property_code: str) -> str:
        """The storage account of this region that holds a property; `main` for one that nobody registered.

        An account never changes, so what is found is remembered for good.
        """
        if property_code not in self._accounts:
            await self.find_home(property_code, fresh=True)
        return self._accounts.get(property_code, MAIN)

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
            raise self._elsewhere(property_code, home)

    async def require_here(self, property_code: str) -> None:
        """Refuse what concerns a property that does not live in this region.

        Raises:
            ProblemError: `property_not_found`, or `property_in_another_region` with its `home_endpoint`.
        """
        home = await self.find_home(property_code) if PROPERTY_CODE.fullmatch(property_code) else None
        if home is None:
            raise PROPERTY_NOT_FOUND(f"There is no property {property_code!r}: check the code.")
        if home != self.region:
            raise self._elsewhere(property_code, home)

    def endpoint_of(self, region: str) -> str | None:
        """The public endpoint of a region; None for one that is not configured here."""
        return self._regions.get(region)

    def _elsewhere(self, property_code: str, home: str) -> ProblemError:
        return PROPERTY_IN_ANOTHER_REGION(
            f"{property_code} lives in {home}: call that region.", home_endpoint=self.endpoint_of(home)
        )

    async def _read_home(self, code: str, _held: str | None) -> str | None:
        row = await self._table.find(code, KEY)
        self._remember_account(code, row)
        return None if row is None else row.text("Region")

    def _remember_account(self, code: str, row: Row | None) -> None:
        account = None if row is None else find_account(row, self.region)
        if account is not None:
            self._accounts[code] = account


async def record_home(table: Table, code: str, region: str, version: int, account: str | None = None) -> None:
    """Write a code's home into one region's directory, unless that knows a newer one. Repeatable.

    Of two regions that registered a code at the same moment, with the same version, the first by name
    prevails: so all directories come to agree. `account` is for the home region's own directory: where it
    keeps the property. What is settled there stays, whatever is recorded later and by whom.
    """

    def decide(stored: Row | None) -> Values | None:
        if stored is not None and not _prevails(region, version, stored):
            return None
        home: dict[str, Value] = {"Region": region, "Version": version}
        if account is not None and (stored is None or find_account(stored, region) is None):
            home["Account"] = account
        return home

    await write_if(table, code, KEY, decide)


def _prevails(region: str, version: int, stored: Row) -> bool:
    if version == stored.number("Version"):
        return region < stored.text("Region")
    return version > stored.number("Version")
