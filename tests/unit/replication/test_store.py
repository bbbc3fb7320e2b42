"""An attempt is over when its own process says so, and nobody else's is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.token_links import ACCOUNT, OBTAINED

from muneris.cloud.tables.memory import MemoryTable
from muneris.replication.accounts import Attempt
from muneris.replication.links import Writer
from muneris.replication.store import AccountStore

WRITER = Writer(1, "api1")
FIRST = Attempt(WRITER, 2, "link-1", OBTAINED, until=OBTAINED + timedelta(minutes=12))
SECOND = replace(FIRST, version=3)
SOON = OBTAINED + timedelta(seconds=5)


@pytest.fixture
async def store() -> AccountStore:
    store = AccountStore(MemoryTable())
    assert await store.begin(await store.read(ACCOUNT.id), FIRST)
    return store


async def known(store: AccountStore) -> Attempt:
    return (await store.read(ACCOUNT.id)).attempts["api1"]


async def test_an_attempt_that_has_ended_holds_up_nobody_from_then_on(store: AccountStore) -> None:
    for _ in range(2):
        await store.end(ACCOUNT.id, FIRST, SOON)
        assert await known(store) == replace(FIRST, until=SOON)


async def test_who_ends_an_attempt_late_does_not_end_the_next_one(store: AccountStore) -> None:
    assert await store.begin(await store.read(ACCOUNT.id), SECOND)
    await store.end(ACCOUNT.id, FIRST, SOON)
    assert await known(store) == SECOND


async def test_an_attempt_that_nobody_began_is_not_made_up(store: AccountStore) -> None:
    await store.end("another", FIRST, SOON)
    assert (await store.read("another")).attempts == {}
