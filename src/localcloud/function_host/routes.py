"""Route templates of HTTP triggers (ASP.NET Core's, as the Functions host reads them)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PART = re.compile(r"\{([^{}]+)\}")
_PARAMETER = re.compile(
    r"(?P<star>\*{0,2})(?P<name>\w+)(?P<constraints>:[^=?]+)?(?:=(?P<default>[^?]*))?(?P<optional>\?)?"
)
_CONSTRAINTS = {
    "alpha": "[A-Za-z]+",
    "bool": "true|false",
    "decimal": r"-?\d+(?:\.\d+)?",
    "double": r"-?\d+(?:\.\d+)?",
    "float": r"-?\d+(?:\.\d+)?",
    "guid": "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "int": r"-?\d+",
    "long": r"-?\d+",
}
_LITERAL, _CONSTRAINED, _PLAIN, _CONSTRAINED_CATCH_ALL, _CATCH_ALL = range(1, 6)


class RouteError(Exception):
    """A route template that cannot be read."""


@dataclass(frozen=True)
class Route:
    """One template; a lower `precedence` is more specific and wins (ASP.NET Core's RoutePrecedence)."""

    pattern: re.Pattern[str]
    precedence: tuple[int, ...]
    defaults: Mapping[str, str]

    def match(self, path: str) -> dict[str, str] | None:
        """The parameters if a decoded path fits, letter case aside; those left out are absent."""
        found = self.pattern.fullmatch(path.strip("/"))
        if found is None:
            return None
        given = {name: value for name, value in found.groupdict().items() if value}
        return {**self.defaults, **given}


def parse_route(template: str) -> Route:
    """Read a template such as `orders/{id:int}/{*rest}`.

    Constraints other than the types are accepted and not checked.

    Raises:
        RouteError: a segment that is no template.
    """
    pattern, precedence, defaults = "", [], {}
    for segment in filter(None, template.split("/")):
        parameter = _whole_parameter(segment)
        if parameter is None:
            expression, rank, skippable = _mixed(segment, template), _rank_of_mixed(segment), False
        else:
            expression, rank = _expression(parameter), _rank(parameter)
            default, optional = parameter["default"], parameter["optional"]
            skippable = bool(parameter["star"] or optional or default is not None)
            if default is not None:
                defaults[parameter["name"]] = default
        joined = f"/{expression}" if pattern else expression
        pattern += f"(?:{joined})?" if skippable else joined
        precedence.append(rank)
    return Route(re.compile(pattern, re.IGNORECASE | re.DOTALL), tuple(precedence), defaults)


def in_order_of_precedence[T](routes: Iterable[tuple[Route, T]]) -> list[tuple[Route, T]]:
    """The more specific first; equal ones stay in their order."""
    return sorted(routes, key=lambda each: each[0].precedence)


def _whole_parameter(segment: str) -> re.Match[str] | None:
    whole = _PART.fullmatch(segment)
    return _PARAMETER.fullmatch(whole[1]) if whole else None


def _rank(parameter: re.Match[str]) -> int:
    if parameter["star"]:
        return _CONSTRAINED_CATCH_ALL if parameter["constraints"] else _CATCH_ALL
    return _CONSTRAINED if parameter["constraints"] else _PLAIN


def _rank_of_mixed(segment: str) -> int:
    return _CONSTRAINED if "{" in segment else _LITERAL


def _expression(parameter: re.Match[str]) -> str:
    anything = ".*" if parameter["star"] else "[^/]+"
    names = (parameter["constraints"] or "").strip(":").lower().split(":")
    typed = next((_CONSTRAINTS[name] for name in names if name in _CONSTRAINTS), anything)
    return f"(?P<{parameter['name']}>{typed})"


def _mixed(segment: str, template: str) -> str:
    """A literal, or a segment such as `{name}.{extension}`."""
    expression = ""
    for index, part in enumerate(_PART.split(segment)):
        if index % 2 == 0:
            if "{" in part or "}" in part:
                raise RouteError(f"The route '{template}' cannot be read: check the braces of '{segment}'.")
            expression += re.escape(part)
        elif (parameter := _PARAMETER.fullmatch(part)) and not parameter["star"]:
            expression += _expression(parameter)
        else:
            raise RouteError(f"The route '{template}' cannot be read: '{{{part}}}' is no parameter.")
    return expression
