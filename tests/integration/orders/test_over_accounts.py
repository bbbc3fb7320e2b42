"""Two properties of a region whose orders and stock lie in two storage accounts."""

import asyncio
import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import pytest
from tests.faults import Faults, FaultyTable
from tests.ordering import OrderingRegion
from tests.tables import create_table, open_requests

from localcloud.azurite import StorageAddress
from muneris.cloud.agenda import Agenda
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.tables import Table, Transaction
from muneris.cloud.tables.memory import MemoryTable
from muneris.cloud.tables.retried import RetriedTable
from muneris.cloud.tables.spread import SpreadTable
from muneris.directory import DirectoryOutbox
from muneris.directory.accounts import choose_account
from muneris.inventory.model import StockItem
from muneris.orders.model import Status

ACCOUNTS = ("main", "further")
ORDERS = 4


def code_in(account: str) -> str:
    """A code that is chosen to lie in an account."""
    codes = (f"NOR-ACC{number:02}" for number in itertools.count())
    return next(code for code in codes if choose_account(code, ACCOUNTS) == account)


CODES = {account: code_in(account) for account in ACCOUNTS}


@dataclass
class TwoAccounts:
    """A region over two accounts: what is below its retries, by account, and what can go wrong there."""

    region: OrderingRegion
    orders: Mapping[str, FaultyTable]
    stock: Mapping[str, FaultyTable]

    async def open(self) -> None:
        """One property in each account, created as the config app does, with stock."""
        config = MemoryTable()
        agenda = Agenda(MemoryTable(), "directory", self.region.clock)
        outbox = DirectoryOutbox(config, agenda, {"api1": self.region.directory}, ACCOUNTS)
        for code in CODES.values():
            await config.transact(outbox.owe_property(Transaction(code).insert("property", {}), "api1", 1))
            await outbox.push(code)
            await self.region.add_property(code)
            for sku in ("bun", "beef"):
                item = StockItem(sku=sku, name=sku, on_hand=Decimal(100))
                await self.region.inventory.put_item(code, item)

    async def where(self, prefix: str, code: str) -> set[str]:
        """The accounts that have such a row of a property's."""
        return {
            account
            for tables in (self.orders, self.stock)
            for account, table in tables.items()
            if any(key.startswith(prefix) for key in await table.keys(code))
        }

    async def sweep_until_quiet(self) -> None:
        """Sweep until nothing is owed."""
        for _ in range(100):
            if not [work for code in CODES.values() for work in await self.region.works(code)]:
                return
            await self.region.sweep()
        raise AssertionError("still owed")

    def down(self, account: str) -> None:
        """Nothing of an account answers."""
        for tables in (self.orders, self.stock):
            tables[account].faults.down()

    def up(self, account: str) -> None:
        for tables in (self.orders, self.stock):
            tables[account].faults.calm()

    async def status(self, code: str, key: str) -> Status | None:
        """Where an order stands; None: there is none."""
        stored = await self.region.store.find(code, UUID(key))
        return None if stored is None else stored.order.status


@pytest.fixture
async def accounts(
    azurite: StorageAddress, further_account: StorageAddress, unique: Callable[[str], str]
) -> AsyncIterator[TwoAccounts]:
    addresses = dict(zip(ACCOUNTS, (azurite, further_account), strict=True))
    async with open_requests() as requests:
        orders, stock = [
            {
                account: FaultyTable(await create_table(address, name, requests), Faults())
                for account, address in addresses.items()
            }
            for name in (unique("Orders"), unique("Inventory"))
        ]

        async def account_of(code: str) -> str:
            return await region.homes.account_of(code)

        region = OrderingRegion(
            SpreadTable(retried(orders), account_of), None, SpreadTable(retried(stock), account_of)
        )
        both = TwoAccounts(region, orders, stock)
        await both.open()
        yield both


def retried(tables: Mapping[str, Table]) -> dict[str, Table]:
    policy = RetryPolicy(chance=lambda: 0.01)
    return {name: RetriedTable(table, policy, lambda: secrets.token_hex(6)) for name, table in tables.items()}


async def test_orders_live_in_the_account_of_their_property_and_nowhere_else(accounts: TwoAccounts) -> None:
    region = accounts.region
    wishes = [(code, region.key()) for code in CODES.values() for _ in range(ORDERS)]
    answers = await asyncio.gather(*(region.place(key, at=code) for code, key in wishes))
    assert [answer.status for answer in answers] == [202] * len(wishes)
    region.restart()  # what was remembered of the directory is gone
    await region.pump()
    await accounts.sweep_until_quiet()
    assert [await accounts.status(code, key) for code, key in wishes] == [Status.CONFIRMED] * len(wishes)
    assert [len(region.pos.checks_of(key)) for _, key in wishes] == [1] * len(wishes)
    for account, code in CODES.items():
        for prefix in ("order|", "hold|", "item|", ""):
            assert await accounts.where(prefix, code) == {account}


async def test_an_account_that_is_down_is_its_own_properties_trouble(accounts: TwoAccounts) -> None:
    region, there, elsewhere = accounts.region, CODES["further"], CODES["main"]
    before, refused, other = region.key(), region.key(), region.key()
    assert (await region.place(before, at=there)).status == 202
    await region.scheduler.quiet()
    accounts.down("further")
    assert (await region.place(refused, at=there)).code == "service_unavailable"
    assert (await region.place(other, at=elsewhere)).status == 202
    await region.pump()
    assert await accounts.status(elsewhere, other) is Status.CONFIRMED
    accounts.up("further")
    await accounts.sweep_until_quiet()
    assert await accounts.status(there, before) is Status.CONFIRMED
    assert await accounts.status(there, refused) is None
    assert await accounts.where("", there) == {"further"}
