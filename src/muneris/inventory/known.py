"""What is known of a property's stock while commands on it are carried out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from collections.abc import Set as AbstractSet
from functools import partial

from muneris.cloud.tables.remembered import Stored
from muneris.inventory.model import Decisions, Hold, StockItem
from muneris.inventory.store import InventoryStore


class KnownRows[T]:
    """Rows of one kind, by name: as this process remembers them, or as they were read since."""

    def __init__(
        self, recall: Callable[[str], Stored[T] | None], read: Callable[[str], Awaitable[Stored[T] | None]]
    ) -> None:
        self._recall = recall
        self._read = read
        self._seen: dict[str, Stored[T] | None] = {}
        self._fresh: set[str] = set()
        self._doubted: set[str] = set()

    def find(self, name: str) -> Stored[T] | None:
        """The row, or None: it does not exist, or nothing is known of it."""
        if name not in self._seen:
            self._seen[name] = self._recall(name)
        return self._seen[name]

    def doubt(self, names: AbstractSet[str]) -> None:
        """They are no longer what they were: they must be read."""
        self._doubted |= names
        self._fresh -= names

    def unsure(self, relied_on: AbstractSet[str], changed: Iterable[str]) -> AbstractSet[str]:
        """What has to be read first. What is changed need not be: its write is conditional on its version.

        Unless others change it as well: then that write would often be in vain.
        """
        contested = {name for name in changed if (stored := self.find(name)) and stored.contested}
        return (relied_on | contested | self._doubted) - self._fresh

    async def read(self, names: AbstractSet[str]) -> None:
        """Read rows, at once."""
        found = await asyncio.gather(*(self._read(name) for name in names))
        self._seen.update(zip(names, found, strict=True))
        self._fresh |= names


class KnownStock:
    """A property's holds and items."""

    def __init__(self, store: InventoryStore, property_code: str) -> None:
        self.holds = KnownRows[Hold](
            partial(store.recall_hold, property_code), partial(store.find_hold, property_code)
        )
        self.items = KnownRows[StockItem](
            partial(store.recall_item, property_code), partial(store.find_item, property_code)
        )

    def find_hold(self, hold_id: str) -> Hold | None:
        """A hold, or None."""
        stored = self.holds.find(hold_id)
        return None if stored is None else stored.value

    def find_item(self, sku: str) -> StockItem | None:
        """A stock item, or None."""
        stored = self.items.find(sku)
        return None if stored is None else stored.value

    async def make_sure_of(self, decisions: Decisions) -> bool:
        """Read what decisions may not be made from memory alone; False: there was no such thing."""
        holds = self.holds.unsure(decisions.relied_on_holds, decisions.holds)
        items = self.items.unsure(decisions.relied_on_items, decisions.items)
        await asyncio.gather(self.holds.read(holds), self.items.read(items))
        return bool(holds or items)
