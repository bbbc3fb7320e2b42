"""What a broken connection to the real adapter means: nothing was written, or nobody knows."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from tests.raw_http import read_message
from tests.tables import create_table, open_requests

from localcloud.azurite import StorageAddress
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import OutcomeUnknownError, TableUnavailableError, Transaction, get_row
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.cloud.wire.account import storage_account
from muneris.cloud.wire.requests import Requests

type Spoil = Callable[[bytes], bytes]

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 79\r\n\r\n"
    b'{"odata.error":{"code":"ServerBusy","message":{"lang":"en","value":"Busy now"}}}'
)
LOST: dict[str, Spoil] = {
    "dropped": lambda _: b"",
    "cut in its head": lambda answer: answer[:20],
    "cut in its body": lambda _: b"HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{",
    "garbage": lambda _: b"\0\r\n\r\n",
    "cut where nothing says how long it is": lambda answer: until_closed(answer)[:300],
    "another's": lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
    "503": lambda _: _BUSY,
}
SINGLE = Transaction("p").insert("row", {"A": 1})
BATCH = Transaction("p").insert("row", {"A": 1}).insert("other", {})


def until_closed(answer: bytes) -> bytes:
    """An answer whose body lasts as long as its connection."""
    status_line, body = answer.partition(b"\r\n")[0], answer.partition(b"\r\n\r\n")[2]
    return status_line + b"\r\nConnection: close\r\n\r\n" + body


class Wire:
    """Passes requests on to the storage emulator; its answers are spoilt as often as asked for."""

    def __init__(self, storage_port: int) -> None:
        self._storage_port = storage_port
        self._spoils: list[Spoil] = []
        self.requests = 0

    def spoil(self, spoil: Spoil, times: int = 1) -> None:
        self._spoils += [spoil] * times

    def heal(self) -> None:
        self._spoils.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, closed after a spoilt answer."""
        from_storage, to_storage = await asyncio.open_connection("127.0.0.1", self._storage_port)
        spoil = None
        try:
            while spoil is None:
                to_storage.write(await read_message(reader))
                self.requests += 1
                answer = await read_message(from_storage)
                spoil = self._spoils.pop(0) if self._spoils else None
                writer.write(answer if spoil is None else spoil(answer))
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass  # the client left
        finally:
            to_storage.close()
            writer.close()


@pytest.fixture
async def wire(azurite: StorageAddress) -> Wire:
    return Wire(azurite.table_port)


@pytest.fixture
async def requests() -> AsyncIterator[Requests]:
    async with open_requests() as requests:
        yield requests


@pytest.fixture
async def name(azurite: StorageAddress, unique: Callable[[str], str], requests: Requests) -> str:
    name = unique("Faults")
    await create_table(azurite, name, requests)
    return name


@pytest.fixture
async def table(
    azurite: StorageAddress, wire: Wire, name: str, requests: Requests
) -> AsyncIterator[AzureTable]:
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = StorageAddress(azurite.blob_port, azurite.queue_port, port)
    async with server:
        yield AzureTable(storage_account(address.connection_string), name, requests)
        server.close_clients()


@pytest.fixture
def unreachable(ports: Callable[[int], list[int]], requests: Requests) -> AzureTable:
    return AzureTable(storage_account(StorageAddress(*ports(3)).connection_string), "Orders", requests)


@pytest.mark.parametrize("transaction", [SINGLE, BATCH], ids=["single", "batch"])
async def test_without_a_connection_nothing_was_written(
    unreachable: AzureTable, transaction: Transaction
) -> None:
    with pytest.raises(TableUnavailableError) as raised:
        await unreachable.transact(transaction)
    assert raised.type is TableUnavailableError


async def test_without_a_connection_nothing_is_read(unreachable: AzureTable) -> None:
    with pytest.raises(TableUnavailableError):
        await unreachable.find("p", "row")
    with pytest.raises(TableUnavailableError):
        await unreachable.page("p")


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("transaction", [SINGLE, BATCH], ids=["single", "batch"])
async def test_when_the_answer_is_lost_nobody_knows(
    table: AzureTable, wire: Wire, transaction: Transaction, lost: str
) -> None:
    wire.spoil(LOST[lost])
    with pytest.raises(OutcomeUnknownError):
        await table.transact(transaction)
    assert (await get_row(table, "p", "row")).number("A") == 1


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("kind", ["merge", "replace", "upsert", "delete"])
async def test_when_the_answer_to_a_change_is_lost_nobody_knows(
    table: AzureTable, wire: Wire, kind: str, lost: str
) -> None:
    etag = (await table.transact(SINGLE))["row"]
    changes = {
        "merge": Transaction("p").merge("row", {"A": 2}, etag=etag),
        "replace": Transaction("p").replace("row", {"A": 2}, etag=etag),
        "upsert": Transaction("p").upsert("row", {"A": 2}),
        "delete": Transaction("p").delete("row", etag=etag),
    }
    wire.spoil(LOST[lost])
    with pytest.raises(OutcomeUnknownError):
        await table.transact(changes[kind])
    assert wire.requests == 2
    row = await table.find("p", "row")
    assert (None if row is None else row.number("A")) == (None if kind == "delete" else 2)


@pytest.mark.parametrize("lost", LOST)
async def test_a_read_whose_answer_is_lost_can_be_repeated(table: AzureTable, wire: Wire, lost: str) -> None:
    await table.transact(SINGLE)
    wire.spoil(LOST[lost], times=9)  # a read is sent again when its kept connection breaks
    with pytest.raises(TableUnavailableError):
        await table.find("p", "row")
    with pytest.raises(TableUnavailableError):
        await table.page("p")
    wire.heal()
    assert [row.key for row in (await table.page("p")).rows] == ["row"]


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("transaction", [SINGLE, BATCH], ids=["single", "batch"])
async def test_a_claim_is_known_to_be_ours_when_its_answers_are_lost(
    table: AzureTable, wire: Wire, transaction: Transaction, lost: str
) -> None:
    wire.spoil(LOST[lost], times=2)
    retried = RetriedTable(table, RetryPolicy(chance=lambda: 0.0), lambda: "ours")
    etags = await retried.transact(transaction)
    assert etags == {each.key: (await get_row(table, "p", each.key)).etag for each in transaction}
