"""The bare client against a real storage emulator."""

import json
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import aiohttp
import pytest
import pytest_asyncio
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient
from benchmarks.bare import BareStorage, Entity, Template

from localcloud.azurite import StorageAddress
from muneris.core.ids import newest_first

MODEL = UUID("01bb56c7-1600-7000-8000-000000000001")
ANOTHER = UUID("01bb56c7-1600-7000-8000-0000000000ff")
METADATA = {"odata.etag", "Timestamp", "Timestamp@odata.type"}


@pytest_asyncio.fixture
async def storage(azurite: StorageAddress) -> AsyncIterator[BareStorage]:
    """The emulator's table of orders, which other tests may use too."""
    async with (
        aiohttp.ClientSession() as session,
        TableServiceClient.from_connection_string(
            azurite.connection_string, transport=AioHttpTransport(use_env_settings=False)
        ) as service,
    ):
        await service.create_table_if_not_exists("Orders")
        yield BareStorage(session, azurite)


async def learned(storage: BareStorage, code: str) -> Template:
    """From an order of two rows."""
    rows: list[Entity] = [
        {"RowKey": f"order|{newest_first(MODEL)}", "Number": "1", "Number@odata.type": "Edm.Int64"},
        {"RowKey": f"work|{MODEL}|000001|reserve", "Payload": f"of {MODEL}"},
    ]
    storage.sign()
    await storage.transact(storage.insert(json.dumps({"PartitionKey": code, **row}) for row in rows))
    event: Entity = {"id": f"{MODEL}-1", "subject": f"{code}/orders/{MODEL}"}
    return Template(storage, await storage.rows(code), event, code, MODEL)


async def test_another_order_is_written_as_the_model_was(
    storage: BareStorage, unique: Callable[[str], str]
) -> None:
    code, other = unique("a"), unique("b")
    template = await learned(storage, code)
    await storage.transact(template.body(other, ANOTHER))
    rows = [{name: row[name] for name in row.keys() - METADATA} for row in await storage.rows(other)]
    assert rows == [
        {
            "PartitionKey": other,
            "RowKey": f"order|{newest_first(ANOTHER)}",
            "Number": "1",
            "Number@odata.type": "Edm.Int64",
        },
        {"PartitionKey": other, "RowKey": f"work|{ANOTHER}|000001|reserve", "Payload": f"of {ANOTHER}"},
    ]


async def test_another_event_is_said_as_the_model_was(
    storage: BareStorage, unique: Callable[[str], str]
) -> None:
    code, other = unique("a"), unique("b")
    template = await learned(storage, code)
    assert json.loads(template.event(other, ANOTHER)) == [
        {"id": f"{ANOTHER}-1", "subject": f"{other}/orders/{ANOTHER}"}
    ]


async def test_orders_at_rest_leave_nothing_but_themselves(
    storage: BareStorage, unique: Callable[[str], str]
) -> None:
    code, other = unique("a"), unique("b")
    template = await learned(storage, code)
    await storage.transact(template.settled(other, [MODEL, ANOTHER]))
    keys = {str(row["RowKey"]) for row in await storage.rows(other)}
    assert keys == {f"order|{newest_first(each)}" for each in (MODEL, ANOTHER)}


async def test_a_transaction_that_is_refused_ends_the_measurement(
    storage: BareStorage, unique: Callable[[str], str]
) -> None:
    code = unique("a")
    template = await learned(storage, code)
    with pytest.raises(RuntimeError, match="EntityAlreadyExists"):
        await storage.transact(template.body(code, MODEL))
