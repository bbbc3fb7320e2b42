import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.tenants import AT, CALLBACK, PROPERTY, SIMPHONY, WEBHOOK_SECRET, TenantRegion, soup

from muneris.cloud.tables import TableUnavailableError
from muneris.config.read_models import menu_read_model
from muneris.simphony.configuration import Taxes, UnavailableItems, Versioned
from muneris.simphony.errors import ReadFailedError
from muneris.simphony.menu import Definition, MenuItem, Price, SimphonyMenu
from muneris.simphony.model import Connection, account_id
from muneris.simphony.notifications import CONFIGURATION, WebhookKey

HOOK = "/v1/config/webhooks/simphony/NOR-CPH01"
DOCUMENTS = [f"NOR-CPH01/{name}.json" for name in ("menu", "menu-versions", "simphony-menu", "property")]
ACCOUNT = account_id(
    str(SIMPHONY["auth_url"]),
    str(SIMPHONY["org_short_name"]),
    str(SIMPHONY["client_id"]),
    str(SIMPHONY["username"]),
)


@pytest.fixture
async def region() -> TenantRegion:
    region = TenantRegion()
    await region.add_property()
    await region.connect()
    return region


async def refresh(region: TenantRegion) -> str:
    answer = await region.send("POST", f"{AT}/menu/refresh")
    assert answer.status == 202
    version: str = answer.json()["version"]
    return version


async def status(region: TenantRegion) -> dict[str, Any]:
    document: dict[str, Any] = (await region.send("GET", f"{AT}/menu/status")).json()
    return document


def sold_out(*definitions: int) -> UnavailableItems:
    named = [{"definitionSequence": each} for each in definitions]
    return UnavailableItems.model_validate({"items": [{"menuItemId": 7, "definitions": named}]})


async def test_what_has_not_changed_is_not_sent_again(region: TenantRegion) -> None:
    version = await refresh(region)
    region.simphony.sent.clear()
    before = [await region.documents.find(name) for name in DOCUMENTS]
    assert await refresh(region) == version
    assert region.simphony.sent == [False, False, False]
    assert [await region.documents.find(name) for name in DOCUMENTS] == before


async def test_a_part_that_changes_alone_makes_a_new_menu(region: TenantRegion) -> None:
    version = await refresh(region)
    region.simphony.unavailable = sold_out(1)
    region.simphony.sent.clear()
    assert await refresh(region) != version
    assert region.simphony.sent == [False, True, False]
    item = (await region.send("GET", f"{AT}/menu")).json()["items"][0]
    assert (item["availability"], item["definitions"][0]["available"]) == ({"state": "unavailable"}, False)
    region.simphony.unavailable = UnavailableItems()
    assert await refresh(region) == version


async def test_taxes_are_shown_by_class(region: TenantRegion) -> None:
    region.simphony.taxes = Taxes.model_validate({
        "taxClasses": [{"taxClassId": 1, "activeTaxRateRefs": [1, 2, 3, 9]}],
        "taxRates": [
            {"taxRateId": "1", "percentage": "25", "taxType": "includedPercent", "name": {"en-US": "VAT"}},
            {"taxRateId": 2, "percentage": 5, "taxType": "addonPercent"},
            {"taxRateId": 3, "percentage": 5, "taxType": "disabled"},
        ],
    })  # fmt: skip
    await refresh(region)
    assert (await region.send("GET", f"{AT}/menu")).json()["tax_classes"] == [
        {
            "tax_class": 1,
            "rates": [
                {"tax_rate_id": "1", "name": {"en-US": "VAT"}, "percentage": "25", "included": True},
                {"tax_rate_id": "2", "name": {}, "percentage": "5", "included": False},
            ],
        }
    ]


