"""Properties: created, changed, read."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from muneris.cloud.http.conditional import names_etag, to_etag
from muneris.companies.model import Company
from muneris.companies.problems import COMPANY_NOT_ACTIVE
from muneris.config.model import PropertySettings, etag_version
from muneris.config.problems import PRECONDITION_REQUIRED
from muneris.config.property import Property
from muneris.config.publishing import Publishing
from muneris.config.store import PropertyStore, StoredProperty
from muneris.core.ids import PROPERTY_CODE, company_of
from muneris.core.problems import CHANGED_MEANWHILE, PROPERTY_NOT_FOUND, ProblemError
from muneris.directory import Directory, DirectoryOutbox


class Companies(Protocol):
    """Where companies are known."""

    async def get(self, code: str) -> Company:
        """A company of this region.

        Raises:
            ProblemError: `company_not_found`, or `company_in_another_region`.
        """
        ...


@dataclass(frozen=True)
class Put:
    """What became of a property, and whether it is new."""

    property: Property
    created: bool


@dataclass(frozen=True)
class CompanyProperties:
    """Some of a company's properties, and the code that the rest starts with (None: that is all)."""

    properties: Sequence[Property]
    following: str | None


class Properties:
    """The properties of this region."""

    def __init__(
        self,
        store: PropertyStore,
        publishing: Publishing,
        companies: Companies,
        directory: Directory,
        outbox: DirectoryOutbox,
    ) -> None:
        self._store = store
        self._publishing = publishing
        self._companies = companies
        self._directory = directory
        self._outbox = outbox

    async def put(self, code: str, settings: PropertySettings, if_match: str | None) -> Put:
        """Create a property, or change it if it still is the version that `if_match` names.

        The settings it has already, sent again, change nothing and need no condition.

        Raises:
            ProblemError: `property_in_another_region`, whatever is kept here; for a new one
                `changed_meanwhile`, `company_not_found`, `company_in_another_region` or
                `company_not_active`; for a change `precondition_required` or `changed_meanwhile`.
        """
        await self._directory.refuse_elsewhere(code, fresh=True)
        stored = await self._store.find(code)
        if stored is None:
            new = await self._new(code, settings, if_match)
            if await self._store.add(new, self._directory.region):
                await self._outbox.push(code)
                await self._publishing.publish_soon(code)
                return Put(new, created=True)
            stored = await self._store.get(code)
        if settings.are_those_of(stored.property):
            return Put(stored.property, created=False)
        return Put(await self._change(stored, settings, if_match), created=False)

    async def get(self, code: str) -> Property:
        """A property of this region.

        Raises:
            ProblemError: `property_not_found`, or `property_in_another_region`.
        """
        is_code = PROPERTY_CODE.fullmatch(code) is not None
        if is_code:
            await self._directory.refuse_elsewhere(code)
        stored = await self._store.find(code) if is_code else None
        if stored is None:
            raise PROPERTY_NOT_FOUND(f"There is no property {code!r}: check the code.")
        return stored.property

    async def of_company(self, code: str, limit: int, start: str = "") -> CompanyProperties:
        """At most `limit` of a company's properties, by code, from the code `start` on.

        Raises:
            ProblemError: `company_not_found`, or `company_in_another_region`.
        """
        company = await self._companies.get(code)
        codes = await self._store.codes_of_company(company.code, limit + 1, start)
        found = await asyncio.gather(*(self._store.find(each) for each in codes[:limit]))
        # An index row without its property is left of a creation cut short.
        kept = [stored.property for stored in found if stored is not None]
        return CompanyProperties(kept, following=codes[limit] if len(codes) > limit else None)

    async def _new(self, code: str, settings: PropertySettings, if_match: str | None) -> Property:
        if if_match is not None:
            raise CHANGED_MEANWHILE(f"There is no property {code} to change: leave 'If-Match' out.")
        company = await self._companies.get(company_of(code))
        if company.status != "active":
            raise COMPANY_NOT_ACTIVE(f"{company.code} waits for activation by staff.")
        return settings.new_property(code)

    async def _change(
        self, stored: StoredProperty, settings: PropertySettings, if_match: str | None
    ) -> Property:
        if if_match is None:
            raise PRECONDITION_REQUIRED("Send the ETag of the version you change in 'If-Match'.")
        changed = settings.applied_to(stored.property)
        is_current = names_etag(if_match, to_etag(etag_version(stored.property)))
        if not is_current or not await self._store.replace(stored, changed):
            raise _changed_meanwhile(stored.property.code)
        await self._publishing.publish_soon(changed.code)
        return changed


def _changed_meanwhile(code: str) -> ProblemError:
    return CHANGED_MEANWHILE(f"{code} is not the version you read: read it again and repeat your change.")
