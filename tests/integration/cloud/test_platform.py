"""An app's clients, made from its settings, on the storage emulator."""

import base64
import json
import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from azure.core.pipeline.transport import AioHttpTransport
from tests.tenants import SIGNING_KEY, STAFF_KEY

from localcloud import staff
from localcloud.app_settings import load_example
from localcloud.azurite import StorageAddress
from localcloud.azurite.process import KEY
from localcloud.resources import load_resources, provision
from muneris.auth.access_tokens import AccessTokens
from muneris.auth.model import Session
from muneris.cloud import platform
from muneris.cloud.documents import Document, upload
from muneris.cloud.events import Event
from muneris.cloud.platform import Platform
from muneris.cloud.queues import azure as queues
from muneris.cloud.settings import CloudSettings
from muneris.cloud.tables import Transaction, get_row
from muneris.cloud.wire.requests import Requests
from muneris.core.identity import GUEST, Caller
from muneris.core.operational import OperationalError

type Open = Callable[..., Platform]


@pytest.fixture
async def open_platform(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    """Opens a platform as an app does, from its environment; an app's own lasts as long as its process."""
    opened: list[AioHttpTransport | Requests] = []

    def open_transport(*, use_env_settings: bool) -> AioHttpTransport:
        transport = AioHttpTransport(use_env_settings=use_env_settings)
        opened.append(transport)
        return transport

    def open_requests() -> Requests:
        requests = Requests()
        opened.append(requests)
        return requests

    def opening(**changed: str) -> Platform:
        jwks = staff.to_public_jwks(STAFF_KEY)
        for name, value in {**load_example(), "MUNERIS_STAFF_JWKS": jwks, **changed}.items():
            monkeypatch.setenv(name, value)
        return Platform(CloudSettings(), "orders")

    for module in (queues, upload):
        monkeypatch.setattr(module, "AioHttpTransport", open_transport)
    monkeypatch.setattr(platform, "Requests", open_requests)
    yield opening
    for each in opened:
        await each.close()


@pytest.fixture
async def region(azurite: StorageAddress, open_platform: Open) -> Platform:
    """Region api1 with everything that infrastructure creates."""
    await provision(load_resources(), azurite.connection_string)
    return open_platform(MUNERIS_STORAGE=azurite.connection_string)


async def test_a_table_of_the_region_and_the_same_one_seen_by_a_peer(
    region: Platform, azurite: StorageAddress, unique: Callable[[str], str]
) -> None:
    code = unique("P")
    await region.table("Config").transact(Transaction(code).insert("property", {"Name": "Nyhavn"}))
    peer = region.peer_table(azurite.connection_string, "Config")
    assert (await get_row(peer, code, "property")).text("Name") == "Nyhavn"


async def test_a_property_is_in_the_account_that_holds_it_and_in_no_other(
    azurite: StorageAddress,
    further_account: StorageAddress,
    open_platform: Open,
    unique: Callable[[str], str],
) -> None:
    await provision(load_resources(), azurite.connection_string)
    await provision(load_resources().of_further_account, further_account.connection_string)
    region = open_platform(
        MUNERIS_STORAGE=azurite.connection_string,
        MUNERIS_STORAGE_ACCOUNTS=json.dumps({"second": further_account.connection_string}),
    )
    lies_in = {unique("P"): "main", unique("P"): "second", unique("P"): "third"}
    in_main, in_second, in_third = lies_in

    async def account_of(code: str) -> str:
        return lies_in[code]

    for name in load_resources().tables_in_every_account:
        orders = region.property_table(name, account_of)
        each = [region.table(name), region.peer_table(further_account.connection_string, name)]
        for code, found in [(in_main, [True, False]), (in_second, [False, True])]:
            await orders.transact(Transaction(code).insert("row", {}))
            assert (await get_row(orders, code, "row")).partition == code
            assert [await table.find(code, "row") is not None for table in each] == found
        with pytest.raises(OperationalError, match="storage account 'third'"):
            await orders.transact(Transaction(in_third).insert("row", {}))
        assert [await table.find(in_third, "row") for table in each] == [None, None]


async def test_a_further_account_is_checked_on_its_own(
    azurite: StorageAddress,
    further_account: StorageAddress,
    open_platform: Open,
    ports: Callable[[int], list[int]],
    unique: Callable[[str], str],
) -> None:
    await provision(load_resources().of_further_account, further_account.connection_string)
    right = further_account.connection_string
    region = open_platform(
        MUNERIS_STORAGE=azurite.connection_string,
        MUNERIS_STORAGE_ACCOUNTS=json.dumps(
            {
                "right": right,
                "wrongkey": right.replace(KEY, base64.b64encode(b"another").decode()),
                "away": StorageAddress(*ports(3)).connection_string,
            }
        ),
    )
    checks = region.account_checks("Orders")
    assert checks.keys() == {"tables-right", "tables-wrongkey", "tables-away"}
    assert await checks["tables-right"]()
    assert not await checks["tables-wrongkey"]()
    with pytest.raises(OperationalError):
        await checks["tables-away"]()
    assert not await region.account_checks(unique("Absent"))["tables-right"]()


async def test_read_models_are_documents_of_the_region(
    region: Platform, unique: Callable[[str], str]
) -> None:
    name = f"{unique('P')}/menu.json"
    assert await region.read_models.find(name) is None
    etag = await region.read_models.put(name, b"{}")
    assert await region.read_models.find(name) == Document(b"{}", etag)


async def test_a_queue_service_that_works(region: Platform) -> None:
    assert await region.queues.answer()


async def test_a_queue_service_out_of_reach_is_an_operational_fault(
    open_platform: Open, ports: Callable[[int], list[int]]
) -> None:
    nowhere = open_platform(MUNERIS_STORAGE=StorageAddress(*ports(3)).connection_string)
    with pytest.raises(OperationalError):
        await nowhere.queues.answer()


async def test_staff_and_the_regions_guests_are_known(region: Platform) -> None:
    now = region.clock.now()
    staff_token = staff.issue_token(STAFF_KEY, int(now.timestamp()))
    assert (await region.authenticate.identify(f"Bearer {staff_token}")).is_staff
    tokens = AccessTokens(region.table("Settings"), "api1", SIGNING_KEY, os.urandom)
    session = Session("NOR-CPH01", "s", "ann", now + timedelta(days=1), b"")
    guest_token, _ = await tokens.issue(session, now)
    assert await region.authenticate.identify(f"Bearer {guest_token}") == Caller("ann", GUEST, "NOR-CPH01")


async def test_events_are_published_under_the_name_of_region_and_app(open_platform: Open) -> None:
    received: list[tuple[str | None, object]] = []

    async def take(request: web.Request) -> web.Response:
        received.append((request.headers.get("aeg-sas-key"), json.loads(await request.read())))
        return web.Response()

    topic = web.Application()
    topic.router.add_post("/api/events", take)
    async with TestServer(topic) as server:
        endpoint = str(server.make_url("/api/events"))
        region = open_platform(MUNERIS_EVENTS_ENDPOINT=endpoint, MUNERIS_EVENTS_KEY="key of the topic")
        await region.publisher.publish([Event("muneris.orders.submitted", "NOR-CPH01/1", "1-1", {"a": 1})])
    ((key, events),) = received
    assert key == "key of the topic"
    assert isinstance(events, list)
    assert [(each["source"], each["id"]) for each in events] == [("/muneris/api1/orders", "1-1")]
