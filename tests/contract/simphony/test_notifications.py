"""The Notifications API: what is registered and subscribed to, and what is then delivered, how."""

import hashlib
import hmac
from base64 import b64decode, b64encode

import pytest
from tests.simphony import Simulation, open_simulation
from tests.simphony_caller import Caller, add_round, check, opened, set_oddity, set_up
from tests.simphony_notified import (
    KEY,
    KEY_ID,
    NOTIFICATIONS,
    REGISTERED,
    REGISTRATION,
    SUBSCRIPTIONS,
    Receiver,
    deliveries,
    register,
    subscribe,
    subscription,
)

from localcloud.simulators.simphony import SimphonyConfig
from muneris.simphony.notifications import CONFIGURATION, Subscription, Webhook, WebhookKey

source = pytest.mark.source


@source("collection", "stsgg/api-notifications-api")
async def test_discovery_lists_the_message_types(call: Caller) -> None:
    path = f"{NOTIFICATIONS}/discovery"
    assert [each["id"] for each in (await call("GET", path)).body["items"]] == [
        "CheckNotification", "OrganizationsNotification", "ConfigurationNotification",
        "EmployeesNotification",
    ]  # fmt: skip
    await set_oddity(call, isOnPremises=True)
    assert [each["id"] for each in (await call("GET", path)).body["items"]] == ["CheckNotification"]


@source("collection", "stsgg/op-api-v1-notifications-registration-post")
async def test_registration_is_one_for_each_client(call: Caller) -> None:
    assert (await call("POST", REGISTRATION, body=REGISTERED)).status == 201
    refused = await call("POST", REGISTRATION, body=REGISTERED)
    assert (refused.status, refused.body["detail"]) == (400, "The client is registered already")
    replaced = await call("PUT", REGISTRATION, body=REGISTERED)
    assert replaced.body == {"keyId": KEY_ID, "keyType": "hmac-sha256"}
    assert [(await call("DELETE", REGISTRATION)).status for _ in range(2)] == [204, 404]


@source("collection", "stsgg/api-notifications-api")
@pytest.mark.parametrize(
    "change", [{"keyId": "key"}, {"hmacKey": "c2hvcnQ="}, {"hmacKey": "?"}, {"keyType": "hmac-sha1"}]
)
async def test_unfit_key_is_refused(call: Caller, change: dict[str, object]) -> None:
    assert (await call("PUT", REGISTRATION, body=REGISTERED | change)).status == 400
    assert (await call("DELETE", REGISTRATION)).status == 404


@source("collection", "stsgg/op-api-v1-notifications-subscriptions-post")
async def test_subscriptions_are_made_read_and_ended(call: Caller) -> None:
    await register(call)
    first = await subscribe(call, "https://hooks.example.com/a", rvcRef="1", locRef="cph01")
    second = await subscribe(call, "https://hooks.example.com/b")
    one = (await call("GET", f"{SUBSCRIPTIONS}/{first}")).body
    assert (one["subscriptionId"], one["rvcRef"], one["postOfficeOptions"]) == (
        first, "1", {"PostOfficeType": "PushOnePostOffice"},
    )  # fmt: skip
    assert [each["subscriptionId"] for each in (await call("GET", SUBSCRIPTIONS)).body["items"]] == [
        first,
        second,
    ]
    assert [(await call("DELETE", f"{SUBSCRIPTIONS}/{first}")).status for _ in range(2)] == [204, 404]
    assert (await call("DELETE", SUBSCRIPTIONS)).status == 204
    assert (await call("GET", SUBSCRIPTIONS)).body == {"items": []}


@source("collection", "stsgg/op-api-v1-notifications-subscriptions-post", "stsgg/api-notifications-api")
@pytest.mark.parametrize(
    "change",
    [
        {"messageType": {"id": "Gossip"}},
        {"postOfficeOptions": {"PostOfficeType": "Pull"}},
        {"callbackUri": "hooks.example.com"},
        {"messageType": {"id": "EmployeesNotification"}, "rvcRef": "1"},
        {"rvcRef": 1},
    ],
)
async def test_unfit_subscription_is_refused(call: Caller, change: dict[str, object]) -> None:
    await register(call)
    body = subscription("https://hooks.example.com") | change
    assert (await call("POST", SUBSCRIPTIONS, body=body)).status == 400
    assert (await call("GET", SUBSCRIPTIONS)).body == {"items": []}


