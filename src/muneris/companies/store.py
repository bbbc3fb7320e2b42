"""Companies in table `Config`: one partition each, which indexes the company's properties too."""

from dataclasses import dataclass

from muneris.cloud.tables import RowConflictError, RowExistsError, Table, Transaction, Values
from muneris.companies.model import Company
from muneris.directory import DirectoryOutbox

_KEY = "company"
_FIRST_VERSION = 1


@dataclass(frozen=True)
class StoredCompany:
    """A company and the version that was read."""

    company: Company
    etag: str


class CompanyStore:
    """Keeps companies."""

    def __init__(self, config: Table, outbox: DirectoryOutbox) -> None:
        self._config = config
        self._outbox = outbox

    async def find(self, code: str) -> StoredCompany | None:
        """The company, or None: it is not registered in this region."""
        row = await self._config.find(code, _KEY)
        if row is None:
            return None
        return StoredCompany(Company.model_validate_json(row.text("Document")), row.etag)

    async def add(self, company: Company) -> bool:
        """Keep a new company and owe its home to every directory; False if its code is taken."""
        await self._outbox.announce(company.code)
        transaction = Transaction(company.code).insert(_KEY, _values(company))
        try:
            await self._config.transact(
                self._outbox.owe_home(transaction, company.home_region, _FIRST_VERSION)
            )
        except RowExistsError:
            return False
        return True

    async def replace(self, stored: StoredCompany, company: Company) -> bool:
        """Put a company in the place of the version read; False if that has changed."""
        transaction = Transaction(company.code).replace(_KEY, _values(company), etag=stored.etag)
        try:
            await self._config.transact(transaction)
        except RowConflictError:
            return False
        return True


def _values(company: Company) -> Values:
    return {"Document": company.model_dump_json()}