@pytest.mark.parametrize("call", ["get_unavailable", "get_taxes"])
async def test_what_stands_beside_a_menu_does_not_stop_it(region: TenantRegion, call: str) -> None:
    region.simphony.unavailable = sold_out(1)
    region.simphony.taxes = Taxes.model_validate({"taxClasses": [{"taxClassId": 1}]})
    await refresh(region)
    before = (await region.send("GET", f"{AT}/menu")).json()
    region.simphony.errors[call] = ReadFailedError("501", 501)
    region.simphony.menu = soup("91")
    await refresh(region)
    after = (await region.send("GET", f"{AT}/menu")).json()
    assert after["items"][0]["definitions"][0]["prices"][0]["price"] == "91.00"
    assert after["tax_classes"] == before["tax_classes"]
    assert after["items"][0]["availability"] == before["items"][0]["availability"]


async def test_another_revenue_center_is_asked_for_everything(region: TenantRegion) -> None:
    await refresh(region)
    await region.send("PUT", f"{AT}/simphony", SIMPHONY | {"loc_ref": "cph02"})
    region.simphony.sent.clear()
    await refresh(region)
    assert region.simphony.sent == [True, True, True]


async def test_a_menu_that_a_slower_refresh_overwrote_is_put_right(region: TenantRegion) -> None:
    await refresh(region)
    older = await region.documents.find("NOR-CPH01/menu.json")
    assert older is not None
    region.simphony.menu = soup("91")
    newer = await refresh(region)
    await region.documents.put("NOR-CPH01/menu.json", older.body)
    assert await refresh(region) == newer
    published = await menu_read_model(region.documents).find("NOR-CPH01")
    assert published is not None
    assert published.version == newer


async def test_an_app_asks_only_for_what_has_changed(region: TenantRegion) -> None:
    version = await refresh(region)
    region.simphony.menu = soup("91")
    newer = await refresh(region)
    answer = await region.send("GET", f"{AT}/menu?since={version}")
    assert (answer.status, answer.headers["etag"]) == (200, f'"{newer}"')
    document = answer.json()
    assert {"version": newer, "since": version}.items() <= document.items()
    assert [each["menu_item_id"] for each in document["changed"]["items"]] == [7]
    assert document["changed"]["groups"] == []
    assert document["removed"] == {"groups": [], "items": [], "condiment_groups": [], "combos": []}
    unknown = (await region.send("GET", f"{AT}/menu?since=0")).json()
    assert unknown["items"] == (await region.send("GET", f"{AT}/menu")).json()["items"]


async def test_a_refresh_that_would_empty_the_menu_is_refused_and_reported(region: TenantRegion) -> None:
    version = await refresh(region)
    region.simphony.menu = SimphonyMenu(menu_id="m")
    since = region.clock.now().isoformat().replace("+00:00", "Z")
    for _ in range(2):
        answer = await region.send("POST", f"{AT}/menu/refresh")
        assert (answer.status, answer.code) == (409, "menu_empty")
        region.clock.advance(minutes=1)
    reported = await status(region)
    assert (reported["version"], reported["problem"]["code"]) == (version, "menu_empty")
    assert reported["problem"]["since"] == since
    assert (await region.send("GET", f"{AT}/menu")).json()["version"] == version
    region.simphony.menu = soup("91")
    assert (await status(region))["problem"] is not None
    newer = await refresh(region)
    assert (await status(region))["version"] == newer
    assert (await status(region))["problem"] is None


async def test_the_timer_refreshes_every_connected_property(region: TenantRegion) -> None:
    version = await refresh(region)
    region.simphony.menu = soup("91")
    await region.upkeep.refresh_all()
    assert (await region.send("GET", f"{AT}/menu")).json()["version"] != version


@pytest.mark.parametrize("error", [TableUnavailableError("down"), ReadFailedError("503"), KeyError("a bug")])
async def test_one_property_that_fails_stops_no_other(region: TenantRegion, error: Exception) -> None:
    second = AT.replace("CPH01", "AAR01")
    assert (await region.send("PUT", second, PROPERTY)).status == 201
    assert (await region.send("PUT", f"{second}/simphony", SIMPHONY | {"loc_ref": "aar01"})).status == 200
    await region.documents.put("NOR-AAR01/simphony-menu.json", b"of another release")
    get_menu = region.simphony.get_menu

    async def failing(
        connection: Connection, bearer: str, *, held: Versioned[SimphonyMenu] | None = None
    ) -> Versioned[SimphonyMenu] | None:
        if connection.loc_ref == "cph01":
            raise error
        return await get_menu(connection, bearer, held=held)

    region.simphony.get_menu = failing  # type: ignore[method-assign] # for one of them
    await region.upkeep.refresh_all()
    assert await menu_read_model(region.documents).find("NOR-AAR01") is not None


