"""Every check ever opened, found by reference, number and time without looking through them all."""

import uuid
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from localcloud.simulators.simphony.check_request import CheckRequest, RoundRequest, returned
from localcloud.simulators.simphony.oddities import Installation, Oddities
from localcloud.simulators.simphony.pricing import PricedCheck
from localcloud.simulators.simphony.problems import ProblemError, not_found, refused_by_pos
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.spelling import spelled, utc_time
from localcloud.simulators.simphony.wire import Json, to_text

_FIRST_NUMBER = 1001
_OPEN, _CLOSED, _VOIDED = "open", "closed", "voided"


class Preparation(StrEnum):
    """How far the kitchen is (Notifications API, CheckNotification)."""

    UNINITIALIZED = "Uninitialized"
    SUBMITTED = "Submitted"
    PREPARED = "Prepared"
    ALL_PREPARED = "AllPrepared"
    PACKAGED = "Packaged"


@dataclass
class Check:
    """A check as it is now; `text` is its whole JSON, written once a change.

    `times` are its fire and pick-up times in UTC, as answers carry them.
    """

    ref: str
    number: int
    opened_at: datetime
    request: CheckRequest
    priced: PricedCheck
    oddities: Oddities
    times: Mapping[str, Json] = field(default_factory=dict)
    rounds: list[RoundRequest] = field(default_factory=list)
    status: str = _OPEN
    preparation: Preparation = Preparation.UNINITIALIZED
    is_readable: bool = True
    """Whether its items can be read; a check whose item lost its price cannot."""
    text: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.change(self.priced, self.status)

    @property
    def is_open(self) -> bool:
        """Whether it can still be added to."""
        return self.status == _OPEN

    @property
    def name(self) -> str:
        """Its name, as names are compared; empty if it has none."""
        return (self.request.header.check_name or "").casefold()

    @property
    def list_text(self) -> str:
        """As lists show it: without its idempotencyId, as the real service leaves it out."""
        written = spelled({"header": {"idempotencyId": self.request.header.idempotency_id}}, self.oddities)
        return self.text.replace(f"{to_text(written['header'])[1:-1]},", "", 1)

    def change(self, priced: PricedCheck, status: str) -> None:
        """Hold this from now on; a check whose tenders cover what is due closes by itself."""
        self.priced = priced
        self.status = _CLOSED if status == _OPEN and priced.is_closed else status
        identity: dict[str, Json] = {
            **self.times,
            "checkRef": self.ref,
            "checkNumber": self.number,
            "openTime": utc_time(self.opened_at, self.oddities.open_time),
            "status": self.oddities.voided_status if self.status == _VOIDED else self.status,
            "preparationStatus": self.preparation,
        }
        shown = priced
        if self.status == _VOIDED and self.oddities.voided_status == "closed":
            shown = priced.emptied()
        self.text = to_text(check_document(self.request, shown, self.oddities, identity, self.rounds))


@dataclass
class _Book:
    """The checks of one site."""

    checks: list[Check] = field(default_factory=list)
    open_names: set[str] = field(default_factory=set)


class Checks:
    """The checks of all sites."""

    def __init__(self, now: Callable[[], datetime], installation: Installation) -> None:
        self._now = now
        self._installation = installation
        self._books: defaultdict[Site, _Book] = defaultdict(_Book)
        self._by_ref: dict[str, Check] = {}

    def clear(self) -> None:
        """Forget every check."""
        self._books.clear()
        self._by_ref.clear()

    def all(self) -> Iterator[Check]:
        """Every check, oldest first."""
        return iter(self._by_ref.values())

    def open(self, request: CheckRequest, priced: PricedCheck, times: Mapping[str, Json]) -> Check:
        """Open a check.

        Raises:
            ProblemError: its name is taken by an open check of the revenue center.
        """
        book = self._books[request.site]
        number = _FIRST_NUMBER + len(book.checks)
        ref = f"{uuid.uuid4().hex}{number:08d}"
        check = Check(ref, number, self._now(), request, priced, self._installation.has, times)
        if check.name in book.open_names:
            detail = f"An open check named {request.header.check_name!r} exists"
            raise refused_by_pos("general_pos_error", detail)
        if check.name and check.is_open:
            book.open_names.add(check.name)
        book.checks.append(check)
        self._by_ref[check.ref] = check
        return check

    def add(self, check: Check, wanted: RoundRequest, priced: PricedCheck) -> None:
        """Add a round to an open check; `priced` is all it then holds."""
        check.rounds.append(wanted)
        self._change(check, priced, _OPEN)

    def void(self, check: Check) -> None:
        """Void an open check.

        Raises:
            ProblemError: something of it is paid.
        """
        if check.priced.is_tendered:
            raise refused_by_pos("general_pos_error", f"Check {check.number} is paid in part")
        self._change(check, check.priced, _VOIDED)

    def close(self, ref: str) -> None:
        """Close an open check, as a payment at the till does.

        Raises:
            ProblemError: there is no such check, or it is not open.
        """
        check = self.find(ref)
        _require_open(check)
        self._change(check, check.priced, _CLOSED)

    def prepare(self, check: Check, preparation: Preparation) -> None:
        """The kitchen is so far."""
        check.preparation = preparation
        check.change(check.priced, check.status)

    def find(self, ref: str) -> Check:
        """A check of any site.

        Raises:
            ProblemError: there is none.
        """
        check = self._by_ref.get(ref.lower())
        if check is None:
            raise _unknown(ref)
        return check

    def _change(self, check: Check, priced: PricedCheck, status: str) -> None:
        check.change(priced, status)
        if not check.is_open:
            self._books[check.request.site].open_names.discard(check.name)

    def get(self, site: Site, ref: str) -> Check:
        """A check by its reference.

        Raises:
            ProblemError: the site has no such check.
        """
        check = self._by_ref.get(ref.lower())
        if check is None or check.request.site != site:
            raise _unknown(ref)
        return check

    def get_open(self, site: Site, ref: str) -> Check:
        """An open check by its reference: only such a one can be changed.

        Raises:
            ProblemError: the site has no such check, or it is closed or voided.
        """
        check = self.get(site, ref)
        _require_open(check)
        return check

    def since(self, site: Site, since: datetime | None) -> list[Check]:
        """A site's checks opened at or after a moment, oldest first."""
        checks = self._books[site].checks if site in self._books else []
        first = bisect_left(checks, since, key=lambda check: check.opened_at) if since else 0
        return checks[first:]


def _require_open(check: Check) -> None:
    if not check.is_open:
        raise refused_by_pos("general_pos_error", f"Check {check.number} is {check.status}")


def check_document(
    request: CheckRequest,
    priced: PricedCheck,
    oddities: Oddities,
    identity: Mapping[str, Json] | None = None,
    rounds: Sequence[CheckRequest] = (),
) -> Mapping[str, Json]:
    """A check in Simphony's own shape; without an identity, one that is calculated only."""
    header: dict[str, Json] = request.header.model_dump(by_alias=True, exclude_none=True)
    extensions = returned(extension for each in (request, *rounds) for extension in each.extensions)
    document = {"header": {**header, **(identity or {})}, **priced.document, "extensions": extensions}
    return spelled(document, oddities)


def _unknown(ref: str) -> ProblemError:
    return not_found(f"Check {ref}")
