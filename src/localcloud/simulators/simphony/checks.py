"""Every check ever opened, found by reference, number and time without looking through them all."""

import uuid
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from localcloud.simulators.simphony.check_request import CheckRequest
from localcloud.simulators.simphony.pricing import PricedCheck
from localcloud.simulators.simphony.problems import not_found, refused_by_pos
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.wire import Json, to_text

_FIRST_NUMBER = 1001


@dataclass(frozen=True)
class Check:
    """An opened check; `text` is its whole JSON, written once."""

    ref: str
    number: int
    is_open: bool
    opened_at: datetime
    request: CheckRequest
    text: str

    @property
    def list_text(self) -> str:
        """As lists show it: without its idempotencyId, as the real service leaves it out."""
        return self.text.replace(f'"idempotencyId":"{self.request.header.idempotency_id}",', "", 1)


@dataclass
class _Book:
    """The checks of one site."""

    checks: list[Check] = field(default_factory=list)
    open_names: set[str] = field(default_factory=set)


class Checks:
    """The checks of all sites."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._books: defaultdict[Site, _Book] = defaultdict(_Book)
        self._by_ref: dict[tuple[Site, str], Check] = {}

    def clear(self) -> None:
        """Forget every check."""
        self._books.clear()
        self._by_ref.clear()

    def all(self) -> Iterator[Check]:
        """Every check, oldest first."""
        return iter(self._by_ref.values())

    def open(self, request: CheckRequest, priced: PricedCheck) -> Check:
        """Open a check.

        Raises:
            ProblemError: its name is taken by an open check of the revenue center.
        """
        book = self._books[request.site]
        name = (request.header.check_name or "").casefold()
        if name in book.open_names:
            detail = f"An open check named {request.header.check_name!r} exists"
            raise refused_by_pos("general_pos_error", detail)
        check = self._new(request, priced, _FIRST_NUMBER + len(book.checks))
        if name and check.is_open:
            book.open_names.add(name)
        book.checks.append(check)
        self._by_ref[request.site, check.ref] = check
        return check

    def _new(self, request: CheckRequest, priced: PricedCheck, number: int) -> Check:
        ref, opened_at = f"{uuid.uuid4().hex}{number:08d}", self._now()
        identity: dict[str, Json] = {
            "checkRef": ref,
            "checkNumber": number,
            "openTime": opened_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "status": "closed" if priced.is_closed else "open",
            "preparationStatus": "Uninitialized",
        }
        text = to_text(check_document(request, priced, identity))
        return Check(ref, number, not priced.is_closed, opened_at, request, text)

    def get(self, site: Site, ref: str) -> Check:
        """A check by its reference.

        Raises:
            ProblemError: the site has no such check.
        """
        check = self._by_ref.get((site, ref.lower()))
        if check is None:
            raise not_found(f"Check {ref}")
        return check

    def since(self, site: Site, since: datetime | None) -> list[Check]:
        """A site's checks opened at or after a moment, oldest first."""
        checks = self._books[site].checks if site in self._books else []
        first = bisect_left(checks, since, key=lambda check: check.opened_at) if since else 0
        return checks[first:]


def check_document(
    request: CheckRequest, priced: PricedCheck, identity: dict[str, Json] | None = None
) -> dict[str, Json]:
    """A check in Simphony's own shape; without an identity, one that is calculated only."""
    header: dict[str, Json] = request.header.model_dump(by_alias=True, exclude_none=True)
    extensions = [each.model_dump(by_alias=True) for each in request.returned_extensions]
    return {"header": {**header, **(identity or {})}, **priced.document, "extensions": extensions}
