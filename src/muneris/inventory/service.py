"""Keeping stock items, recipes, and what staff say of menu items."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from muneris.cloud.http.conditional import names_etag, to_etag
from muneris.core.attempts import Attempts
from muneris.core.clock import Clock
from muneris.core.ids import Random, new_uuid7
from muneris.core.problems import CHANGED_MEANWHILE, ProblemType
from muneris.inventory.availability import Availability, ItemAvailability
from muneris.inventory.model import StockItem, is_limit, limit_sku, version_of
from muneris.inventory.movement import MovementAsk, put_over
from muneris.inventory.pantry import limit_after
from muneris.inventory.publishing import Publishing
from muneris.inventory.recipes import Ingredient
from muneris.inventory.store import Change, InventoryStore

UNKNOWN_STOCK_ITEM = ProblemType("unknown_stock_item", 422, "Unknown stock item")


@dataclass(frozen=True)
class ItemPage:
    """Some stock items; `following` is the SKU that the next page starts with, None after the last."""

    items: Sequence[StockItem]
    following: str | None


class Inventory:
    """Commands and queries of what a property keeps in stock and makes of it."""

    def __init__(
        self,
        store: InventoryStore,
        publishing: Publishing,
        clock: Clock,
        attempts: Attempts,
        *,
        random: Random = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._publishing = publishing
        self._clock = clock
        self._attempts = attempts
        self._random = random

    async def put_item(
        self, property_code: str, item: StockItem, *, by: str = "staff", if_match: str | None = None
    ) -> StockItem:
        """Create an item, or change it if it still is a version that `if_match` names; None: whatever it is.

        What is held of it stays held. What this makes of its stock is a stock-take by `by`, written in the
        journal together with the item. What is there already, put again, changes nothing and needs no
        condition. Done when it is published, too.

        Raises:
            ProblemError: `changed_meanwhile` or `less_than_held`; nothing was changed.
        """
        key = new_uuid7(self._clock.now(), self._random)
        asked = MovementAsk(item.sku, "stock-take", item.on_hand, key, fingerprint="", by=by)

        async def attempt() -> StockItem | None:
            known = await self._store.find_item(property_code, item.sku)
            before = None if known is None else known.value
            after = item if before is None else item.model_copy(update={"held": before.held})
            if after == before:
                return before
            _require_version(if_match, item.sku, before)
            movement = put_over(before, after, asked, self._clock.now())
            change = Change(after, known)
            if movement is None:
                written = await self._store.put_item(property_code, change)
            else:
                written = await self._store.put_movement(property_code, asked, movement, change)
            return after if written else None

        put = await self._attempts.run(property_code, attempt)
        await self._publishing.publish(property_code)
        return put

    async def find_item(self, property_code: str, sku: str) -> StockItem | None:
        """A stock item, or None."""
        stored = await self._store.find_item(property_code, sku)
        return None if stored is None else stored.value

    async def items(self, property_code: str, limit: int, start: str = "") -> ItemPage:
        """At most `limit` stock items by SKU, from the SKU `start` on; menu items' limits are none."""
        found: list[StockItem] = []
        async for item in self._store.items(property_code, start):
            if is_limit(item.sku):
                continue
            if len(found) == limit:
                return ItemPage(found, item.sku)
            found.append(item)
        return ItemPage(found, None)

    async def put_recipe(
        self, property_code: str, menu_item_id: int, ingredients: tuple[Ingredient, ...]
    ) -> None:
        """Write what one sold item uses, and publish it with the others: done when both are.

        Raises:
            ProblemError: `unknown_stock_item`, with all of them in `skus`: an item that takes of what there
                is not could never be sold. Nothing was changed.
        """
        await self._require_items(property_code, [each.sku for each in ingredients])
        await self._store.put_recipe(property_code, menu_item_id, ingredients)
        await self._publishing.publish(property_code)

    async def put_availability(self, property_code: str, menu_item_id: int, said: ItemAvailability) -> None:
        """Say whether a menu item can be made, and how many of it; publish it: done when both are.

        Its `quantity`, if it is limited, is what may be sold from now on.
        """

        async def attempt() -> bool | None:
            known = await self._store.find_item(property_code, limit_sku(menu_item_id))
            limit = limit_after(said, menu_item_id, None if known is None else known.value, self._clock.now())
            change = None if limit is None else Change(limit, known)
            return await self._store.put_availability(property_code, menu_item_id, said, change) or None

        await self._attempts.run(property_code, attempt)
        await self._publishing.publish(property_code)

    async def availability(self, property_code: str) -> Availability:
        """How a property's menu items stand, by what staff said and by its stock."""
        return await self._publishing.availability(property_code)

    async def _require_items(self, property_code: str, skus: Sequence[str]) -> None:
        """Refuse what is no stock item. What is one stays one: items are not removed."""
        found = await asyncio.gather(*(self._store.find_item(property_code, sku) for sku in skus))
        unknown = [sku for sku, item in zip(skus, found, strict=True) if item is None]
        if unknown:
            raise UNKNOWN_STOCK_ITEM(
                f"There is no stock item {', '.join(unknown)}: put the items that a recipe takes first.",
                skus=unknown,
            )


def _require_version(if_match: str | None, sku: str, item: StockItem | None) -> None:
    if if_match is None:
        return
    if item is None:
        raise CHANGED_MEANWHILE(f"There is no stock item {sku!r} to change: leave 'If-Match' out.")
    if not names_etag(if_match, to_etag(version_of(item))):
        raise CHANGED_MEANWHILE(f"{sku} is not the version you read: read it again and repeat your change.")
