"""Retries over any table: whoever's write happened knows it, whatever became of the answers."""

import asyncio
import itertools
from collections.abc import Callable, Mapping

import pytest
from tests.faults import Faults, FaultyTable, Kind, in_turn

from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import (
    ANY,
    OutcomeUnknownError,
    RowChangedError,
    RowConflictError,
    RowExistsError,
    RowMissingError,
    Table,
    TableUnavailableError,
    Transaction,
    get_row,
    rows_with_prefix,
)
from muneris.cloud.tables.retried import RetriedTable
from muneris.cloud.tables.transaction import MARK
from muneris.cloud.wire.refusal import RequestRefusedError

_marks = itertools.count(1)
LOST: list[tuple[Kind, ...]] = [
    (),
    ("after",),
    ("before",),
    ("after", "after"),
    ("before", "after"),
    ("after", "before"),
]
"""What becomes of the first writes: the answer is lost after it, or the request before it."""


def retried(table: Table, *faults: Kind, reads_fail: int = 0, attempt_seconds: float = 30) -> RetriedTable:
    """A caller of its own: the faults of its writes, its marks."""
    policy = RetryPolicy(attempt_seconds=attempt_seconds, deadline_seconds=60, chance=lambda: 0.0)
    faulty = FaultyTable(table, in_turn(faults), reads=in_turn(["before"] * reads_fail))
    return RetriedTable(faulty, policy, lambda: f"mark{next(_marks)}")


async def etag_of(table: Table, key: str) -> str:
    return (await get_row(table, "p", key)).etag


@pytest.fixture
async def stored(table: Table) -> str:
    """The version of a row `row` with A = 1 and B = 1."""
    return (await table.transact(Transaction("p").insert("row", {"A": 1, "B": 1})))["row"]


@pytest.mark.parametrize("faults", LOST, ids=str)
async def test_an_insert_is_known_to_have_happened(table: Table, faults: tuple[Kind, ...]) -> None:
    etags = await retried(table, *faults).transact(Transaction("p").insert("row", {"A": 1}))
    assert etags == {"row": await etag_of(table, "row")}
    assert (await get_row(table, "p", "row")).number("A") == 1


@pytest.mark.parametrize("faults", LOST, ids=str)
async def test_a_merge_is_known_to_have_happened(table: Table, stored: str, faults: tuple[Kind, ...]) -> None:
    etags = await retried(table, *faults).transact(Transaction("p").merge("row", {"A": 2}, etag=stored))
    row = await get_row(table, "p", "row")
    assert (row.number("A"), row.number("B"), etags) == (2, 1, {"row": row.etag})


@pytest.mark.parametrize("faults", LOST, ids=str)
async def test_a_replacement_is_known_to_have_happened(
    table: Table, stored: str, faults: tuple[Kind, ...]
) -> None:
    etags = await retried(table, *faults).transact(Transaction("p").replace("row", {"A": 2}, etag=stored))
    row = await get_row(table, "p", "row")
    assert (row.number("A"), row.number("B"), etags) == (2, 0, {"row": row.etag})


@pytest.mark.parametrize("faults", LOST, ids=str)
async def test_a_delete_is_known_to_have_happened(
    table: Table, stored: str, faults: tuple[Kind, ...]
) -> None:
    assert await retried(table, *faults).transact(Transaction("p").delete("row", etag=stored)) == {}
    assert await table.find("p", "row") is None


@pytest.mark.parametrize("faults", LOST, ids=str)
async def test_an_upsert_happens(table: Table, stored: str, faults: tuple[Kind, ...]) -> None:
    assert stored
    etags = await retried(table, *faults).transact(Transaction("p").upsert("row", {"A": 2}))
    row = await get_row(table, "p", "row")
    assert (row.number("A"), row.number("B"), etags) == (2, 1, {"row": row.etag})


