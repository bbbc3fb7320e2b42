import base64
from datetime import UTC, datetime

import pytest

from muneris.simphony.notifications import Message, Subscription, Webhook, WebhookKey, why_undeliverable
from muneris.simphony.wire import parse

KEY = WebhookKey.of_account(b"a secret of all regions", "account")
SITE = ("https://sts.oraclecloud.com", "acme", "store01", 7)


def test_the_digest_is_hmac_sha256_over_the_raw_bytes() -> None:
    # The key and data of RFC 4231, test case 2, written as Simphony writes a digest.
    key = WebhookKey(KEY.key_id, b"Jefe")
    expected = bytes.fromhex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    assert key.digest(b"what do ya want for nothing?") == base64.b64encode(expected).decode()


def test_a_key_is_the_same_wherever_it_is_derived_and_another_for_each_account() -> None:
    assert WebhookKey.of_account(b"a secret of all regions", "account") == KEY
    assert WebhookKey.of_account(b"a secret of all regions", "another").secret != KEY.secret
    assert WebhookKey.of_account(b"another", "account").key_id != KEY.key_id
    assert len(base64.b64decode(KEY.text)) == 32


@pytest.mark.parametrize(
    ("body", "key_id", "digest", "signed"),
    [
        (b"{}", str(KEY.key_id), KEY.digest(b"{}"), True),
        (b"{}", str(KEY.key_id).upper(), f" {KEY.digest(b'{}')} ", True),
        (b"{} ", str(KEY.key_id), KEY.digest(b"{}"), False),
        (b"{}", "another", KEY.digest(b"{}"), False),
        (b"{}", str(KEY.key_id), "", False),
        (b"{}", "", KEY.digest(b"{}"), False),
        (b"{}", str(KEY.key_id), "\N{SNOWMAN}", False),
    ],
)
def test_only_who_has_the_key_has_signed(body: bytes, key_id: str, digest: str, *, signed: bool) -> None:
    assert KEY.has_signed(body, key_id, digest) is signed


def test_messages_are_read_with_their_revenue_center_as_a_text_or_a_number() -> None:
    body = b"""{"messages": [
        {"id": "1", "creationDate": "2030-05-04T10:02:11.1234567Z",
         "messageType": {"id": "CheckNotification"},
         "resource": {"orgShortName": "ACME", "locRef": "Store01", "rvcRef": "7", "checkRef": "c"},
         "data": {"status": "Submitted"}},
        {"id": "2", "messageType": {"id": "ConfigurationNotification"}, "resource": {"rvcRef": 7},
         "data": {"ResourceVersion": "V2", "ResourceType": "Menus", "ResourceAction": "changed"}},
        {"id": "3"}]}"""
    check, menus, bare = Webhook.model_validate(parse(body)).messages
    assert (check.rvc_ref, check.check_ref, check.type) == (7, "c", "CheckNotification")
    assert check.created_at == datetime(2030, 5, 4, 10, 2, 11, 123456, tzinfo=UTC)
    assert (menus.rvc_ref, menus.resource_type) == (7, "Menus")
    assert (bare.type, bare.rvc_ref, bare.created_at) == ("", None, None)


@pytest.mark.parametrize(
    ("resource", "concerned"),
    [
        ({}, True),
        ({"orgShortName": "ACME"}, True),
        ({"orgShortName": "acme", "locRef": "STORE01", "rvcRef": "7"}, True),
        ({"orgShortName": "acme", "locRef": "store01", "rvcRef": "8"}, False),
        ({"orgShortName": "acme", "locRef": "store02"}, False),
        ({"orgShortName": "bcme"}, False),
    ],
)
def test_a_message_concerns_all_of_what_it_does_not_name(
    resource: dict[str, str], *, concerned: bool
) -> None:
    assert Message.model_validate({"id": "1", "resource": resource}).concerns(SITE) is concerned


def test_a_message_without_an_id_is_none() -> None:
    with pytest.raises(ValueError, match="id"):
        Webhook.model_validate({"messages": [{"messageType": {"id": "x"}}]})


def test_a_subscription_is_found_again_however_its_names_are_spelled() -> None:
    wanted = Subscription(callback_uri="https://a.com/x", message_type="ConfigurationNotification", rvc_ref=7)
    answered = Subscription.model_validate(
        {
            "subscriptionId": "s",
            "callbackUri": "https://a.com/x",
            "messageType": {"id": "configurationNotification"},
            "rvcRef": "7",
        }
    )
    assert answered.is_for(wanted)
    assert not answered.model_copy(update={"rvc_ref": 8}).is_for(wanted)
    assert not answered.model_copy(update={"callback_uri": "https://b.com/x"}).is_for(wanted)


@pytest.mark.parametrize(
    ("callback", "why"),
    [
        ("https://hooks.muneris.com/x", None),
        ("https://hooks.azurewebsites.net", None),
        ("https://api1.muneris.app/x", "top_level_domain"),
        ("http://hooks.muneris.com", "not_https"),
        ("https://hooks.muneris.com:8443", "not_https"),
    ],
)
def test_where_simphony_delivers_to(callback: str, why: str | None) -> None:
    assert why_undeliverable(callback) == why
