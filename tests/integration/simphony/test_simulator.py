"""The simulator's contract, as a client of any kind sees it."""

import asyncio
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
from tests.serving import running
from tests.simphony import Simulation

from localcloud.azurite.process import accepts
from localcloud.simulators.simphony import SimphonyConfig, serve

SITE = {"Simphony-OrgShortName": "MUNERIS-DEMO", "Simphony-LocRef": "CPH01", "Simphony-RvcRef": "1"}
DETECT = {"Simphony-Features": "enable-condiment-prefix, detect-duplicate-request"}
OAUTH = "/oidc-provider/v1/oauth2"
VERIFIER = "v" * 43


@dataclass
class Seen:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any


@dataclass
class Caller:
    """Plain HTTP against the simulator, with a valid bearer unless told otherwise."""

    simulation: Simulation

    async def __call__(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: dict[str, str] | None = None,
        **more: Any,  # noqa: ANN401 - whatever aiohttp takes
    ) -> Seen:
        sent = {"Authorization": f"Bearer {self.simulation.bearer}", **SITE, **(headers or {})}
        url = self.simulation.url + path
        async with self.simulation.session.request(method, url, json=body, headers=sent, **more) as response:
            is_json = response.content_type == "application/json" and response.status != 304
            return Seen(response.status, response.headers, await response.json() if is_json else None)


@pytest.fixture
def call(simulation: Simulation) -> Caller:
    return Caller(simulation)


def check(number: int = 1, **header: object) -> dict[str, Any]:
    return {
        "header": {
            "orgShortName": "Muneris-Demo", "locRef": "cph01", "rvcRef": 1, "checkEmployeeRef": 1,
            "orderTypeRef": 1, "idempotencyId": f"{number:032x}", **header,
        },
        "menuItems": [{"menuItemId": 11001}],
    }  # fmt: skip


async def test_id_without_the_feature_makes_a_second_check(call: Caller) -> None:
    first = await call("POST", "/api/v1/checks", body=check())
    second = await call("POST", "/api/v1/checks", body=check())
    assert first.body["header"]["checkRef"] != second.body["header"]["checkRef"]
    assert (first.status, len((await call("GET", "/sim/checks")).body["items"])) == (200, 2)


async def test_refused_write_may_be_repeated(call: Caller) -> None:
    body = check() | {"menuItems": [{"menuItemId": 1}]}
    refused = await call("POST", "/api/v1/checks", body=body, headers=DETECT)
    accepted = await call("POST", "/api/v1/checks", body=check(), headers=DETECT)
    assert (refused.status, accepted.status) == (400, 200)
    assert "isCachedResponse" not in accepted.body["header"]


async def test_simultaneous_repeats_make_one_check(call: Caller) -> None:
    repeats = (call("POST", "/api/v1/checks", body=check(), headers=DETECT) for _ in range(20))
    refs = {seen.body["header"]["checkRef"] for seen in await asyncio.gather(*repeats)}
    assert len(refs) == 1


async def test_list_omits_the_idempotency_id(call: Caller) -> None:
    posted = await call("POST", "/api/v1/checks", body=check())
    entry = (await call("GET", "/api/v1/checks?sinceTime=2030-05-04T10:02Z")).body["items"][0]
    assert posted.body["header"].pop("idempotencyId") == f"{1:032x}"
    assert entry == posted.body


async def test_list_is_filtered(call: Caller) -> None:
    paid = check(1) | {"tenders": [{"tenderId": 61}]}
    await call("POST", "/api/v1/checks", body=paid)
    await call("POST", "/api/v1/checks", body=check(2))

    async def numbers(query: str) -> list[int]:
        seen = await call("GET", f"/api/v1/checks?{query}")
        return [each["header"]["checkNumber"] for each in seen.body["items"]]

    assert await numbers("") == [1002]
    assert await numbers("includeClosed=true") == [1001, 1002]
    assert await numbers("includeClosed=true&checkNumbers=1001,7") == [1001]
    assert (await call("GET", "/api/v1/checks?sinceTime=yesterday")).status == 400


