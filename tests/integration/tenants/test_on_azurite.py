"""What conditional writes promise, on real tables."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from tests.tables import create_table, open_requests
from tests.tenants import AT, COMPANY, PROPERTY, TenantRegion, bearer
from tests.token_links import ACCOUNT

from localcloud.azurite import StorageAddress
from muneris.cloud.tables import Table
from muneris.cloud.tables.azure import AzureTable
from muneris.directory import record_home
from muneris.simphony.model import Tokens

NewTable = Callable[[], Table]


@pytest.fixture
async def new_tables(
    azurite: StorageAddress, unique: Callable[[str], str]
) -> AsyncIterator[list[AzureTable]]:
    async with open_requests() as requests:
        yield [await create_table(azurite, unique("Table"), requests) for _ in range(8)]


@pytest.fixture
async def region(new_tables: list[AzureTable]) -> TenantRegion:
    return TenantRegion(new_tables.pop)


async def test_from_sign_up_to_a_guests_menu(region: TenantRegion) -> None:
    await region.add_property()
    await region.connect()
    assert (await region.send("POST", f"{AT}/menu/refresh")).status == 202
    assert (await region.send("GET", AT)).json()["status"] == "configured"
    tokens = await region.start_guest()
    refreshed = await region.send(
        "POST", "/v1/auth/sessions/refresh", {"refresh_token": tokens["refresh_token"]}, anonymous=True
    )
    assert refreshed.status == 200
    menu = await region.send(
        "GET", f"{AT}/menu", headers=bearer(refreshed.json()["access_token"]), anonymous=True
    )
    assert menu.json()["items"][0]["menu_item_id"] == 7
    assert await region.config.keys("NOR-CPH01") == ["menu", "property", "simphony"]
    status = (await region.send("GET", f"{AT}/menu/status")).json()
    assert (status["version"], status.get("problem")) == (menu.json()["version"], None)


async def test_of_many_registrations_of_a_code_one_wins(region: TenantRegion) -> None:
    answers = await asyncio.gather(
        *(
            region.send("POST", "/v1/auth/companies", COMPANY | {"name": f"Name {number}"})
            for number in range(8)
        )
    )
    assert sorted(each.status for each in answers) == [202] + [409] * 7
    winner = next(each.json()["name"] for each in answers if each.status == 202)
    await region.send("POST", "/v1/auth/companies/NOR/activate")
    again = await region.send("POST", "/v1/auth/companies", COMPANY | {"name": winner})
    assert (again.status, again.json()["status"]) == (202, "active")


async def test_of_many_changes_of_one_version_one_wins(region: TenantRegion) -> None:
    await region.add_property()
    etag = (await region.send("GET", AT)).headers["etag"]
    answers = await asyncio.gather(
        *(
            region.send("PUT", AT, PROPERTY | {"name": f"Name {number}"}, headers={"If-Match": etag})
            for number in range(8)
        )
    )
    assert sorted(each.status for each in answers) == [200] + [412] * 7
    winner = next(each.json()["name"] for each in answers if each.status == 200)
    assert (await region.send("GET", AT)).json()["name"] == winner
    document = await region.documents.json("NOR-CPH01/property.json")
    assert document is not None
    assert document["name"] == winner


async def test_one_token_is_refreshed_once(region: TenantRegion) -> None:
    await record_home(region.directories["api1"], "NOR-CPH01", "api1", 1)
    tokens = await region.start_guest()
    body = {"refresh_token": tokens["refresh_token"]}
    answers = await asyncio.gather(
        *(region.send("POST", "/v1/auth/sessions/refresh", body, anonymous=True) for _ in range(8))
    )
    assert [each.status for each in answers].count(200) <= 1
    assert await region.sessions.keys("NOR-CPH01") == []


async def test_concurrent_homes_end_with_the_highest_version(new_tables: list[AzureTable]) -> None:
    table = new_tables.pop()
    await asyncio.gather(*(record_home(table, "NOR", f"api{number}", number) for number in range(1, 9)))
    row = await table.find("NOR", "home")
    assert row is not None
    assert (row.text("Region"), row.number("Version")) == ("api8", 8)


async def test_concurrent_tokens_are_all_counted(region: TenantRegion) -> None:
    expires_at = region.clock.now()
    await asyncio.gather(
        *(
            region.stored_tokens.keep_tokens(ACCOUNT, Tokens(id_token=f"{number}", expires_at=expires_at))
            for number in range(5)
        )
    )
    standing = await region.stored_tokens.find_standing(ACCOUNT.id)
    assert standing is not None
    assert (standing.version, standing.is_forked) == (5, False)