def call_of(region: TenantRegion, *ids: str, **changes: object) -> dict[str, Any]:
    """A call of Simphony's with messages of those ids."""
    message: dict[str, object] = {
        "creationDate": region.clock.now().isoformat(),
        "messageType": {"id": CONFIGURATION},
        "resource": {"orgShortName": "Nordic", "locRef": "CPH01", "rvcRef": "1"},
        "data": {"ResourceType": "Menus", "ResourceAction": "changed"},
        **changes,
    }
    body = json.dumps({"messages": [{"id": each, **message} for each in ids]}).encode()
    key = region.simphony.registered or WebhookKey.of_account(WEBHOOK_SECRET, ACCOUNT)
    headers = {"Digest": key.digest(body), "Key-Id": str(key.key_id)}
    return {"body": body, "headers": headers, "anonymous": True}


async def asked(region: TenantRegion) -> list[str]:
    return [row.key for row in await region.asked.all()]


async def test_a_notification_has_the_menu_read(region: TenantRegion) -> None:
    version = await refresh(region)
    region.simphony.menu = soup("91")
    answer = await region.send("POST", HOOK, **call_of(region, "1", "2"))
    assert (answer.status, answer.body) == (204, b"")
    assert (await region.send("GET", f"{AT}/menu")).json()["version"] == version
    await region.upkeep.refresh_asked()
    assert (await region.send("GET", f"{AT}/menu")).json()["version"] != version
    assert await asked(region) == []


async def test_a_message_that_comes_twice_does_nothing(region: TenantRegion) -> None:
    once = call_of(region, "1")
    await region.send("POST", HOOK, **once)
    await region.upkeep.refresh_asked()
    assert (await region.send("POST", HOOK, **once)).status == 204
    assert await asked(region) == []
    await region.send("POST", HOOK, **call_of(region, "1", "2"))
    assert await asked(region) == ["NOR-CPH01"]


@pytest.mark.parametrize(
    "changes",
    [
        {"creationDate": "2020-01-01T00:00:00Z"},
        {"messageType": {"id": "CheckNotification"}},
        {"resource": {"orgShortName": "nordic", "locRef": "cph02"}},
    ],
)
async def test_messages_that_are_not_for_us_do_nothing(
    region: TenantRegion, changes: dict[str, object]
) -> None:
    assert (await region.send("POST", HOOK, **call_of(region, "1", **changes))).status == 204
    assert await asked(region) == []


def forged(sent: dict[str, Any]) -> dict[str, Any]:
    return sent | {"body": sent["body"] + b" "}


def unsigned(sent: dict[str, Any]) -> dict[str, Any]:
    return sent | {"headers": {}}


def another_key(sent: dict[str, Any]) -> dict[str, Any]:
    other = WebhookKey.of_account(b"another secret", "account")
    return sent | {"headers": {"Digest": other.digest(sent["body"]), "Key-Id": str(other.key_id)}}