@source("stsgg/api-notifications-api-webhook", "stsgg/op-webhook-post")
async def test_check_is_told_of_signed_over_its_very_bytes(call: Caller, receiver: Receiver) -> None:
    await register(call)
    await subscribe(call, receiver.url)
    ref = await opened(call)
    received = await receiver.next()
    signature = hmac.digest(b64decode(KEY), received.body, hashlib.sha256)
    assert received.headers["Digest"] == b64encode(signature).decode()
    assert received.headers["Key-Id"] == KEY_ID
    assert received.message["resource"] == {
        "orgShortName": "muneris-demo", "locRef": "cph01", "rvcRef": "1", "checkRef": ref,
    }  # fmt: skip
    assert received.message["messageType"] == {"id": "CheckNotification"}
    assert received.message["data"] == {"status": "Submitted", "timeStampUtc": "2030-05-04T10:02:11.000Z"}


@source("stsgg/api-notifications-api")
async def test_each_round_and_each_step_of_the_kitchen_is_told(call: Caller, receiver: Receiver) -> None:
    await register(call)
    await subscribe(call, receiver.url)
    ref = await opened(call)
    await add_round(call, ref)
    steps = ["Prepared", "AllPrepared", "Packaged"]
    for step in steps:
        assert (await call("POST", f"/sim/checks/{ref}/prepare", body={"status": step})).status == 204
    told = [(await receiver.next()).message for _ in range(5)]
    assert sorted(each["data"]["status"] for each in told) == sorted(["Submitted", "Submitted", *steps])
    assert len({each["id"] for each in told}) == 5
    shown = (await call("GET", f"/api/v1/checks/{ref}")).body["header"]
    assert shown["preparationStatus"] == "Packaged"


@source("stsgg/api-notifications-api-webhook")
async def test_notification_is_tried_once(call: Caller, receiver: Receiver) -> None:
    await register(call)
    await subscribe(call, receiver.url)
    receiver.status = 500
    await opened(call)
    (delivery,) = await deliveries(call, 1)
    assert (delivery["url"], delivery["status"], delivery["error"]) == (receiver.url, 500, None)
    await receiver.next()
    assert receiver.is_empty


@source("stsgg/api-notifications-api-webhook")
@pytest.mark.parametrize(
    "callback", ["https://hooks.example.dev", "http://hooks.example.com", "https://hooks.example.com:8443"]
)
async def test_other_addresses_are_never_called(call: Caller, callback: str) -> None:
    await register(call)
    await subscribe(call, callback)
    await opened(call)
    (delivery,) = await deliveries(call, 1)
    assert (delivery["status"], delivery["error"]) == (None, "undeliverable")


@source("stsgg/api-notifications-api")
@pytest.mark.parametrize(
    ("scope", "is_told"),
    [
        ({}, True),
        ({"locRef": "CPH01"}, True),
        ({"locRef": "cph01", "rvcRef": "1"}, True),
        ({"locRef": "cph02"}, False),
        ({"rvcRef": "2"}, False),
    ],
)
async def test_subscription_is_for_its_scope(
    call: Caller, receiver: Receiver, scope: dict[str, object], *, is_told: bool
) -> None:
    await register(call)
    await subscribe(call, receiver.url, **scope)
    await opened(call)
    await subscribe(call, receiver.url, "ConfigurationNotification")
    await set_up(call, terms={"soldOut": [{"menuItemId": 11001}]})
    seen = await deliveries(call, 2 if is_told else 1)
    assert len(seen) == (2 if is_told else 1)


@source("stsgg/api-notifications-api", "stsgg/op-webhook-post")
async def test_changed_configuration_is_told_by_its_type(call: Caller, receiver: Receiver) -> None:
    await register(call)
    await subscribe(call, receiver.url, "ConfigurationNotification", locRef="cph01", rvcRef="1")
    await set_up(call, terms={"soldOut": [{"menuItemId": 11001}]})
    assert (await receiver.next()).message["data"] == {
        "ResourceVersion": "V2", "ResourceType": "MenuItemAvailability", "ResourceAction": "changed",
    }  # fmt: skip
    await call("PUT", "/sim/menus/muneris-demo/cph01/1", body={})
    assert (await receiver.next()).message["data"]["ResourceType"] == "Menus"


@source("stsgg/api-notifications-api")
@pytest.mark.parametrize(
    ("resource", "terms"),
    [
        ("TenderItems", {"tenders": []}),
        ("Taxes", {"taxRates": []}),
        ("Discounts", {"discounts": []}),
        ("ServiceCharges", {"serviceCharges": []}),
    ],
)
async def test_each_kind_of_configuration_has_its_name(
    call: Caller, receiver: Receiver, resource: str, terms: dict[str, object]
) -> None:
    await register(call)
    await subscribe(call, receiver.url, "ConfigurationNotification")
    await set_up(call, terms=terms)
    assert (await receiver.next()).message["data"]["ResourceType"] == resource
    await set_up(call, barcodes=[])
    assert (await receiver.next()).message["data"]["ResourceType"] == "Barcodes"


