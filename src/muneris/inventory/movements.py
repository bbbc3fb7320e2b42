"""Stock adjusted, received, wasted and counted: each asked for once, and kept in a journal."""

from collections.abc import Sequence
from dataclasses import dataclass

from muneris.core.attempts import Attempts
from muneris.core.clock import Clock
from muneris.core.problems import IDEMPOTENCY_KEY_REUSED, ProblemError, ProblemType
from muneris.inventory.movement import Movement, MovementAsk, moved
from muneris.inventory.publishing import Publishing
from muneris.inventory.store import Change, InventoryStore, StoredMovement

ITEM_NOT_FOUND = ProblemType("item_not_found", 404, "Stock item not found")


@dataclass(frozen=True)
class Moved:
    """A movement, and whether it was made before."""

    movement: Movement
    replayed: bool


@dataclass(frozen=True)
class MovementPage:
    """Some movements; `following` is the place that the next page starts at, None after the last."""

    movements: Sequence[Movement]
    following: str | None


class Movements:
    """Moves a property's stock. The movement's row is the claim of its key, as an order's is."""

    def __init__(
        self, store: InventoryStore, publishing: Publishing, clock: Clock, attempts: Attempts
    ) -> None:
        self._store = store
        self._publishing = publishing
        self._clock = clock
        self._attempts = attempts

    async def move(self, property_code: str, asked: MovementAsk) -> Moved:
        """Move stock, or answer as the first time if that was asked before. Done when it is published, too.

        Raises:
            ProblemError: `item_not_found`, `less_than_held` or `idempotency_key_reused`; nothing was changed.
            OperationalError: it is not known to be done; the same call again settles it.
        """

        async def attempt() -> Moved | None:
            before = await self._store.find_movement(property_code, asked)
            if before is not None:
                return _repeated(before, asked)
            known = await self._store.find_item(property_code, asked.sku)
            if known is None:
                raise _not_found(asked.sku)
            after, movement = moved(known.value, asked, self._clock.now())
            written = await self._store.put_movement(property_code, asked, movement, Change(after, known))
            return Moved(movement, replayed=False) if written else None

        done = await self._attempts.run(property_code, attempt)
        await self._publishing.publish(property_code)
        return done

    async def page(self, property_code: str, sku: str, limit: int, start: str = "") -> MovementPage:
        """At most `limit` movements of an item, the newest first, from the place `start` on.

        Raises:
            ProblemError: `item_not_found`.
        """
        if await self._store.find_item(property_code, sku) is None:
            raise _not_found(sku)
        found: list[Movement] = []
        async for place, movement in self._store.movements(property_code, sku, start):
            if len(found) == limit:
                return MovementPage(found, place)
            found.append(movement)
        return MovementPage(found, None)


def _repeated(before: StoredMovement, asked: MovementAsk) -> Moved:
    if (before.movement.by, before.fingerprint) != (asked.by, asked.fingerprint):
        raise IDEMPOTENCY_KEY_REUSED("This key belongs to another request: make a new UUIDv7 for each.")
    return Moved(before.movement, replayed=True)


def _not_found(sku: str) -> ProblemError:
    return ITEM_NOT_FOUND(f"There is no stock item {sku!r}.")
