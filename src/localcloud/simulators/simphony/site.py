"""Where a request belongs: organization, location and revenue center, compared without case."""

from collections.abc import Mapping
from typing import NamedTuple, Self

from localcloud.simulators.simphony.problems import invalid, missing

_HEADERS = ("Simphony-OrgShortName", "Simphony-LocRef", "Simphony-RvcRef")
_QUERY = ("OrgShortName", "LocRef", "RvcRef")


class Site(NamedTuple):
    """One revenue center of one location of one organization; names in lower case."""

    org: str
    loc: str
    rvc: int

    @classmethod
    def of(cls, org: str, loc: str, rvc: int | str) -> Self:
        """The site of those names.

        Raises:
            ProblemError: the revenue center is no number.
        """
        try:
            return cls(org.lower(), loc.lower(), int(rvc))
        except ValueError as error:
            raise invalid(f"RvcRef must be an integer, not {rvc!r}") from error

    @classmethod
    def of_headers(cls, headers: Mapping[str, str]) -> Self:
        """The site named by `Simphony-*` headers (checks, menus/{menuId}).

        Raises:
            ProblemError: one is missing or no number.
        """
        return cls._of(headers, _HEADERS)

    @classmethod
    def of_query(cls, query: Mapping[str, str]) -> Self:
        """The site named by the query (configuration collections).

        Raises:
            ProblemError: a name is missing or no number.
        """
        return cls._of({name.lower(): value for name, value in query.items()}, tuple(map(str.lower, _QUERY)))

    @classmethod
    def _of(cls, values: Mapping[str, str], names: tuple[str, ...]) -> Self:
        absent = [name for name in names if not values.get(name)]
        if absent:
            raise missing(*absent)
        return cls.of(*(values[name] for name in names))

    @property
    def fields(self) -> dict[str, str | int]:
        """As the API's answers carry it."""
        return {"orgShortName": self.org, "locRef": self.loc, "rvcRef": self.rvc}

    def __str__(self) -> str:
        return f"{self.org}:{self.loc}:{self.rvc}"