async def test_check_is_found_by_its_reference(call: Caller) -> None:
    posted = await call("POST", "/api/v1/checks", body=check())
    ref = posted.body["header"]["checkRef"]
    assert re.fullmatch(r"[0-9a-f]{32}00001001", ref)
    assert (await call("GET", f"/api/v1/checks/{ref}")).body == posted.body
    assert (await call("GET", "/api/v1/checks/unknown")).status == 404


async def opened(call: Caller, number: int = 1, **more: object) -> str:
    """The reference of a new check."""
    posted = await call("POST", "/api/v1/checks", body=check(number) | more)
    return str(posted.body["header"]["checkRef"])


async def add_round(call: Caller, ref: str, number: int = 10, **more: object) -> Seen:
    return await call("POST", f"/api/v1/checks/{ref}/round", body=check(number, checkRef=ref) | more)


async def test_round_must_say_its_check_twice(call: Caller) -> None:
    ref = await opened(call)
    other = await call("POST", f"/api/v1/checks/{ref}/round", body=check(10, checkRef="other"))
    silent = await call("POST", f"/api/v1/checks/{ref}/round", body=check(10))
    empty = await add_round(call, ref, menuItems=[])
    assert [seen.body["title"] for seen in (other, silent, empty)] == [
        "Check is invalid.", "Required value not specified.", "Check is invalid.",
    ]  # fmt: skip
    assert len((await call("GET", f"/api/v1/checks/{ref}")).body["menuItems"]) == 1


async def test_round_of_a_tender_alone_pays_and_closes(call: Caller) -> None:
    ref = await opened(call)
    paid = await add_round(call, ref, menuItems=[], tenders=[{"tenderId": 61}])
    assert (paid.status, paid.body["header"]["status"], paid.body["totals"]["paymentTotal"]) == (
        200, "closed", 95.00,
    )  # fmt: skip
    assert (await call("DELETE", f"/api/v1/checks/{ref}")).status == 400


async def test_refused_round_changes_nothing(call: Caller) -> None:
    ref = await opened(call)
    before = (await call("GET", f"/api/v1/checks/{ref}")).body
    assert (await add_round(call, ref, menuItems=[{"menuItemId": 1}])).status == 400
    assert (await call("GET", f"/api/v1/checks/{ref}")).body == before


async def test_round_without_the_feature_is_added_again(call: Caller) -> None:
    ref = await opened(call)
    await add_round(call, ref)
    assert len((await add_round(call, ref)).body["menuItems"]) == 3


async def test_extensions_of_a_round_and_of_its_items_come_back(call: Caller) -> None:
    ref = await opened(call)
    mark: dict[str, Any] = {
        "extensions": [{"appName": "a", "dataName": "n", "data": "1", "options": ["includeInApiResponse"]}]
    }
    added = await add_round(call, ref, menuItems=[{"menuItemId": 11001, **mark}], **mark)
    assert [len(item["extensions"]) for item in added.body["menuItems"]] == [0, 1]
    assert [each["data"] for each in added.body["extensions"]] == ["1"]


async def test_void_is_for_open_checks_of_its_revenue_center(call: Caller) -> None:
    ref = await opened(call)
    elsewhere = await call("DELETE", f"/api/v1/checks/{ref}", headers={"Simphony-RvcRef": "2"})
    unnamed = await call("DELETE", f"/api/v1/checks/{ref}", headers={"Simphony-RvcRef": ""})
    voided = await call("DELETE", f"/api/v1/checks/{ref}")
    again = await call("DELETE", f"/api/v1/checks/{ref}")
    assert [seen.status for seen in (elsewhere, unnamed, voided, again)] == [404, 400, 204, 400]
    assert again.body["posDetails"] == [{"code": "general_pos_error", "message": "Check 1001 is voided"}]


async def test_voided_check_is_listed_with_the_closed_ones(call: Caller) -> None:
    ref = await opened(call)
    await call("DELETE", f"/api/v1/checks/{ref}")
    assert (await call("GET", "/api/v1/checks")).body == {"items": []}
    listed = (await call("GET", "/api/v1/checks?includeClosed=true")).body["items"]
    assert [each["header"]["status"] for each in listed] == ["voided"]


async def test_check_paid_in_part_is_not_voided(call: Caller) -> None:
    ref = await opened(call, tenders=[{"tenderId": 61, "total": 10}])
    refused = await call("DELETE", f"/api/v1/checks/{ref}")
    assert (refused.status, refused.body["posDetails"][0]["code"]) == (400, "general_pos_error")
    assert (await call("GET", f"/api/v1/checks/{ref}")).body["header"]["status"] == "open"