@source("stsgg/api-notifications-api", "stsgg/op-webhook-post")
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("EmployeesNotification", {"employees": {"1": 1}}),
        ("OrganizationsNotification", {"place": {"currency": "EUR"}}),
    ],
)
async def test_changed_employees_and_organizations_are_told(
    call: Caller, receiver: Receiver, kind: str, change: dict[str, object]
) -> None:
    await register(call)
    await subscribe(call, receiver.url, kind)
    await set_up(call, **change)
    message = (await receiver.next()).message
    assert (message["messageType"], message["data"]) == ({"id": kind}, {"ResourceAction": "changed"})
    assert message["resource"] == {"orgShortName": "muneris-demo", "locRef": "cph01"}


@source("collection", "stsgg/api-notifications-api")
async def test_unregistered_client_may_be_told_of_one_check(call: Caller, receiver: Receiver) -> None:
    options = {"enabled": True, "url": receiver.url, "keyId": "mine", "key": KEY}
    ref = await opened(call, notificationOptions=options)
    await opened(call, 2)
    received = await receiver.next()
    assert (received.headers["Key-Id"], received.message["resource"]["checkRef"]) == ("mine", ref)
    assert len(await deliveries(call, 1)) == 1


@source("stsgg/op-webhook-post")
async def test_revenue_center_may_be_a_number(call: Caller, receiver: Receiver) -> None:
    await set_oddity(call, notifiedRvc="number")
    await register(call)
    await subscribe(call, receiver.url)
    await call("POST", "/api/v1/checks", body=check())
    assert (await receiver.next()).message["resource"]["rvcRef"] == 1


@source("stsgg/api-notifications-api-webhook")
async def test_answer_is_waited_for_15_seconds_and_no_longer(receiver: Receiver) -> None:
    assert SimphonyConfig(port=0).webhook_timeout_seconds == 15
    receiver.may_answer.clear()
    async with open_simulation(webhook_timeout_seconds=0.05) as simulation:
        call = Caller(simulation)
        await register(call)
        await subscribe(call, receiver.url)
        await opened(call)
        (delivery,) = await deliveries(call, 1)
        assert (delivery["status"], delivery["error"]) == (None, "TimeoutError")
    receiver.may_answer.set()


@source("collection")
async def test_we_register_subscribe_and_end_both(simulation: Simulation, call: Caller) -> None:
    api, at, bearer = simulation.client.notifications, simulation.connection, simulation.bearer
    key = WebhookKey.of_account(b"secret", at.account)
    assert CONFIGURATION in await api.get_message_types(at, bearer)
    await api.register(at, bearer, key)
    await api.register(at, bearer, key)
    wanted = Subscription(
        callback_uri="https://hooks.example.com",
        message_type=CONFIGURATION,
        org_short_name="Muneris-Demo",
        loc_ref="CPH01",
        rvc_ref=1,
    )
    made = await api.subscribe(at, bearer, wanted)
    assert made.is_for(wanted)
    assert [each.is_for(wanted) for each in await api.get_subscriptions(at, bearer)] == [True]
    await api.unsubscribe(at, bearer, made.subscription_id)
    assert await api.get_subscriptions(at, bearer) == ()
    await api.unregister(at, bearer)
    assert (await call("DELETE", REGISTRATION)).status == 404


@source("stsgg/api-notifications-api-webhook", "stsgg/op-webhook-post")
@pytest.mark.parametrize("rvc", ["text", "number"])
async def test_we_know_what_is_told_by_its_signature_and_read_it(
    simulation: Simulation, call: Caller, receiver: Receiver, rvc: str
) -> None:
    await set_oddity(call, notifiedRvc=rvc)
    api, at, bearer = simulation.client.notifications, simulation.connection, simulation.bearer
    key = WebhookKey.of_account(b"secret", at.account)
    await api.register(at, bearer, key)
    wanted = Subscription(
        callback_uri=receiver.url,
        message_type=CONFIGURATION,
        org_short_name="muneris-demo",
        loc_ref="cph01",
        rvc_ref=1,
    )
    await api.subscribe(at, bearer, wanted)
    await set_up(call, terms={"soldOut": [{"menuItemId": 11001}]})
    told = await receiver.next()
    key_id, digest = told.headers["Key-Id"], told.headers["Digest"]
    assert key.has_signed(told.body, key_id, digest)
    assert not key.has_signed(told.body + b" ", key_id, digest)
    (message,) = Webhook.model_validate_json(told.body).messages
    assert (message.resource_type, message.rvc_ref) == ("MenuItemAvailability", 1)
    assert message.created_at == simulation.clock.now()
    assert message.concerns(at.site)