@pytest.mark.parametrize("spoil", [forged, unsigned, another_key])
async def test_what_is_not_signed_is_refused(
    region: TenantRegion, spoil: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    answer = await region.send("POST", HOOK, **spoil(call_of(region, "1")))
    assert (answer.status, answer.code) == (401, "webhook_not_signed")
    assert await asked(region) == []


@pytest.mark.parametrize("code", ["NOR-XYZ", "nonsense"])
async def test_an_unknown_property_takes_no_notifications(region: TenantRegion, code: str) -> None:
    answer = await region.send("POST", HOOK.replace("NOR-CPH01", code), **call_of(region, "1"))
    assert (answer.status, answer.code) == (404, "property_not_found")


async def test_a_property_that_is_not_connected_takes_no_notifications() -> None:
    region = TenantRegion()
    await region.add_property()
    answer = await region.send("POST", HOOK, **call_of(region, "1"))
    assert (answer.status, answer.code) == (401, "webhook_not_signed")


async def test_a_signed_body_that_is_no_notification_is_malformed(region: TenantRegion) -> None:
    key = WebhookKey.of_account(WEBHOOK_SECRET, ACCOUNT)
    headers = {"Digest": key.digest(b"[]"), "Key-Id": str(key.key_id)}
    answer = await region.send("POST", HOOK, body=b"[]", headers=headers, anonymous=True)
    assert (answer.status, answer.code) == (400, "malformed_json")


async def test_two_calls_at_once_are_both_remembered(region: TenantRegion) -> None:
    calls = [call_of(region, f"a{number}") for number in range(4)]
    await asyncio.gather(*(region.send("POST", HOOK, **each) for each in calls))
    await region.upkeep.refresh_asked()
    for each in calls:
        await region.send("POST", HOOK, **each)
    assert await asked(region) == []


async def test_a_menu_asked_for_while_simphony_is_away_is_read_later(region: TenantRegion) -> None:
    await region.send("POST", HOOK, **call_of(region, "1"))
    region.simphony.errors["get_menu"] = ReadFailedError("503", 503)
    await region.upkeep.refresh_asked()
    assert await asked(region) == ["NOR-CPH01"]
    region.simphony.errors.clear()
    await region.upkeep.refresh_asked()
    assert await asked(region) == []


async def test_each_property_has_one_subscription_from_its_connection_on(region: TenantRegion) -> None:
    (made,) = region.simphony.subscriptions
    assert (made.callback_uri, made.message_type) == (f"{CALLBACK}{HOOK}", CONFIGURATION)
    assert (made.org_short_name, made.loc_ref, made.rvc_ref) == ("nordic", "cph01", 1)
    await region.subscriptions.renew_all()
    assert region.simphony.subscriptions == [made]
    assert (await region.send("POST", HOOK, **call_of(region, "1"))).status == 204
    await region.send("PUT", f"{AT}/simphony", SIMPHONY | {"loc_ref": "cph02"})
    assert [each.loc_ref for each in region.simphony.subscriptions] == ["cph02"]


async def test_a_subscription_that_fails_is_made_the_next_time(region: TenantRegion) -> None:
    region.simphony.errors["register"] = ReadFailedError("403", 403)
    assert (await region.send("PUT", f"{AT}/simphony", SIMPHONY | {"loc_ref": "cph02"})).status == 200
    assert [each.loc_ref for each in region.simphony.subscriptions] == ["cph01"]
    region.simphony.errors.clear()
    await region.subscriptions.renew_all()
    assert [each.loc_ref for each in region.simphony.subscriptions] == ["cph02"]


async def test_the_hours_of_a_menu_level_are_on_the_menu_once_it_is_refreshed(region: TenantRegion) -> None:
    definition = Definition(prices=(Price(price=Decimal(9), level=2),))
    region.simphony.menu = SimphonyMenu(
        menu_id="m", menu_items=(MenuItem(menu_item_id=7, definitions=(definition,)),)
    )
    since = await refresh(region)
    etag = (await region.send("GET", AT)).headers["etag"]
    happy_hour = {"fri": [{"from": "16:00", "to": "18:00"}]}
    changed = PROPERTY | {"ordering": {"price_levels": {"2": happy_hour}}}
    assert (await region.send("PUT", AT, changed, headers={"If-Match": etag})).status == 200
    assert await refresh(region) != since
    document = (await region.send("GET", f"{AT}/menu?since={since}")).json()
    (item,) = document["changed"]["items"]
    (price,) = item["definitions"][0]["prices"]
    assert price == {"price_sequence": 1, "price": "9.00", "level": 2, "hours": happy_hour}