async def test_check_is_closed_once_at_the_till(call: Caller) -> None:
    ref = await opened(call)
    assert [(await call("POST", f"/sim/checks/{each}/close")).status for each in (ref, ref, "x")] == [
        204, 400, 404,
    ]  # fmt: skip


async def test_only_extensions_meant_to_return_do(call: Caller) -> None:
    shown = {"appName": "a", "dataName": "n", "data": "1", "options": ["includeInApiResponse"]}
    hidden = {"appName": "a", "dataName": "n", "data": "2", "options": ["printOnReceipt"]}
    posted = await call("POST", "/api/v1/checks", body=check() | {"extensions": [shown, hidden]})
    assert [each["data"] for each in posted.body["extensions"]] == ["1"]


async def test_calculator_stores_nothing(call: Caller) -> None:
    paid = check() | {"tenders": [{"tenderId": 61}]}
    calculated = await call("POST", "/api/v1/checks/calculator", body=paid)
    assert calculated.body["totals"]["totalDue"] == 95.00
    assert "checkRef" not in calculated.body["header"]
    assert (await call("GET", "/sim/checks")).body == {"items": []}


@pytest.mark.parametrize("name", ["orgShortName", "idempotencyId", "checkEmployeeRef", "orderTypeRef"])
async def test_missing_value_is_named(call: Caller, name: str) -> None:
    body = check()
    del body["header"][name]
    refused = await call("POST", "/api/v1/checks", body=body)
    assert (refused.status, refused.body) == (
        400,
        {
            "type": "error:validation",
            "title": "Required value not specified.",
            "status": 400,
            "detail": f"Missing: header.{name}",
            "instance": "required_value_missing",
        },
    )


async def test_missing_header_is_named(call: Caller) -> None:
    refused = await call("POST", "/api/v1/checks", body=check(), headers={"Simphony-LocRef": ""})
    assert (refused.status, refused.body["detail"]) == (400, "Missing: Simphony-LocRef")


@pytest.mark.parametrize("write_id", ["short", "E63119C2B9DAA452E0E518BA268AFC1E"])
async def test_id_must_be_32_lower_case_hex_digits(call: Caller, write_id: str) -> None:
    refused = await call("POST", "/api/v1/checks", body=check(idempotencyId=write_id))
    assert (refused.status, refused.body["instance"]) == (400, "error:check_validation_failure")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer forged", "Basic x"])
async def test_bearer_is_required(call: Caller, authorization: str) -> None:
    refused = await call("GET", "/api/v1/organizations", headers={"Authorization": authorization})
    assert (refused.status, refused.body["title"]) == (401, "Unauthorized")


async def test_menu_makes_its_revenue_center_exist(call: Caller) -> None:
    menu = {
        "menuItems": [
            {
                "menuItemId": 7,
                "name": {"en-US": "Soup"},
                "definitions": [{"definitionSequence": 1, "prices": [{"priceSequence": 1, "price": 0.10}]}],
            }
        ]
    }
    place = {"orgShortName": "acme", "locRef": "Store01", "rvcRef": 3}
    soup = check(1, **place) | {"menuItems": [{"menuItemId": 7, "quantity": 3}]}
    assert (await call("POST", "/api/v1/checks", body=soup)).status == 404
    assert (await call("PUT", "/sim/menus/ACME/store01/3", body=menu)).status == 200
    assert (await call("POST", "/api/v1/checks", body=soup)).body["totals"]["subtotal"] == 0.30
    assert (await call("GET", "/api/v1/organizations/acme/locations/store01/revenueCenters/3")).status == 200
    refused = await call("PUT", "/sim/menus/acme/store01/3", body={"menuItems": [{}]})
    assert (refused.status, refused.body["instance"]) == (400, "required_value_missing")


async def test_menu_answers_conditional_requests(call: Caller) -> None:
    path = "/api/v1/menus/muneris-demo:cph01:1"
    menu = await call("GET", path)
    by_tag = await call("GET", path, headers={"If-None-Match": menu.headers["ETag"]})
    by_date = await call("GET", path, headers={"If-Modified-Since": menu.headers["Last-Modified"]})
    other = await call("GET", path, headers={"If-None-Match": '"other"'})
    assert [menu.status, by_tag.status, by_date.status, other.status] == [200, 304, 304, 200]