@pytest.mark.parametrize("faults", LOST, ids=str)
async def test_everything_at_once_happens_once(table: Table, stored: str, faults: tuple[Kind, ...]) -> None:
    others = await table.transact(Transaction("p").insert("gone", {}).insert("whole", {"A": 1, "B": 1}))
    transaction = (
        Transaction("p")
        .delete("gone", etag=others["gone"])
        .merge("row", {"A": 2}, etag=stored)
        .replace("whole", {"A": 2}, etag=others["whole"])
        .insert("new", {"A": 2})
        .upsert("counted", {"A": 2})
    )
    etags = await retried(table, *faults).transact(transaction)
    rows = {row.key: row async for row in rows_with_prefix(table, "p", "")}
    assert {key: (row.number("A"), row.number("B")) for key, row in rows.items()} == {
        "row": (2, 1),
        "whole": (2, 0),
        "new": (2, 0),
        "counted": (2, 0),
    }
    assert etags == {key: row.etag for key, row in rows.items()}


@pytest.mark.parametrize("fault", ["silent after", "silent before"])
async def test_a_write_whose_attempt_timed_out_is_known_to_have_happened(table: Table, fault: Kind) -> None:
    etags = await table.transact(
        Transaction("p").insert("merged", {}).insert("replaced", {}).insert("gone", {})
    )
    transactions = [
        Transaction("p").insert("new", {}),
        Transaction("p").merge("merged", {"A": 2}, etag=etags["merged"]),
        Transaction("p").replace("replaced", {"A": 2}, etag=etags["replaced"]),
        Transaction("p").delete("gone", etag=etags["gone"]),
    ]
    # The second attempts need some time of their own to be answered.
    written = await asyncio.gather(
        *(retried(table, fault, attempt_seconds=1).transact(each) for each in transactions)
    )
    assert written == [{key: await etag_of(table, key)} for key in ("new", "merged", "replaced")] + [{}]
    assert await table.find("p", "gone") is None


async def test_reading_back_is_tried_again_too(table: Table) -> None:
    claim = Transaction("p").insert("row", {})
    etags = await retried(table, "after", reads_fail=1).transact(claim)
    assert etags == {"row": await etag_of(table, "row")}


async def test_reading_back_goes_on_with_the_rows_that_are_left_to_read(table: Table) -> None:
    """Else a read in so many that fails would spoil every try to read that many rows."""
    faulty = FaultyTable(table, in_turn(["after"]), reads=Faults(lambda n: "before" if n % 4 == 3 else None))
    claim = Transaction("p").insert("a", {}).insert("b", {}).insert("c", {}).insert("d", {})
    etags = await RetriedTable(faulty, RetryPolicy(chance=lambda: 0.0), lambda: "ours").transact(claim)
    assert etags == {key: await etag_of(table, key) for key in "abcd"}


@pytest.mark.parametrize("faults", LOST, ids=str)
async def test_of_many_claimants_one_wins_and_knows_it(table: Table, faults: tuple[Kind, ...]) -> None:
    async def claim(number: int) -> bool:
        transaction = Transaction("p").insert("claimed", {"By": number}).insert(f"work{number}", {})
        try:
            await retried(table, *faults).transact(transaction)
        except RowExistsError:
            return False
        return True

    won = await asyncio.gather(*(claim(number) for number in range(12)))
    assert won.count(True) == 1
    assert (await get_row(table, "p", "claimed")).number("By") == won.index(True)
    assert [row.key async for row in rows_with_prefix(table, "p", "work")] == [f"work{won.index(True)}"]


@pytest.mark.parametrize("faults", LOST, ids=str)
async def test_of_many_changes_of_one_version_one_wins_and_knows_it(
    table: Table, stored: str, faults: tuple[Kind, ...]
) -> None:
    async def change(number: int) -> bool:
        try:
            await retried(table, *faults).transact(Transaction("p").merge("row", {"By": number}, etag=stored))
        except RowChangedError:
            return False
        return True

    won = await asyncio.gather(*(change(number) for number in range(12)))
    assert won.count(True) == 1
    assert (await get_row(table, "p", "row")).number("By") == won.index(True)


