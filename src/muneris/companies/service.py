"""Companies sign up, and staff activate them."""

from muneris.companies.model import Company, Registration
from muneris.companies.problems import COMPANY_EXISTS, COMPANY_IN_ANOTHER_REGION, COMPANY_NOT_FOUND
from muneris.companies.store import CompanyStore, StoredCompany
from muneris.core.ids import COMPANY_CODE
from muneris.core.problems import ProblemError
from muneris.core.validation import refuse_invalid
from muneris.directory import Directory, DirectoryOutbox


class Companies:
    """The companies of this region."""

    def __init__(self, store: CompanyStore, directory: Directory, outbox: DirectoryOutbox) -> None:
        self._store = store
        self._directory = directory
        self._outbox = outbox

    async def register(self, registration: Registration) -> Company:
        """Take a company on as pending. The same registration again changes nothing.

        Raises:
            ProblemError: `invalid_request`, `company_in_another_region` or `company_exists`.
        """
        self._require_home(registration)
        company = Company(**registration.model_dump(), status="pending")
        code = company.code
        if await self._directory.find_elsewhere(code, fresh=True) is not None:
            raise _exists(code)
        stored = await self._store.find(code)
        if stored is None:
            if await self._store.add(company):
                await self._outbox.push(code)
                return company
            stored = await self._store.find(code)
        if stored is None or not stored.company.was_registered_by(registration):
            raise _exists(code)
        return stored.company

    async def activate(self, code: str) -> None:
        """Let a company own properties. Repeatable.

        Raises:
            ProblemError: `company_not_found`, or `company_in_another_region`.
        """
        stored = await self._get(code)
        while stored.company.status != "active":
            if await self._store.replace(stored, stored.company.activated()):
                return
            stored = await self._get(code)

    async def get(self, code: str) -> Company:
        """A company of this region.

        Raises:
            ProblemError: `company_not_found`, or `company_in_another_region`.
        """
        return (await self._get(code)).company

    async def _get(self, code: str) -> StoredCompany:
        """The directory decides: of two regions that registered a code at once, one has lost it."""
        is_code = COMPANY_CODE.fullmatch(code) is not None
        home = await self._directory.find_elsewhere(code, fresh=True) if is_code else None
        if home is not None:
            raise self._elsewhere(code, home)
        stored = await self._store.find(code) if is_code else None
        if stored is None:
            raise COMPANY_NOT_FOUND(f"There is no company {code!r}: register it first.")
        return stored

    def _require_home(self, registration: Registration) -> None:
        home = registration.home_region
        if self._directory.endpoint_of(home) is None:
            raise refuse_invalid([("home_region", f"There is no region {home!r}.")])
        if home != self._directory.region:
            raise self._elsewhere(registration.code, home)

    def _elsewhere(self, code: str, home: str) -> ProblemError:
        return COMPANY_IN_ANOTHER_REGION(
            f"{code} lives in {home}: call that region.", home_endpoint=self._directory.endpoint_of(home)
        )


def _exists(code: str) -> ProblemError:
    return COMPANY_EXISTS(f"The code {code} is taken: choose another one.")