async def test_reset_forgets_checks_and_faults(call: Caller) -> None:
    await call("POST", "/api/v1/checks", body=check(), headers=DETECT)
    await call("POST", "/sim/faults", body={"kind": "refuse", "path_prefix": "/api"})
    assert (await call("GET", "/api/v1/organizations")).status == 503
    assert (await call("POST", "/sim/reset")).status == 204
    assert (await call("GET", "/sim/checks")).body == {"items": []}
    again = await call("POST", "/api/v1/checks", body=check(), headers=DETECT)
    assert "isCachedResponse" not in again.body["header"]


async def test_fault_hits_as_often_as_it_says(call: Caller) -> None:
    fault = {"kind": "status", "status": 418, "body": "{}", "method": "get", "count": 2}
    added = await call("POST", "/sim/faults", body=fault)
    statuses = [(await call("GET", "/api/v1/organizations")).status for _ in range(3)]
    assert (added.status, statuses) == (201, [418, 418, 200])
    assert (await call("GET", "/sim/faults")).body == {"items": []}


@pytest.mark.parametrize("fault", [{"kind": "fire"}, {}, {"kind": "delay", "minutes": 1}])
async def test_unknown_fault_is_refused(call: Caller, fault: dict[str, object]) -> None:
    assert (await call("POST", "/sim/faults", body=fault)).status == 400


async def sign_in(call: Caller) -> str:
    """The code of a signed-in account whose verifier is `VERIFIER`."""
    challenge = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    cookies = {"Cookie": f"client_id=client=; code_challenge={challenge}"}
    form = {"username": "api", "password": "secret", "orgname": "acme"}
    seen = await call("POST", f"{OAUTH}/signin", headers=cookies, data=form)
    assert (seen.body["success"], seen.body["nextOp"]) == (True, "redirect")
    return str(seen.body["redirectUrl"]).partition("code=")[2]


def redeeming(code: str, verifier: str = VERIFIER) -> dict[str, str]:
    return {
        "grant_type": "authorization_code", "client_id": "client=", "code": code, "code_verifier": verifier,
    }  # fmt: skip


async def test_code_is_good_for_one_verifier(call: Caller) -> None:
    wrong = await call("POST", f"{OAUTH}/token", data=redeeming(await sign_in(call), "w" * 43))
    assert (wrong.status, wrong.body) == (
        401,
        {"status": 401, "message": "AUTHENTICATION_CODE_NOT_FOUND", "code": "RECORD_NOT_FOUND"},
    )


async def test_code_is_good_once(call: Caller) -> None:
    code = await sign_in(call)
    statuses = [(await call("POST", f"{OAUTH}/token", data=redeeming(code))).status for _ in range(2)]
    assert statuses == [200, 401]


async def test_refresh_token_rotates(call: Caller) -> None:
    first = (await call("POST", f"{OAUTH}/token", data=redeeming(await sign_in(call)))).body
    form = {
        "grant_type": "refresh_token", "client_id": "client=", "refresh_token": first["refresh_token"],
    }  # fmt: skip
    second = await call("POST", f"{OAUTH}/token", data=form)
    assert (second.status, second.body["refresh_token"] != first["refresh_token"]) == (200, True)
    assert (await call("POST", f"{OAUTH}/token", data=form)).status == 401
    assert (await call("GET", "/sim/tokens")).body == {
        "authorized": 1, "signed_in": 2, "codes_redeemed": 2, "refreshed": 1, "refused": 1,
    }  # fmt: skip


async def test_sign_in_needs_its_cookies(call: Caller) -> None:
    form = {"username": "api", "password": "secret", "orgname": "acme"}
    assert (await call("POST", f"{OAUTH}/signin", data=form)).status == 400


async def test_serves_until_it_is_cancelled(ports: Callable[[int], list[int]]) -> None:
    port = ports(1)[0]
    async with (
        running(serve(SimphonyConfig(port=port)), port),
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/sim/checks") as response,
    ):
        assert await response.json() == {"items": []}
    assert not await accepts(port)
