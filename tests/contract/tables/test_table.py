"""What every table must do, whatever is behind it."""

import asyncio
import itertools

import pytest

from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import (
    ANY,
    Row,
    RowChangedError,
    RowExistsError,
    RowMissingError,
    Table,
    Transaction,
    Value,
    get_row,
    rows_with_prefix,
)
from muneris.cloud.tables.grouped import GroupedTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.cloud.tables.transaction import MARK

_marks = itertools.count(1)
EVERY_TYPE: dict[str, Value] = {
    "Text": "søde'\"\n\t\u0085\u2028\u2029🍣",
    "Empty": "",
    "Small": 7,
    "Large": 2**62,
    "Negative": -5,
    "Yes": True,
    "No": False,
    "Bytes": bytes(range(256)),
    "Moment": "2026-11-21T10:00:00.000000Z",
}


@pytest.fixture(params=["as it is", "grouped"])
def table(request: pytest.FixtureRequest, implementation: Table) -> Table:
    """Each implementation, and group commit over it."""
    if request.param == "as it is":
        return implementation
    return GroupedTable(RetriedTable(implementation, RetryPolicy(), lambda: f"mark{next(_marks)}"))


def own_values(row: Row) -> dict[str, Value]:
    """What was written, without what group commit adds."""
    return {name: value for name, value in row.values.items() if name != MARK}


async def test_an_absent_row_is_none(table: Table) -> None:
    assert await table.find("p", "absent") is None
    with pytest.raises(RowMissingError) as missing:
        await get_row(table, "p", "absent")
    assert missing.value.key == "absent"


async def test_keeps_every_type_of_value(table: Table) -> None:
    etags = await table.transact(Transaction("p").insert("a|b~c", EVERY_TYPE))
    row = await get_row(table, "p", "a|b~c")
    assert (row.partition, row.key, own_values(row)) == ("p", "a|b~c", EVERY_TYPE)
    assert {name: type(value) for name, value in own_values(row).items()} == {
        name: type(value) for name, value in EVERY_TYPE.items()
    }
    assert etags == {"a|b~c": row.etag}


@pytest.mark.parametrize("others", [0, 2])
async def test_an_insert_claims_its_key(table: Table, others: int) -> None:
    await table.transact(Transaction("p").insert("claimed", {"By": "first"}))
    again = Transaction("p")
    for number in range(others):
        again.insert(f"other{number}", {})
    again.insert("claimed", {"By": "second"})
    with pytest.raises(RowExistsError) as exists:
        await table.transact(again)
    assert exists.value.key == "claimed"
    assert (await get_row(table, "p", "claimed")).text("By") == "first"
    assert await table.find("p", "other0") is None


async def test_of_many_concurrent_claims_one_wins(table: Table) -> None:
    async def claim(number: int) -> bool:
        transaction = Transaction("p").insert("claimed", {"By": number}).insert(f"work{number}", {})
        try:
            await table.transact(transaction)
        except RowExistsError:
            return False
        return True

    won = await asyncio.gather(*(claim(number) for number in range(16)))
    assert sum(won) == 1
    assert (await get_row(table, "p", "claimed")).number("By") == won.index(True)
    assert [row.key async for row in rows_with_prefix(table, "p", "work")] == [f"work{won.index(True)}"]


async def test_merge_keeps_other_values_and_replace_does_not(table: Table) -> None:
    etag = (await table.transact(Transaction("p").insert("row", {"A": 1, "B": 1})))["row"]
    etag = (await table.transact(Transaction("p").merge("row", {"B": 2}, etag=etag)))["row"]
    assert own_values(await get_row(table, "p", "row")) == {"A": 1, "B": 2}
    await table.transact(Transaction("p").replace("row", {"C": 3}, etag=etag))
    assert own_values(await get_row(table, "p", "row")) == {"C": 3}


