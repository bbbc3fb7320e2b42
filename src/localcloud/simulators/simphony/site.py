"""Where a request belongs: organization, location and revenue center, compared without case."""

from collections.abc import Mapping
from typing import NamedTuple, Self

from aiohttp import web

from localcloud.simulators.simphony.problems import invalid, missing

_HEADERS = ("Simphony-OrgShortName", "Simphony-LocRef", "Simphony-RvcRef")
_QUERY = ("OrgShortName", "LocRef", "RvcRef")


def by_lower_name(values: Mapping[str, str]) -> dict[str, str]:
    """Values by their names in lower case: names are compared without case."""
    return {name.lower(): value for name, value in values.items()}


def place_of(request: web.Request) -> tuple[str | None, str | None, str | None]:
    """The organization, location and revenue center that the path, query or headers name, in lower case."""
    query, names = by_lower_name(request.query), request.match_info
    values = [
        names.get(in_path) or query.get(in_query.lower()) or request.headers.get(header)
        for in_path, in_query, header in zip(Site._fields, _QUERY, _HEADERS, strict=True)
    ]
    org, loc, rvc = (value and value.lower() for value in values)
    return org, loc, rvc


def _by_shown_name(query: Mapping[str, str]) -> dict[str, str]:
    values = by_lower_name(query)
    return {name: values.get(name.lower(), "") for name in _QUERY}


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
        return cls._of(_by_shown_name(query), _QUERY)

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
