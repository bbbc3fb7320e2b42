"""An order and its places in slots are written together, or not at all."""

import pytest
from tests.restaurant import CODE, NOON, plain_order

from muneris.cloud.tables import RowConflictError, Table
from muneris.core.ids import new_uuid7
from muneris.orders import model
from muneris.orders.model import Order
from muneris.orders.store import OrderStore
from muneris.orders.stored import Claim, Place

CLAIM = Claim("fingerprint", "ann", b"{}")
NOW, WINDOW = "slot|pickup|now", "slot|pickup|203005041200"


def new_order() -> Order:
    return plain_order(new_uuid7(NOON))


async def accept(store: OrderStore, order: Order, *places: Place) -> None:
    await store.accept(order, CLAIM, model.reserve_stock(order, "{}", NOON), places=places)


async def kept(table: Table, key: str) -> tuple[str, str]:
    """What a slot's row holds, and its version."""
    row = await table.find(CODE, key)
    assert row is not None
    return row.text("Orders"), row.etag


async def test_places_are_taken_with_the_order(table: Table, store: OrderStore) -> None:
    first, second = new_order(), new_order()
    await accept(store, first, Place(NOW, {"Orders": "1"}, None), Place(WINDOW, {"Orders": "a"}, None))
    (one, etag), (window, _) = await kept(table, NOW), await kept(table, WINDOW)
    assert (one, window) == ("1", "a")
    await accept(store, second, Place(NOW, {"Orders": "2"}, etag))
    assert (await kept(table, NOW))[0] == "2"
    assert (await kept(table, WINDOW))[0] == "a"
    for order in (first, second):
        assert await store.find(CODE, order.order_id) is not None


@pytest.mark.parametrize("stale", [True, False])
async def test_no_order_is_taken_where_somebody_was_faster(
    stale: bool,  # noqa: FBT001 - a parameter of the test
    table: Table,
    store: OrderStore,
) -> None:
    await accept(store, new_order(), Place(NOW, {"Orders": "1"}, None))
    read = (await kept(table, NOW))[1]
    await accept(store, new_order(), Place(NOW, {"Orders": "2"}, read))
    before, late = await kept(table, NOW), new_order()
    with pytest.raises(RowConflictError):
        await accept(
            store,
            late,
            Place(WINDOW, {"Orders": "x"}, None),
            Place(NOW, {"Orders": "x"}, read if stale else None),
        )
    assert await kept(table, NOW) == before
    assert await table.find(CODE, WINDOW) is None
    assert await store.find(CODE, late.order_id) is None
    assert not await store.is_open(CODE, late.order_id)
    assert len([work async for work in store.works(CODE)]) == 2
