"""A table's requests on the storage emulator, which verifies addresses, signatures and sizes."""

import os
from collections.abc import AsyncIterator, Callable

import pytest
from tests.tables import create_table, open_requests

from localcloud.azurite import StorageAddress
from localcloud.azurite.process import KEY
from muneris.cloud.tables import Transaction, get_row
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.wire.account import storage_account
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.cloud.wire.requests import Requests

ODD_KEYS = ["order|01", "o'neil", "two words", "søde 🍣", "!$&()*;:=@", "100%+{x}[y]", "%2F%27", "a~b-c._"]


@pytest.fixture
async def requests() -> AsyncIterator[Requests]:
    async with open_requests() as requests:
        yield requests


@pytest.fixture
async def table(azurite: StorageAddress, unique: Callable[[str], str], requests: Requests) -> AzureTable:
    return await create_table(azurite, unique("Table"), requests)


@pytest.mark.parametrize("key", ODD_KEYS)
async def test_every_allowed_key_is_found_again(table: AzureTable, key: str) -> None:
    await table.transact(Transaction(key).insert(key, {"A": 1}))
    row = await get_row(table, key, key)
    assert (row.partition, row.key, row.number("A")) == (key, key, 1)
    etags = await table.transact(Transaction(key).merge(key, {"A": 2}, etag=row.etag))
    assert [(row.key, row.number("A"), row.etag) for row in (await table.page(key, start=key)).rows] == [
        (key, 2, etags[key])
    ]
    await table.transact(Transaction(key).delete(key, etag=etags[key]))
    assert await table.find(key, key) is None


async def test_a_transaction_of_almost_4_mib_is_carried_out(table: AzureTable) -> None:
    values = {f"Body{number}": os.urandom(64 * 1024 - 1) for number in range(7)}
    large = Transaction("p")
    for number in range(3):
        large.insert(f"{number}", values)
    assert len(await table.transact(large)) == 3
    assert dict((await get_row(table, "p", "2")).values) == values


async def test_a_wrong_key_is_no_outage(
    azurite: StorageAddress, unique: Callable[[str], str], requests: Requests
) -> None:
    name = unique("Table")
    await create_table(azurite, name, requests)
    wrong = azurite.connection_string.replace(KEY, "AAAA")
    table = AzureTable(storage_account(wrong), name, requests)
    with pytest.raises(RequestRefusedError, match=r"^403 AuthorizationFailure$"):
        await table.find("p", "r")
    with pytest.raises(RequestRefusedError, match=r"^403 AuthorizationFailure$"):
        await table.transact(Transaction("p").insert("r", {}))


async def test_a_missing_table_is_no_missing_row(
    azurite: StorageAddress, unique: Callable[[str], str], requests: Requests
) -> None:
    table = AzureTable(storage_account(azurite.connection_string), unique("Table"), requests)
    with pytest.raises(RequestRefusedError, match=r"^404 TableNotFound$"):
        await table.transact(Transaction("p").insert("r", {}))
    with pytest.raises(RequestRefusedError, match=r"^404 TableNotFound$"):
        await table.page("p")
