"""What has changed between two versions of a menu. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from muneris.config.menu import Combo, CondimentGroup, Group, Item, Menu
from muneris.config.menu_version import read_version

type Kind = Literal["groups", "items", "condiment_groups", "combos"]
type _Part = Group | Item | CondimentGroup | Combo

MOST_VERSIONS = 30
"""How many versions a menu may be behind and still be brought up to date by what has changed."""


class ContentVersion(BaseModel):
    """A version of a menu by the digests of its parts, and of its `frame`: all that is no part."""

    model_config = ConfigDict(frozen=True)

    version: str
    frame: str
    parts: Mapping[Kind, Mapping[int, str]]

    @classmethod
    def of(cls, menu: Menu) -> Self:
        """A menu's."""
        parts = {kind: {number: _digest(part) for number, part in of.items()} for kind, of in _parts(menu)}
        order = [[each.id for each in menu.groups], [each.combo_meal_id for each in menu.combos]]
        frame = [menu.currency, menu.languages, [repr(each) for each in menu.tax_classes], order]
        return cls(version=menu.version, frame=_digest_of(repr(frame)), parts=parts)


class MenuHistory(BaseModel):
    """The versions of a menu that are remembered, oldest first."""

    model_config = ConfigDict(frozen=True)

    versions: tuple[ContentVersion, ...] = ()

    def find(self, version: str) -> ContentVersion | None:
        """A remembered version."""
        return next((each for each in self.versions if each.version == version), None)

    def with_menu(self, menu: Menu) -> Self:
        """The history with a menu as its newest version."""
        others = [each for each in self.versions if each.version != menu.version]
        newest = (*others, ContentVersion.of(menu))[-MOST_VERSIONS:]
        return self.model_copy(update={"versions": tuple(newest)})


class Changed(BaseModel):
    """The parts of a menu that are new, or not what they were; each is whole."""

    groups: tuple[Group, ...] = ()
    items: tuple[Item, ...] = ()
    condiment_groups: tuple[CondimentGroup, ...] = ()
    combos: tuple[Combo, ...] = ()


class Removed(BaseModel):
    """The ids of the parts that are there no longer."""

    groups: tuple[int, ...] = Field(default=(), examples=[[3]])
    items: tuple[int, ...] = Field(default=(), examples=[[11004]])
    condiment_groups: tuple[int, ...] = Field(default=(), examples=[[52]])
    combos: tuple[int, ...] = Field(default=(), examples=[[6]])


class MenuChanges(BaseModel):
    """What makes the menu of version `since` that of `version`."""

    version: str = Field(examples=["5f0c8f1e0c1d4d3f9a8b7c6d5e4f3a2b"])
    since: str = Field(examples=["0a1b2c3d4e5f60718293a4b5c6d7e8f9"])
    changed: Changed
    removed: Removed


def find_changes(history: MenuHistory, shown: Menu, since: str) -> MenuChanges | None:
    """What has changed since a version until the menu that is shown now, availability included.

    None: the version is not remembered, or something that is no part has changed, such as the order of the
    groups: then the whole menu is the answer.
    """
    held, present = read_version(since), read_version(shown.version)
    then, now = history.find(held.content), history.find(present.content)
    if then is None or now is None or then.frame != now.frame:
        return None
    if held.restricted is None or present.restricted is None:
        return None
    restricted = held.restricted | present.restricted if since != shown.version else frozenset[int]()
    changed, removed = {}, {}
    for kind, parts in _parts(shown):
        before = then.parts.get(kind, {})
        after = now.parts.get(kind, {})
        again = restricted if kind == "items" else frozenset[int]()
        changed[kind] = _changed(parts, before, after, again)
        removed[kind] = tuple(sorted(before.keys() - after.keys()))
    return MenuChanges(
        version=shown.version,
        since=since,
        changed=Changed.model_validate(changed),
        removed=Removed.model_validate(removed),
    )


def _changed(
    parts: Mapping[int, _Part], before: Mapping[int, str], after: Mapping[int, str], again: Iterable[int]
) -> tuple[_Part, ...]:
    names = {number for number in parts if before.get(number) != after.get(number)} | set(again)
    return tuple(part for number, part in parts.items() if number in names)


def _parts(menu: Menu) -> Iterable[tuple[Kind, Mapping[int, _Part]]]:
    yield "groups", {each.id: each for each in menu.groups}
    yield "items", {each.menu_item_id: each for each in menu.items}
    yield "condiment_groups", {each.condiment_group_id: each for each in menu.condiment_groups}
    yield "combos", {each.combo_meal_id: each for each in menu.combos}


def _digest(part: _Part) -> str:
    return _digest_of(part.model_dump_json(exclude={"availability"}))


def _digest_of(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def history_document(property_code: str) -> str:
    """The name of the document a menu's versions are kept in."""
    return f"{property_code}/menu-versions.json"