async def test_upsert_needs_nothing_and_merges(table: Table) -> None:
    await table.transact(Transaction("p").upsert("row", {"A": 1}))
    await table.transact(Transaction("p").upsert("row", {"B": 2}))
    assert own_values(await get_row(table, "p", "row")) == {"A": 1, "B": 2}


@pytest.mark.parametrize("kind", ["merge", "replace", "delete"])
@pytest.mark.parametrize("others", [0, 1])
async def test_a_change_of_an_old_version_changes_nothing(table: Table, kind: str, others: int) -> None:
    old = (await table.transact(Transaction("p").insert("row", {"A": 1})))["row"]
    await table.transact(Transaction("p").merge("row", {"A": 2}, etag=old))
    late = Transaction("p")
    if others:
        late.insert("other", {})
    _change(late, kind, old)
    with pytest.raises(RowChangedError) as changed:
        await table.transact(late)
    assert changed.value.key == "row"
    assert (await get_row(table, "p", "row")).number("A") == 2
    assert await table.find("p", "other") is None


@pytest.mark.parametrize("kind", ["merge", "replace", "delete"])
@pytest.mark.parametrize("others", [0, 1])
@pytest.mark.parametrize("etag", [ANY, "W/\"datetime'2026-11-21T10%3A00%3A00.0000000Z'\""])
async def test_a_change_of_an_absent_row_fails(table: Table, kind: str, others: int, etag: str) -> None:
    late = Transaction("p")
    if others:
        late.insert("other", {})
    _change(late, kind, etag)
    with pytest.raises(RowMissingError):
        await table.transact(late)
    assert await table.find("p", "other") is None
    assert await table.find("p", "row") is None


def _change(transaction: Transaction, kind: str, etag: str) -> None:
    if kind == "delete":
        transaction.delete("row", etag=etag)
    elif kind == "merge":
        transaction.merge("row", {"A": 3}, etag=etag)
    else:
        transaction.replace("row", {"A": 3}, etag=etag)


async def test_any_version_can_be_asked_for(table: Table) -> None:
    await table.transact(Transaction("p").insert("row", {"A": 1}).insert("gone", {}))
    await table.transact(Transaction("p").merge("row", {"A": 2}, etag=ANY).delete("gone", etag=ANY))
    assert (await get_row(table, "p", "row")).number("A") == 2
    assert await table.find("p", "gone") is None


async def test_pages_come_in_key_order_and_only_from_the_range(table: Table) -> None:
    rows = Transaction("p")
    for number in range(25):
        rows.insert(f"order|{number:03}", {"N": number})
    await table.transact(rows.insert("zebra", {}).insert("open|1", {}))
    await table.transact(Transaction("q").insert("order|001", {}))
    keys: list[str] = []
    sizes: list[int] = []
    continuation: str | None = None
    while True:
        page = await table.page("p", start="order|", end="order|~", limit=10, continuation=continuation)
        keys += [row.key for row in page.rows]
        sizes.append(len(page.rows))
        continuation = page.continuation
        if continuation is None:
            break
    assert keys == [f"order|{number:03}" for number in range(25)]
    assert sizes == [10, 10, 5]


async def test_a_prefix_reads_all_its_rows(table: Table) -> None:
    for first in range(0, 1100, 100):
        rows = Transaction("p")
        for number in range(first, first + 100):
            rows.insert(f"work|{number:05}", {})
        await table.transact(rows)
    await table.transact(Transaction("p").insert("worm", {}))
    assert [row.key async for row in rows_with_prefix(table, "p", "work|")] == [
        f"work|{number:05}" for number in range(1100)
    ]
    assert [row.key async for row in rows_with_prefix(table, "p", "nothing|")] == []


async def test_a_full_transaction_is_carried_out(table: Table) -> None:
    rows = Transaction("p")
    for number in range(100):
        rows.insert(f"{number}", {"Body": b"x" * 5_000})
    etags = await table.transact(rows)
    assert len(etags) == 100
    assert (await get_row(table, "p", "99")).binary("Body") == b"x" * 5_000