type Change = Callable[[str], Transaction]
INSERT: Change = lambda _: Transaction("p").insert("row", {"A": 2})  # noqa: E731 - a row of the table below
MERGE: Change = lambda etag: Transaction("p").merge("row", {"A": 2}, etag=etag)  # noqa: E731 - as above
REPLACE: Change = lambda etag: Transaction("p").replace("row", {"A": 2}, etag=etag)  # noqa: E731 - as above
DELETE: Change = lambda etag: Transaction("p").delete("row", etag=etag)  # noqa: E731 - as above
MIXED: Change = lambda etag: Transaction("p").insert("new", {}).delete("row", etag=etag)  # noqa: E731 - as above


@pytest.mark.parametrize("faults", [(), ("before",)], ids=str)
@pytest.mark.parametrize(
    ("change", "conflict"),
    [
        (INSERT, RowExistsError),
        (MERGE, RowChangedError),
        (REPLACE, RowChangedError),
        (DELETE, RowChangedError),
        (MIXED, RowChangedError),
    ],
)
async def test_somebody_elses_change_is_a_conflict(
    table: Table,
    stored: str,
    change: Change,
    conflict: type[RowConflictError],
    faults: tuple[Kind, ...],
) -> None:
    await retried(table).transact(Transaction("p").merge("row", {"A": 9}, etag=stored))
    with pytest.raises(conflict):
        await retried(table, *faults).transact(change(stored))
    assert (await get_row(table, "p", "row")).number("A") == 9
    assert await table.find("p", "new") is None


class OvertakenTable(FaultyTable):
    """Refuses the first write with an unknown outcome, and lets somebody else write in the meantime."""

    def __init__(self, table: Table, theirs: Transaction) -> None:
        super().__init__(table)
        self._theirs = [theirs]

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        if self._theirs:
            await retried(self.table).transact(self._theirs.pop())
            raise OutcomeUnknownError("it did not happen")
        return await super().transact(transaction)


def overtaken(table: Table, theirs: Transaction) -> RetriedTable:
    return RetriedTable(OvertakenTable(table, theirs), RetryPolicy(chance=lambda: 0.0), lambda: "ours")


@pytest.mark.parametrize("change", [MERGE, REPLACE, DELETE, MIXED])
async def test_a_conflict_after_an_unknown_outcome_can_be_somebody_elses(
    table: Table, stored: str, change: Change
) -> None:
    theirs = Transaction("p").merge("row", {"A": 9}, etag=stored)
    with pytest.raises(RowChangedError):
        await overtaken(table, theirs).transact(change(stored))
    assert (await get_row(table, "p", "row")).number("A") == 9
    assert await table.find("p", "new") is None


async def test_a_claim_of_unknown_outcome_can_be_lost(table: Table) -> None:
    theirs = Transaction("p").insert("row", {"A": 9})
    with pytest.raises(RowExistsError):
        await overtaken(table, theirs).transact(INSERT(""))
    assert (await get_row(table, "p", "row")).number("A") == 9


async def test_a_mixed_transaction_knows_that_somebody_else_deleted_its_row(
    table: Table, stored: str
) -> None:
    with pytest.raises(RowMissingError):
        await overtaken(table, DELETE(stored)).transact(MIXED(stored))
    assert await table.find("p", "new") is None


async def test_deletes_alone_of_which_somebody_else_did_one_are_not_taken_for_done(
    table: Table, stored: str
) -> None:
    await table.transact(Transaction("p").insert("kept", {}))
    both = Transaction("p").delete("row", etag=stored).delete("kept", etag=ANY)
    with pytest.raises(RowMissingError):
        await overtaken(table, DELETE(stored)).transact(both)
    assert await table.find("p", "kept") is not None


async def test_a_delete_alone_whose_row_is_gone_after_an_unknown_outcome_counts_as_done(
    table: Table, stored: str
) -> None:
    assert await overtaken(table, DELETE(stored)).transact(DELETE(stored)) == {}


