"""What is sent, and how the spellings of live systems are read: byte by byte, over HTTP."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs

import pytest
from tests.scripted import Say, Scripted, open_scripted
from tests.simphony import new_check, new_round

from muneris.simphony.configuration import Versioned
from muneris.simphony.errors import (
    CheckRefusedError,
    OutcomeUnknownError,
    PausedError,
    ReadFailedError,
    ReadUnansweredError,
    SignInFailedError,
    SignInFailure,
    SimphonyError,
    ThrottledError,
    TokenRejectedError,
    UnreachableError,
)
from muneris.simphony.menu import MenuItem
from muneris.simphony.model import Check, Tokens
from muneris.simphony.notifications import CONFIGURATION, Subscription, WebhookKey
from muneris.simphony.sign_in import s256
from muneris.simphony.transport import READ_AGAIN

CHECK = b'{"header": {"checkRef": "c", "checkNumber": 1}, "totals": {"subtotal": 1, "totalDue": 1}}'
MENU = b'{"menuId": "m", "menuItems": [{"menuItemId": 1}], "unknown": {}}'
MENU_ITEMS = (MenuItem(menu_item_id=1),)
SUMMARY = b'{"items": [{"menuId": "other", "rvcRef": 8}, {"menuId": "acme:store01:7", "rvcRef": "7"}]}'
OAUTH = "/oidc-provider/v1/oauth2"


@pytest.fixture
async def there() -> AsyncIterator[Scripted]:
    async with open_scripted() as opened:
        yield opened


@pytest.fixture
async def patient() -> AsyncIterator[Scripted]:
    async with open_scripted(READ_AGAIN) as opened:
        yield opened


async def post(there: Scripted) -> Check:
    return await there.client.post_check(there.connection, "b", new_check(), timeout=5)


async def test_every_call_carries_its_bearer_and_names_the_revenue_center(there: Scripted) -> None:
    there.script.on("POST /api/v1/checks", Say(CHECK, 201))
    assert (await post(there)).check_ref == "c"
    (asked,) = there.script.asked
    sent = {name.lower(): value for name, value in asked.headers.items()}
    assert {name: sent[name] for name in sent if name.startswith(("simphony", "a", "content-type"))} == {
        "accept": "application/json",
        "accept-encoding": sent["accept-encoding"],
        "accept-language": "en-US",
        "authorization": "Bearer b",
        "content-type": "application/json",
        "simphony-features": "detect-duplicate-request",
        "simphony-orgshortname": "acme",
        "simphony-locref": "store01",
        "simphony-rvcref": "7",
    }
    assert json.loads(asked.body)["header"]["rvcRef"] == 7


@pytest.mark.parametrize("wrapper", ['{"count": 1, "%s": [%s]}', '{"items": [%.0s%s]}', "[%.0s%s]"])
@pytest.mark.parametrize(
    ("path", "name", "entry"),
    [
        ("organizations", "organization", '{"orgShortName": "acme"}'),
        ("organizations/acme/locations", "location", '{"locRef": "store01", "posPlatform": null}'),
        ("organizations/acme/locations/store01/revenueCenters", "revenueCenter", '{"rvcRef": "7"}'),
    ],
)
async def test_organization_lists_are_read_in_every_wrapper(
    there: Scripted, wrapper: str, path: str, name: str, entry: str
) -> None:
    there.script.on(f"GET /api/v1/{path}", Say((wrapper % (name, entry)).encode()))
    api = there.client.organization
    read = {
        "organization": api.get_organizations,
        "location": api.get_locations,
        "revenueCenter": api.get_revenue_centers,
    }[name]
    (found,) = await read(there.connection, "b")
    assert found.model_dump(exclude_defaults=True) in (
        {"org_short_name": "acme"},
        {"loc_ref": "store01"},
        {"rvc_ref": 7},
    )


async def test_a_revenue_center_has_its_order_types_and_channels(there: Scripted) -> None:
    body = b"""{"rvcRef": 7, "name": "Bar", "tables": ["1", "2"], "extensions": {},
        "orderTypes": [{"orderTypeRef": 2, "name": "Pick-up", "serviceLevelTime": "20", "suggestedTips": []}],
        "orderChannels": [{"orderChannelId": 3, "name": {"en-US": "Web"}, "isDefault": true}]}"""
    there.script.on("GET /api/v1/organizations/acme/locations/store01/revenueCenters/7", Say(body))
    found = await there.client.organization.get_revenue_center(there.connection, "b")
    assert [(each.order_type_ref, each.service_level_time) for each in found.order_types] == [(2, 20)]
    assert [(each.name, each.is_default) for each in found.order_channels] == [({"en-US": "Web"}, True)]
    assert found.tables == ("1", "2")


@pytest.mark.parametrize("version", [1, 2])
async def test_the_menu_of_our_revenue_center_is_read_by_its_opaque_id(version: int) -> None:
    async with open_scripted(menu_version=version) as there:
        there.script.on("GET /api/v1/menus/summary", Say(SUMMARY))
        there.script.on(f"GET /api/v{version}/menus/acme%3Astore01%3A7", Say(MENU, headers={"ETag": '"a"'}))
        found = await there.client.configuration.get_menu(there.connection, "b")
        assert found is not None
        assert (found.value.menu_id, found.etag) == ("acme:store01:7", '"a"')
        summary, menu = there.script.asked
        assert summary.query == {"OrgShortName": "acme", "LocRef": "store01", "RvcRef": "7"}
        assert menu.headers["Simphony-RvcRef"] == "7"


async def test_the_tag_of_one_menu_is_not_sent_for_another(there: Scripted) -> None:
    for each in ("m", "n"):
        there.script.on(f"GET /api/v1/menus/{each}", Say(MENU, headers={"ETag": '"a"'}), Say(status=304))
    there.script.on("GET /api/v1/menus/summary", Say(b'[{"menuId": "m"}]'))
    get_menu = there.client.configuration.get_menu
    first = await get_menu(there.connection, "b")
    assert await get_menu(there.connection, "b", held=first) is None
    there.script.on("GET /api/v1/menus/summary", Say(b'[{"menuId": "n"}]'))
    other = await get_menu(there.connection, "b", held=first)
    assert other is not None
    assert (other.value.menu_id, other.value.menu_items) == ("n", MENU_ITEMS)
    asked = [each for each in there.script.asked if not each.path.endswith("summary")]
    assert [(each.path[-1], each.headers.get("If-None-Match")) for each in asked] == [
        ("m", None),
        ("m", '"a"'),
        ("n", None),
    ]


async def test_menus_of_version_2_have_their_combos_apart(there: Scripted) -> None:
    menu = b"""{"menuId": "m",
        "comboGroupsV2": [{"comboGroupId": 61, "menuItems": [{"menuItemRef": 3}]}],
        "comboMealsV2": [{"comboMealId": 6, "menuItemRef": 1, "comboGroupRefs": [61]}]}"""
    there.script.on("GET /api/v1/menus/summary", Say(b'[{"menuId": "m"}]'))
    there.script.on("GET /api/v1/menus/m", Say(menu))
    found = await there.client.configuration.get_menu(there.connection, "b")
    assert found is not None
    assert [each.combo_group_refs for each in found.value.combo_meals] == [(61,)]
    assert [each.menu_items[0].menu_item_ref for each in found.value.combo_groups] == [3]


@pytest.mark.parametrize("what", ["unavailable", "taxes"])
async def test_an_entity_tag_is_sent_as_it_came_and_unchanged_is_none(there: Scripted, what: str) -> None:
    api = there.client.configuration
    calls: dict[str, tuple[str, Callable[..., Awaitable[object]]]] = {
        "unavailable": ("menus/items/unavailable", api.get_unavailable),
        "taxes": ("taxes", api.get_taxes),
    }
    path, read = calls[what]
    there.script.on(f"GET /api/v1/{path}", Say(b"{}", headers={"ETag": 'W/"x y"'}), Say(status=304))
    first = await read(there.connection, "b")
    assert isinstance(first, Versioned)
    assert await read(there.connection, "b", held=first) is None
    assert there.script.asked[1].headers["If-None-Match"] == 'W/"x y"'
    assert there.script.asked[1].query["RvcRef"] == "7"


async def test_304_to_who_holds_nothing_is_no_answer(there: Scripted) -> None:
    there.script.on("GET /api/v1/taxes", Say(status=304))
    with pytest.raises(ReadFailedError):
        await there.client.configuration.get_taxes(there.connection, "b")


async def test_what_is_configured_is_read(there: Scripted) -> None:
    there.script.on("GET /api/v1/menus/items/unavailable", Say(
        b'{"orgShortName": "acme", "items": [{"menuItemId": 1, "definitions": [{"definitionSequence": 2}]}]}'
    ))  # fmt: skip
    there.script.on("GET /api/v1/taxes", Say(
        b'{"taxClasses": [{"taxClassId": 1, "activeTaxRateRefs": [1, "2"]}],'
        b' "taxRates": [{"taxRateId": 1, "percentage": 12.5, "taxType": "includedPercent"}]}'
    ))  # fmt: skip
    there.script.on("GET /api/v1/tenders/collection", Say(
        b'{"items": [{"tenderId": 61, "name": "Web", "type": "serviceTotal", "extensions": []}]}'
    ))  # fmt: skip
    there.script.on("GET /api/v1/discounts/collection", Say(
        b'{"items": [{"discountId": 31, "name": {"en-US": "Ten"}, "type": "percentage", "value": 10}]}'
    ))  # fmt: skip
    there.script.on("GET /api/v1/serviceCharges/collection", Say(b'[{"serviceChargeId": 5, "value": null}]'))
    api, at = there.client.configuration, there.connection
    unavailable, taxes = await api.get_unavailable(at, "b"), await api.get_taxes(at, "b")
    assert unavailable is not None
    assert taxes is not None
    assert unavailable.value.items[0].definitions[0].definition_sequence == 2
    assert taxes.value.tax_classes[0].active_tax_rate_refs == ("1", "2")
    assert taxes.value.tax_rates[0].percentage == Decimal("12.5")
    assert [(each.name, each.type) for each in await api.get_tenders(at, "b")] == [
        ({"": "Web"}, "serviceTotal")
    ]
    assert [each.value for each in await api.get_discounts(at, "b")] == [Decimal(10)]
    assert [each.value for each in await api.get_service_charges(at, "b")] == [None]


async def test_the_calculator_prices_what_would_be_posted(there: Scripted) -> None:
    said = b'{"header": {}, "totals": {"subtotal": 9.5, "totalDue": 9.50}, "taxes": [{"taxRateId": 1}]}'
    there.script.on("POST /api/v1/checks/calculator", Say(said))
    found = await there.client.calculate(there.connection, "b", new_check(tender="online"))
    assert found.totals.whole == Decimal("9.50")
    assert "Simphony-Features" not in there.script.asked[0].headers


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        (
            Say(b'{"title": "POS Error", "posDetails": [{"code": "menu_item_invalid"}]}', 400),
            CheckRefusedError,
        ),
        (Say(b"cut off"), OutcomeUnknownError),
        (Say(status=521), OutcomeUnknownError),
        (Say(status=401), TokenRejectedError),
    ],
)
async def test_what_the_calculator_comes_to(there: Scripted, said: Say, meaning: type[SimphonyError]) -> None:
    there.script.on("POST /api/v1/checks/calculator", said)
    with pytest.raises(meaning):
        await there.client.calculate(there.connection, "b", new_check())


@pytest.mark.parametrize("spelling", ["lines", "items"])
async def test_printed_lines_are_read_in_both_spellings(there: Scripted, spelling: str) -> None:
    there.script.on("GET /api/v1/checks/c/printed", Say(f'{{"{spelling}": ["Table 1", "  9.50"]}}'.encode()))
    assert await there.client.get_printed(there.connection, "b", "c") == ("Table 1", "  9.50")


@pytest.mark.parametrize(
    ("headers", "connected"),
    [({"Simphony-POS-Connected": "True"}, True), ({"Simphony-POS-Connected": "false"}, False), ({}, None)],
)
async def test_the_last_known_connection_is_read(
    there: Scripted, headers: dict[str, str], *, connected: bool | None
) -> None:
    there.script.on("HEAD /api/v1/checks/connectionStatus", Say(headers=headers))
    assert await there.client.find_connected(there.connection, "b") is connected


@pytest.mark.parametrize("status", [500, 503, 521, 0])
async def test_a_read_is_sent_again_when_simphony_cannot_answer_now(patient: Scripted, status: int) -> None:
    # aiohttp itself sends a read once more when its connection breaks: two broken ones are one attempt.
    failed = [Say(status=status)] * (2 if status == 0 else 1)
    patient.script.on("GET /api/v1/taxes", *failed, Say(b"{}"))
    assert await patient.client.configuration.get_taxes(patient.connection, "b") is not None
    assert len(patient.pauses) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 429, 501])
async def test_a_read_that_is_refused_is_not_sent_again(patient: Scripted, status: int) -> None:
    patient.script.on("GET /api/v1/taxes", Say(status=status))
    with pytest.raises(ReadFailedError) as failed:
        await patient.client.configuration.get_taxes(patient.connection, "b")
    assert (failed.value.status, len(patient.script.asked)) == (status, 1)


async def test_reading_again_ends(patient: Scripted) -> None:
    patient.script.on("GET /api/v1/taxes", Say(status=503))
    with pytest.raises(ReadUnansweredError):
        await patient.client.configuration.get_taxes(patient.connection, "b")
    assert len(patient.script.asked) == READ_AGAIN.attempts


@pytest.mark.parametrize("status", [500, 503, 521, 429, 0])
async def test_a_write_goes_out_once(patient: Scripted, status: int) -> None:
    patient.script.on("POST /api/v1/checks", Say(status=status))
    with pytest.raises((OutcomeUnknownError, ThrottledError)):
        await post(patient)
    assert len(patient.script.asked) == 1


async def test_a_dead_property_is_left_alone_while_its_menu_is_read(there: Scripted) -> None:
    there.script.on("POST /api/v1/checks", Say(status=521))
    there.script.on("GET /api/v1/taxes", Say(b"{}"))
    for _ in range(5):
        with pytest.raises(OutcomeUnknownError):
            await post(there)
    with pytest.raises(PausedError):
        await post(there)
    assert await there.client.configuration.get_taxes(there.connection, "b") is not None
    assert len(there.script.asked) == 6
    there.script.on("POST /api/v1/checks", Say(CHECK))
    there.clock.advance(2)
    await post(there)
    await post(there)


async def test_a_price_is_not_what_a_dead_property_is_probed_with(there: Scripted) -> None:
    there.script.on("POST /api/v1/checks", Say(status=521))
    for _ in range(5):
        with pytest.raises(OutcomeUnknownError):
            await post(there)
    there.script.on("POST /api/v1/checks", Say(CHECK))
    there.script.on("POST /api/v1/checks/calculator", Say(b'{"totals": {"subtotal": 1, "totalDue": 1}}'))
    there.clock.advance(2)
    with pytest.raises(PausedError):
        await there.client.calculate(there.connection, "b", new_check())
    assert len(there.script.asked) == 5
    await post(there)
    await there.client.calculate(there.connection, "b", new_check())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
async def test_what_the_service_or_the_check_is_at_fault_for_leaves_the_property_alone(
    there: Scripted, status: int
) -> None:
    there.script.on("POST /api/v1/checks", Say(b'{"title": "no"}', status))
    for _ in range(8):
        with pytest.raises(SimphonyError) as failed:
            await post(there)
        assert not isinstance(failed.value, PausedError)


async def test_who_is_throttled_comes_again_when_told_to(there: Scripted) -> None:
    there.script.on("POST /api/v1/checks", Say(status=429, headers={"Retry-After": "20"}), Say(CHECK))
    with pytest.raises(ThrottledError) as throttled:
        await post(there)
    assert throttled.value.retry_after == 20.0
    there.clock.advance(19)
    with pytest.raises(PausedError):
        await post(there)
    there.clock.advance(1)
    assert (await post(there)).check_ref == "c"


async def test_nobody_listening_is_told_apart_from_a_refusal(there: Scripted) -> None:
    nowhere = there.connection.model_copy(update={"api_url": "http://127.0.0.1:1"})
    with pytest.raises(UnreachableError):
        await there.client.post_round(nowhere, "b", new_round("c"))


async def test_notifications_are_registered_and_subscribed_to(there: Scripted) -> None:
    key = WebhookKey.of_account(b"secret", "account")
    wanted = Subscription(
        callback_uri="https://a.com/x",
        message_type=CONFIGURATION,
        org_short_name="acme",
        loc_ref="store01",
        rvc_ref=7,
    )
    answer = b'{"subscriptionId": "s 1", "callbackUri": "https://a.com/x", "rvcRef": "7"}'
    there.script.on("PUT /api/v1/notifications/registration", Say(status=204))
    there.script.on("GET /api/v1/notifications/discovery", Say(b'{"items": [{"id": "CheckNotification"}]}'))
    there.script.on("POST /api/v1/notifications/subscriptions", Say(answer, 201))
    there.script.on("GET /api/v1/notifications/subscriptions", Say(b'{"items": [' + answer + b"]}"))
    there.script.on("DELETE /api/v1/notifications/subscriptions/s%201", Say(status=204))
    api, at = there.client.notifications, there.connection
    await api.register(at, "b", key)
    assert await api.get_message_types(at, "b") == ("CheckNotification",)
    assert (await api.subscribe(at, "b", wanted)).subscription_id == "s 1"
    assert [each.rvc_ref for each in await api.get_subscriptions(at, "b")] == [7]
    await api.unsubscribe(at, "b", "s 1")
    await api.unregister(at, "b")
    bodies = [json.loads(each.body) for each in there.script.asked if each.body]
    assert bodies == [
        {"keyId": str(key.key_id), "hmacKey": key.text, "keyType": "hmac-sha256"},
        {
            "callbackUri": "https://a.com/x",
            "messageType": {"id": "ConfigurationNotification"},
            "postOfficeOptions": {"PostOfficeType": "PushOnePostOffice"},
            "orgShortName": "acme",
            "locRef": "store01",
            "rvcRef": "7",
        },
    ]


async def signed_in(there: Scripted) -> Tokens:
    cookies = {"Set-Cookie": "client_id=client==; Path=/; HttpOnly"}
    there.script.on(
        f"GET {OAUTH}/authorize", Say(status=303, headers={**cookies, "Location": "apiaccount://x"})
    )
    there.script.on(f"POST {OAUTH}/signin", Say(
        b'{"success": "true", "nextOp": "redirect", "redirectUrl": "?code=a%2Fb"}'
    ))  # fmt: skip
    there.script.on(f"POST {OAUTH}/token", Say(
        b'{"id_token": "i", "access_token": "a", "refresh_token": "r1", "expires_in": "864000"}'
    ))  # fmt: skip
    return await there.sign_in.sign_in(there.account, "secret")


async def test_signing_in_carries_cookies_by_hand_and_follows_nothing(there: Scripted) -> None:
    tokens = await signed_in(there)
    authorize, sign_in, token = there.script.asked
    form = parse_qs(token.body.decode())
    assert authorize.query["code_challenge"] == s256(tokens.code_verifier)
    assert authorize.query["code_challenge_method"] == "S256"
    assert sign_in.headers["Cookie"] == "client_id=client=="
    assert (form["code"], form["code_verifier"]) == (["a/b"], [tokens.code_verifier])
    assert tokens.expires_at == there.clock.now() + timedelta(days=10)


@pytest.mark.parametrize("rotates", [True, False])
async def test_a_refresh_gives_newer_tokens(there: Scripted, *, rotates: bool) -> None:
    tokens = await signed_in(there)
    newer = {"id_token": "i2", "expires_in": 60, **({"refresh_token": "r2"} if rotates else {})}
    there.script.on(f"POST {OAUTH}/token", Say(json.dumps(newer).encode()))
    fresh = await there.sign_in.refresh(there.account, tokens)
    assert (fresh.id_token, fresh.refresh_token) == ("i2", "r2" if rotates else "r1")
    assert fresh.code_verifier == tokens.code_verifier
    assert parse_qs(there.script.asked[-1].body.decode()) == {
        "grant_type": ["refresh_token"],
        "client_id": ["client="],
        "scope": ["openid"],
        "redirect_uri": ["apiaccount://callback"],
        "refresh_token": ["r1"],
        "code_verifier": [tokens.code_verifier],
    }


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ({"id_token": "i2", "access_token": None, "refresh_token": "r2"}, ("i2", "", "r2")),
        ({"id_token": "i2", "access_token": "a2", "refresh_token": None}, ("i2", "a2", "r1")),
        ({"id_token": None, "access_token": "a2", "refresh_token": "r2"}, ("i", "a2", "r2")),
        ({"access_token": "a2", "refresh_token": "r2"}, ("i", "a2", "r2")),
    ],
)
async def test_tokens_of_an_answer_that_leaves_one_out_are_kept(
    there: Scripted, answer: dict[str, str | None], kept: tuple[str, str, str]
) -> None:
    tokens = await signed_in(there)
    there.script.on(f"POST {OAUTH}/token", Say(json.dumps(answer | {"expires_in": 60}).encode()))
    fresh = await there.sign_in.refresh(there.account, tokens)
    assert (fresh.id_token, fresh.access_token, fresh.refresh_token) == kept


@pytest.mark.parametrize(
    ("said", "reason", "in_doubt"),
    [
        (Say(b'{"status": 401, "code": "RECORD_NOT_FOUND"}', 401), SignInFailure.REFRESH_REFUSED, False),
        (Say(b'{"status": 400, "code": "VALIDATION_ERRORS"}', 400), SignInFailure.REFRESH_REFUSED, False),
        (Say(status=503), SignInFailure.UNEXPECTED_ANSWER, True),
        (Say(b'{"refresh_token": "r2"}'), SignInFailure.UNEXPECTED_ANSWER, True),
        (Say(b'{"refresh_token": "r2", "expires_in": 60}'), SignInFailure.UNEXPECTED_ANSWER, True),
        (Say(status=0), SignInFailure.ANSWER_LOST, True),
    ],
)
async def test_why_a_refresh_failed(
    there: Scripted, said: Say, reason: SignInFailure, *, in_doubt: bool
) -> None:
    tokens = await signed_in(there)
    there.script.on(f"POST {OAUTH}/token", said)
    with pytest.raises(SignInFailedError) as failed:
        await there.sign_in.refresh(there.account, tokens)
    assert (failed.value.reason, failed.value.reason.may_have_rotated) == (reason, in_doubt)
    assert "r2" not in str(failed.value)


async def test_a_code_that_was_used_before_is_refused(there: Scripted) -> None:
    await signed_in(there)
    used = b'{"status": 401, "message": "AUTHENTICATION_CODE_NOT_FOUND", "code": "RECORD_NOT_FOUND"}'
    there.script.on(f"POST {OAUTH}/token", Say(used, 401))
    with pytest.raises(SignInFailedError) as failed:
        await there.sign_in.sign_in(there.account, "secret")
    assert failed.value.reason is SignInFailure.CODE_REFUSED


async def test_the_reset_token_of_an_expired_password_is_kept_nowhere(there: Scripted) -> None:
    await signed_in(there)
    expired = b'{"success": true, "nextOp": "expired", "redirectUrl": "?token=reset-me"}'
    there.script.on(f"POST {OAUTH}/signin", Say(expired))
    with pytest.raises(SignInFailedError) as failed:
        await there.sign_in.sign_in(there.account, "secret")
    assert failed.value.reason is SignInFailure.PASSWORD_EXPIRED
    assert "reset-me" not in repr(failed.value)
