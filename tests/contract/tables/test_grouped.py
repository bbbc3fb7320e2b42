"""Group commit over any table: each member's answer is true of its own rows, whoever it shared with."""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence

import pytest
from tests.faults import Faults, FaultyTable, Kind, in_turn

from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import (
    ANY,
    OutcomeUnknownError,
    Row,
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
from muneris.cloud.tables.grouped import GroupedTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.cloud.tables.transaction import MARK

type Outcome = Mapping[str, str] | BaseException

_marks = itertools.count(1)


def grouped(table: Table) -> GroupedTable:
    retried = RetriedTable(table, RetryPolicy(chance=lambda: 0.0), lambda: f"mark{next(_marks)}")
    return GroupedTable(retried, patience_seconds=60)


def faulty(table: Table, *faults: Kind | None, reads: Sequence[Kind | None] = ()) -> FaultyTable:
    """The table; these faults meet its transactions, of which the first is the one that all wait for."""
    return FaultyTable(table, in_turn([None, *faults]), reads=in_turn(reads))


async def together(table: Table, *transactions: Transaction) -> list[Outcome]:
    """What becomes of transactions that share the next one, since one is under way."""
    group = grouped(table)
    under_way = group.transact(Transaction("p").insert("under way", {}))
    answers = await asyncio.gather(
        under_way, *(group.transact(each) for each in transactions), return_exceptions=True
    )
    return list(answers[1:])


def insert(*keys: str) -> Transaction:
    transaction = Transaction("p")
    for key in keys:
        transaction.insert(key, {"A": 1})
    return transaction


async def etags_of(table: Table, *keys: str) -> Mapping[str, str]:
    return {key: (await get_row(table, "p", key)).etag for key in keys}


async def numbers(table: Table) -> Mapping[str, int]:
    """Value A of every row, except of the one that all waited for."""
    rows = [row async for row in rows_with_prefix(table, "p", "")]
    return {row.key: row.number("A") for row in rows if row.key != "under way"}


@pytest.mark.parametrize(("rows", "transactions"), [(1, 2), (3, 3), (20, 14)])
async def test_64_at_once_share_as_few_transactions_as_their_rows_allow(
    table: Table, rows: int, transactions: int
) -> None:
    counted = FaultyTable(table)
    group = grouped(counted)
    claims = [insert(*(f"{number}-{row}" for row in range(rows))) for number in range(64)]
    answers = await asyncio.gather(*(group.transact(each) for each in claims))
    assert counted.faults.calls == transactions
    stored = {row.key: row.etag async for row in rows_with_prefix(table, "p", "")}
    assert len(stored) == 64 * rows
    assert answers == [{key: stored[key] for key in each.keys} for each in claims]


async def test_one_partition_does_not_wait_for_another(table: Table) -> None:
    may_end = asyncio.Event()

    class Slow(FaultyTable):
        async def transact(self, transaction: Transaction) -> Mapping[str, str]:
            if transaction.partition == "p":
                await may_end.wait()
            return await super().transact(transaction)

    group = grouped(Slow(table))
    slow = [asyncio.create_task(group.transact(insert(key))) for key in "ab"]
    await group.transact(Transaction("q").insert("c", {}))
    await group.transact(Transaction("q").insert("d", {}))
    assert not any(each.done() for each in slow)
    may_end.set()
    assert await asyncio.gather(*slow) == [await etags_of(table, key) for key in "ab"]


async def test_upserts_of_one_row_become_one(table: Table) -> None:
    counted = faulty(table)
    transactions = [
        Transaction("p").upsert("row", {"A": 1, "B": 1}),
        Transaction("p").upsert("row", {"A": 2, "C": 2}).insert("new", {}),
        Transaction("p").upsert("row", {"C": 3}),
    ]
    answers = await together(counted, *transactions)
    row = await get_row(table, "p", "row")
    assert (row.number("A"), row.number("B"), row.number("C")) == (2, 1, 3)
    assert counted.faults.calls == 2
    shared = await etags_of(table, "row")
    assert answers == [shared, {**shared, **await etags_of(table, "new")}, shared]


async def test_who_touches_the_same_row_goes_later_and_in_order(table: Table) -> None:
    etag = (await table.transact(Transaction("p").insert("row", {"A": 1})))["row"]
    counted = faulty(table)
    transactions = [
        Transaction("p").merge("row", {"A": 2}, etag=etag),
        Transaction("p").upsert("row", {"A": 3}),
        Transaction("p").upsert("row", {"B": 4}),
        Transaction("p").merge("row", {"A": 5}, etag=ANY),
    ]
    answers = await together(counted, *transactions)
    assert counted.faults.calls == 4
    assert answers[1] == answers[2]
    row = await get_row(table, "p", "row")
    assert (row.number("A"), row.number("B"), answers[3]) == (5, 4, {"row": row.etag})


async def test_a_claim_is_lost_to_who_claimed_before_in_the_same_moment(table: Table) -> None:
    won, lost = await together(table, insert("row", "mine"), insert("row", "yours"))
    assert won == await etags_of(table, "row", "mine")
    assert type(lost) is RowExistsError
    assert await numbers(table) == {"row": 1, "mine": 1}


def conflicting(etag: str) -> dict[str, tuple[Transaction, type[RowConflictError], str]]:
    """Transactions that cannot succeed, what they should raise, and the row it is about."""
    return {
        "insert": (insert("taken"), RowExistsError, "taken"),
        "merge": (Transaction("p").merge("row", {"A": 5}, etag=etag), RowChangedError, "row"),
        "replace": (Transaction("p").replace("row", {"A": 5}, etag=etag), RowChangedError, "row"),
        "delete": (Transaction("p").delete("row", etag=etag).insert("x", {}), RowChangedError, "row"),
        "absent": (Transaction("p").delete("absent", etag=ANY), RowMissingError, "absent"),
        "second row": (insert("new").merge("absent", {}, etag=ANY), RowMissingError, "absent"),
        "after an upsert": (Transaction("p").upsert("u", {}).insert("taken", {}), RowExistsError, "taken"),
    }


@pytest.fixture
async def old_etag(table: Table) -> str:
    """A version that `row` no longer is; `taken` is there as well."""
    etag = (await table.transact(Transaction("p").insert("row", {"A": 1}).insert("taken", {"A": 2})))["row"]
    await table.transact(Transaction("p").merge("row", {"A": 2}, etag=etag))
    return etag


@pytest.mark.parametrize("which", conflicting(""))
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_conflict_is_its_owners_alone(table: Table, old_etag: str, which: str, place: int) -> None:
    transaction, error, key = conflicting(old_etag)[which]
    innocent = [insert("a", "b"), Transaction("p").merge("taken", {"A": 9}, etag=ANY)]
    if which in {"insert", "after an upsert"}:
        innocent[1] = Transaction("p").merge("row", {"A": 9}, etag=ANY)
    counted = faulty(table)
    answers = await together(counted, *innocent[:place], transaction, *innocent[place:])
    refused = answers.pop(place)
    assert type(refused) is error
    assert refused.key == key
    assert answers == [await etags_of(table, *each.keys) for each in innocent]
    changed = dict.fromkeys(innocent[1].keys, 9)
    assert await numbers(table) == {"a": 1, "b": 1, "row": 2, "taken": 2} | changed
    assert counted.faults.calls == 3


async def test_all_that_cannot_succeed_are_found_with_one_read_each(table: Table, old_etag: str) -> None:
    counted = faulty(table)
    answers = await together(
        counted,
        insert("a"),
        insert("taken"),
        Transaction("p").upsert("u", {"A": 1}),
        Transaction("p").merge("row", {"A": 5}, etag=old_etag),
        *(Transaction("p").delete(f"absent{number}", etag=ANY) for number in range(5)),
        insert("b"),
    )
    raised = [(type(each), each.key) for each in answers if isinstance(each, RowConflictError)]
    assert raised == [
        (RowExistsError, "taken"),
        (RowChangedError, "row"),
        *((RowMissingError, f"absent{number}") for number in range(5)),
    ]
    assert [answers[0], answers[2], answers[-1]] == [await etags_of(table, key) for key in "aub"]
    assert counted.faults.calls == 3
    assert counted.reads.calls == 8  # all but the owner of the conflict, and who has no condition


class RivalTable(FaultyTable):
    """Somebody else writes after the first transaction of the group, before anything is read."""

    def __init__(self, table: Table, rival: Transaction) -> None:
        super().__init__(table)
        self._rival = rival

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        try:
            return await super().transact(transaction)
        finally:
            if self.faults.calls == 2:
                await self.table.transact(self._rival)


async def test_a_conflict_that_is_gone_by_now_is_still_its_owners(table: Table) -> None:
    await table.transact(insert("taken"))
    gone = RivalTable(table, Transaction("p").delete("taken", etag=ANY))
    refused, stored = await together(gone, insert("taken", "mine"), insert("a"))
    assert type(refused) is RowExistsError
    assert refused.key == "taken"
    assert stored == await etags_of(table, "a")
    assert await numbers(table) == {"a": 1}


async def test_who_cannot_be_read_is_tried_again(table: Table) -> None:
    await table.transact(insert("taken", "taken too"))
    unreadable = FaultyTable(table, reads=Faults(lambda _: "before"))
    answers = await together(unreadable, insert("taken"), insert("taken too"), insert("a"))
    assert [type(each) for each in answers[:2]] == [RowExistsError, RowExistsError]
    assert answers[2] == await etags_of(table, "a")


class SilentTable(FaultyTable):
    """Its conflicts do not say which row they are about."""

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        try:
            return await super().transact(transaction)
        except RowConflictError as conflict:
            raise type(conflict)(None) from conflict


async def test_a_conflict_that_names_no_row_is_found_by_reading_and_else_one_by_one(table: Table) -> None:
    await table.transact(insert("taken", "taken too"))
    nameless = SilentTable(table)
    answers = await together(nameless, insert("taken"), insert("a"), insert("new", "taken too"), insert("b"))
    assert [(type(answers[number]), answers[number]) for number in (0, 2)] == [
        (RowExistsError, answers[0]),
        (RowExistsError, answers[2]),
    ]
    assert [answers[1], answers[3]] == [await etags_of(table, key) for key in "ab"]
    assert await numbers(table) == {"taken": 1, "taken too": 1, "a": 1, "b": 1}


class FaultFindingTable(FaultyTable):
    """Trips over a row that it does not like."""

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        if "bad" in transaction.keys:
            self.faults.calls += 1
            raise LookupError("400 InvalidInput")
        return await super().transact(transaction)


async def test_a_bug_of_one_is_not_the_others(table: Table) -> None:
    await table.transact(insert("taken"))
    tripping = FaultFindingTable(table, reads=Faults())
    answers = await together(tripping, insert("a"), insert("bad", "c"), insert("taken"), insert("b"))
    assert [type(each) for each in answers[1:3]] == [LookupError, RowExistsError]
    assert [answers[0], answers[3]] == [await etags_of(table, key) for key in "ab"]
    assert await numbers(table) == {"a": 1, "b": 1, "taken": 1}
    assert tripping.faults.calls == 6


async def test_a_bug_after_the_fact_is_settled_one_by_one(table: Table) -> None:
    class Misread(FaultyTable):
        """Carries out a transaction and trips over the answer."""

        async def transact(self, transaction: Transaction) -> Mapping[str, str]:
            etags = await super().transact(transaction)
            if self.faults.calls == 2:
                raise LookupError("unreadable")
            return etags

    answers = await together(Misread(table), insert("a"), Transaction("p").upsert("u", {"A": 1}), insert("b"))
    assert answers == [await etags_of(table, key) for key in "aub"]
    assert await numbers(table) == {"a": 1, "u": 1, "b": 1}


LOST: list[tuple[Kind, ...]] = [
    ("after",),
    ("before",),
    ("after", "after"),
    ("before", "after"),
    ("after", "before"),
]


@pytest.mark.parametrize("faults", LOST, ids=str)
async def test_a_group_whose_answers_are_lost_happens_once_and_everybody_knows_it(
    table: Table, faults: tuple[Kind, ...]
) -> None:
    before = await table.transact(insert("gone", "gone too", "merged", "replaced"))
    transactions = [
        insert("a", "b"),
        Transaction("p").delete("gone", etag=before["gone"]),
        Transaction("p").merge("merged", {"A": 2}, etag=before["merged"]).delete("gone too", etag=ANY),
        Transaction("p").replace("replaced", {"A": 2}, etag=before["replaced"]),
        Transaction("p").upsert("u", {"A": 2}),
        Transaction("p").upsert("u", {"A": 3}),
    ]
    answers = await together(faulty(table, *faults), *transactions)
    shared = await etags_of(table, "u")
    assert answers == [
        await etags_of(table, "a", "b"),
        {},
        await etags_of(table, "merged"),
        await etags_of(table, "replaced"),
        shared,
        shared,
    ]
    assert await numbers(table) == {"a": 1, "b": 1, "merged": 2, "replaced": 2, "u": 3}


@pytest.mark.parametrize("faults", LOST, ids=str)
async def test_a_conflict_after_lost_answers_is_its_owners_alone(
    table: Table, faults: tuple[Kind, ...]
) -> None:
    """Nothing happened unheard, since the row was taken before."""
    await table.transact(insert("taken"))
    answers = await together(faulty(table, *faults), insert("a"), insert("taken", "c"), insert("b"))
    assert type(answers[1]) is RowExistsError
    assert [answers[0], answers[2]] == [await etags_of(table, key) for key in "ab"]
    assert await numbers(table) == {"a": 1, "b": 1, "taken": 1}


async def test_a_rival_who_comes_between_an_unheard_failure_and_its_repeat_wins_his_row_alone(
    table: Table,
) -> None:
    class Overtaken(FaultyTable):
        async def transact(self, transaction: Transaction) -> Mapping[str, str]:
            if self.faults.calls == 1:
                self.faults.calls += 1
                await self.table.transact(Transaction("p").insert("mine", {"A": 9}))
                raise OutcomeUnknownError("it did not happen")
            return await super().transact(transaction)

    answers = await together(Overtaken(table), insert("a"), insert("mine"), insert("b"))
    assert type(answers[1]) is RowExistsError
    assert [answers[0], answers[2]] == [await etags_of(table, key) for key in "ab"]
    assert await numbers(table) == {"a": 1, "b": 1, "mine": 9}


class LateTable(FaultyTable):
    """The group's first request seems lost, and arrives only when `arrives` says so of the next one."""

    def __init__(self, table: Table, arrives: Callable[[Faults], bool]) -> None:
        super().__init__(table)
        self._arrives = arrives
        self._late: list[Transaction] = []

    async def transact(self, transaction: Transaction) -> Mapping[str, str]:
        if self.faults.calls == 1:
            self.faults.calls += 1
            self._late.append(transaction)
            raise OutcomeUnknownError("still on its way")
        if self._late and self._arrives(self.faults):
            await self.table.transact(self._late.pop())
        return await super().transact(transaction)


async def test_a_request_that_arrives_before_its_repeat_is_known_to_be_ours(table: Table) -> None:
    late = LateTable(table, lambda _: True)
    transactions = [insert("a"), Transaction("p").upsert("u", {"A": 1}), insert("b")]
    assert await together(late, *transactions) == [await etags_of(table, key) for key in "aub"]
    assert await numbers(table) == {"a": 1, "u": 1, "b": 1}


async def test_a_request_that_arrives_once_its_conflict_is_gone_is_still_known_to_be_ours(
    table: Table,
) -> None:
    """Its repeat met a rival's row; who is left goes again, and meets what the first request did."""
    await table.transact(insert("taken"))

    class Clearing(LateTable):
        async def transact(self, transaction: Transaction) -> Mapping[str, str]:
            if self.faults.calls == 3:
                await self.table.transact(Transaction("p").delete("taken", etag=ANY))
            return await super().transact(transaction)

    late = Clearing(table, lambda faults: faults.calls == 3)
    answers = await together(late, insert("a"), insert("taken"), insert("b"))
    assert type(answers[1]) is RowExistsError
    assert [answers[0], answers[2]] == [await etags_of(table, key) for key in "ab"]
    assert await numbers(table) == {"a": 1, "b": 1, "taken": 1}  # taken: by a request given up long before


async def delete_unheard(table: Table, *rival: str) -> list[Outcome]:
    """Three deletes whose first try did not happen; meanwhile somebody else deletes some of the rows."""

    class Overtaken(FaultyTable):
        async def transact(self, transaction: Transaction) -> Mapping[str, str]:
            if self.faults.calls == 1:
                self.faults.calls += 1
                for key in rival:
                    await self.table.transact(Transaction("p").delete(key, etag=ANY))
                raise OutcomeUnknownError("it did not happen")
            return await super().transact(transaction)

    await table.transact(insert("a", "b", "c"))
    return await together(Overtaken(table), *(Transaction("p").delete(key, etag=ANY) for key in "abc"))


async def test_deletes_alone_of_which_somebody_else_did_some_are_not_all_taken_for_done(
    table: Table,
) -> None:
    assert await delete_unheard(table, "b") == [{}, {}, {}]
    assert await numbers(table) == {}


async def test_deletes_alone_whose_rows_are_all_gone_count_as_done(table: Table) -> None:
    assert await delete_unheard(table, "a", "b", "c") == [{}, {}, {}]


async def test_a_delete_counts_as_done_though_every_mark_of_its_company_is_written_over(
    table: Table,
) -> None:
    class WrittenOver(FaultyTable):
        async def transact(self, transaction: Transaction) -> Mapping[str, str]:
            etags = await super().transact(transaction)
            if self.faults.calls == 2:
                await self.table.transact(Transaction("p").upsert("u", {"A": 9, MARK: "theirs"}))
                raise OutcomeUnknownError("the answer was lost")
            return etags

    await table.transact(insert("gone"))
    transactions = [Transaction("p").upsert("u", {"B": 2}), Transaction("p").delete("gone", etag=ANY)]
    answers = await together(WrittenOver(table, reads=Faults()), *transactions)
    row = await get_row(table, "p", "u")
    assert answers == [{"u": row.etag}, {}]
    assert (row.number("A"), row.number("B")) == (9, 2)
    assert await table.find("p", "gone") is None


@pytest.mark.parametrize(
    ("faults", "error"),
    [(["before"] * 5, TableUnavailableError), (["after", *["before"] * 4], OutcomeUnknownError)],
    ids=["down", "unknown"],
)
async def test_an_outage_that_lasts_is_everybodys(
    table: Table, faults: list[Kind], error: type[TableUnavailableError]
) -> None:
    before = await table.transact(insert("merged"))
    outage = faulty(table, *faults)
    change = Transaction("p").merge("merged", {"A": 2}, etag=before["merged"])
    answers = await together(outage, insert("a"), change, insert("b"))
    assert [type(each) for each in answers] == [error] * 3
    happened = {"merged": 2, "a": 1, "b": 1} if error is OutcomeUnknownError else {"merged": 1}
    assert await numbers(table) == happened


async def test_a_caller_that_leaves_spoils_nothing(table: Table) -> None:
    group = grouped(FaultyTable(table))
    calls = [asyncio.create_task(group.transact(insert(key))) for key in ("first", "a", "b", "c")]
    await asyncio.sleep(0)
    calls[0].cancel()
    calls[2].cancel()
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [answers[1], answers[3]] == [await etags_of(table, "a"), await etags_of(table, "c")]
    assert await numbers(table) == {"first": 1, "a": 1, "c": 1}


async def test_what_waits_is_carried_out_as_it_was_given(table: Table) -> None:
    group = grouped(FaultyTable(table))
    given = insert("a")
    calls = [asyncio.create_task(group.transact(each)) for each in (insert("first"), given)]
    await asyncio.sleep(0)
    given.insert("b", {})
    await asyncio.gather(*calls)
    assert await numbers(table) == {"first": 1, "a": 1}


async def test_reads_go_past_the_groups(table: Table) -> None:
    may_end = asyncio.Event()

    class Slow(FaultyTable):
        async def transact(self, transaction: Transaction) -> Mapping[str, str]:
            await may_end.wait()
            return await super().transact(transaction)

    await table.transact(insert("row"))
    group = grouped(Slow(table))
    writing = asyncio.create_task(group.transact(insert("new")))
    await asyncio.sleep(0)
    row: Row | None = await group.find("p", "row")
    assert row is not None
    assert [each.key for each in (await group.page("p", limit=1)).rows] == ["row"]
    assert not writing.done()
    may_end.set()
    await writing