@pytest.mark.parametrize("faults", [(), ("before",)], ids=str)
async def test_a_delete_of_an_absent_row_is_a_conflict(table: Table, faults: tuple[Kind, ...]) -> None:
    with pytest.raises(RowMissingError):
        await retried(table, *faults).transact(Transaction("p").delete("absent", etag=ANY))


async def test_a_change_that_was_changed_again_keeps_both(table: Table, stored: str) -> None:
    """Part of a transaction still bears its mark: it happened, and only what still does has an ETag."""
    ours = Transaction("p").merge("row", {"A": 2}, etag=stored).insert("new", {})

    class ChangedAgain(FaultyTable):
        async def transact(self, transaction: Transaction) -> Mapping[str, str]:
            etags = await super().transact(transaction)
            if self.faults.calls == 1:
                await retried(self.table).transact(Transaction("p").merge("row", {"B": 3}, etag=etags["row"]))
                raise OutcomeUnknownError("answer lost")
            return etags

    again = RetriedTable(ChangedAgain(table), RetryPolicy(chance=lambda: 0.0), lambda: "ours")
    assert await again.transact(ours) == {"new": await etag_of(table, "new")}
    row = await get_row(table, "p", "row")
    assert (row.number("A"), row.number("B")) == (2, 3)


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (["before"] * 5, TableUnavailableError),
        (["after"] * 5, OutcomeUnknownError),
        (["after", *["before"] * 4], OutcomeUnknownError),
        (["before"] * 4 + ["after"], OutcomeUnknownError),
    ],
    ids=["down", "unheard", "down after an unheard one", "unheard at last"],
)
async def test_an_outage_that_lasts_says_whether_it_may_have_happened(
    table: Table, faults: list[Kind], error: type[TableUnavailableError]
) -> None:
    faulty = FaultyTable(table, in_turn(faults), reads=Faults(lambda _: "before"))
    outage = RetriedTable(faulty, RetryPolicy(attempts=5, chance=lambda: 0.0), lambda: "ours")
    with pytest.raises(TableUnavailableError) as raised:
        await outage.transact(Transaction("p").insert("row", {}))
    assert raised.type is error
    assert (await table.find("p", "row") is None) == (error is TableUnavailableError)


async def test_every_written_row_carries_the_mark_of_its_transaction(table: Table) -> None:
    transaction = Transaction("p").insert("a", {"A": 1}).upsert("b", {})
    await RetriedTable(table, RetryPolicy(), lambda: "ours").transact(transaction)
    assert [row.text(MARK) for row in [await get_row(table, "p", key) for key in "ab"]] == ["ours", "ours"]
    assert [dict(each.values) for each in transaction] == [{"A": 1}, {}]


async def test_reads_are_tried_again(table: Table) -> None:
    await table.transact(Transaction("p").insert("row", {}))
    row = await retried(table, reads_fail=2).find("p", "row")
    assert row is not None
    assert [row.key async for row in rows_with_prefix(retried(table), "p", "")] == ["row"]


class ClosedTable(FaultyTable):
    """Its first write happens unheard; then it refuses us, as a service does whose key was changed."""

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        if self.faults.calls:
            raise RequestRefusedError("403 AuthenticationFailed")
        return await super().transact(transaction)


async def test_a_refusal_after_a_lost_answer_leaves_it_open(table: Table) -> None:
    policy = RetryPolicy(chance=lambda: 0.0)
    closed = RetriedTable(ClosedTable(table, in_turn(["after"])), policy, lambda: "mark")
    with pytest.raises(OutcomeUnknownError, match="403"):
        await closed.transact(Transaction("p").insert("row", {"A": 1}))
    assert (await get_row(table, "p", "row")).number("A") == 1


async def test_a_refusal_is_a_refusal(table: Table) -> None:
    policy = RetryPolicy(chance=lambda: 0.0)
    refusing = ClosedTable(table, Faults(calls=1))
    with pytest.raises(RequestRefusedError):
        await RetriedTable(refusing, policy, lambda: "mark").transact(Transaction("p").insert("row", {}))
    assert await table.find("p", "row") is None
