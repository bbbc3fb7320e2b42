"""The version of a menu as it is shown: of its content, and of what cannot be made now. Pure.

`<content>`, `<content>-<restrictions>` or `<content>-<restrictions>-<items>`: whoever holds one asks for what
has changed since, and what was restricted then must be told again. To name those items in the version needs
no memory of who was shown what; of more than fit in it none are named, and the whole menu is the answer.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from muneris.inventory.availability import ItemAvailability

_MOST_NAMED = 40
_SEPARATOR, _BETWEEN = "-", "."


class ShownVersion(NamedTuple):
    """What a version says; `restricted` are the items that could not be made, None: they are not named."""

    content: str
    restricted: frozenset[int] | None


def shown_version(content: str, restricted: Mapping[int, ItemAvailability]) -> str:
    """The version of a menu with that content, of which those items are restricted."""
    if not restricted:
        return content
    digest = hashlib.sha256(repr(dict(restricted)).encode()).hexdigest()[:16]
    parts = [content, digest]
    if len(restricted) <= _MOST_NAMED:
        parts.append(_BETWEEN.join(f"{each:x}" for each in restricted))
    return _SEPARATOR.join(parts)


def read_version(version: str) -> ShownVersion:
    """What a version says, whoever wrote it: one that is none of ours names a content that never was."""
    content, _, shown = version.partition(_SEPARATOR)
    if not shown:
        return ShownVersion(content, frozenset())
    _, _, named = shown.partition(_SEPARATOR)
    try:
        return ShownVersion(content, frozenset(int(each, 16) for each in named.split(_BETWEEN)))
    except ValueError:
        return ShownVersion(content, None)
