"""What every call has in common: its headers, who may make it, and how it is refused."""

from typing import Any

import pytest
from tests.simphony import Simulation, new_check, new_round
from tests.simphony_caller import QUERY, SITE, Caller, check, opened, set_oddity, set_up

from muneris.simphony.errors import (
    CheckRefusedError,
    NotSentError,
    OutcomeUnknownError,
    SimphonyError,
    TokenRejectedError,
)
from muneris.simphony.model import CheckLine

source = pytest.mark.source

ORG = "/api/v1/organizations"
LOCATIONS = f"{ORG}/muneris-demo/locations"
CHECKS = "/api/v1/checks"
MENU = "/api/v1/menus/muneris-demo:cph01:1"
BY_HEADERS = [
    ("POST", CHECKS), ("POST", f"{CHECKS}/calculator"), ("POST", f"{CHECKS}/x/round"), ("GET", CHECKS),
    ("GET", f"{CHECKS}/x"), ("GET", f"{CHECKS}/x/printed"), ("DELETE", f"{CHECKS}/x"),
    ("HEAD", f"{CHECKS}/connectionStatus"), ("GET", MENU), ("GET", MENU.replace("v1", "v2")),
]  # fmt: skip
BY_QUERY = [
    ("GET", f"/api/v1/{path}")
    for path in (
        "menus/summary", "menus/items/unavailable", "tenders/collection", "taxes", "discounts/collection",
        "serviceCharges/collection", "barcodes/collection", "employees",
    )
]  # fmt: skip
BY_PATH = [
    ("GET", path)
    for path in (
        ORG, f"{ORG}/muneris-demo", LOCATIONS, f"{LOCATIONS}/cph01", f"{LOCATIONS}/cph01/revenueCenters",
        f"{LOCATIONS}/cph01/revenueCenters/1", "/api/v1/search/locations", "/api/v1/search/revenueCenters",
    )
]  # fmt: skip
NOTIFICATIONS = [
    (method, f"/api/v1/notifications/{path}")
    for method, path in (
        ("GET", "discovery"), ("PUT", "registration"), ("POST", "registration"), ("DELETE", "registration"),
        ("GET", "subscriptions"), ("POST", "subscriptions"), ("DELETE", "subscriptions"),
        ("GET", "subscriptions/x"), ("DELETE", "subscriptions/x"),
    )
]  # fmt: skip


@source("stsgg/header_params", "stsgg/status_codes", "collection")
@pytest.mark.parametrize(("method", "path"), [*BY_HEADERS, *BY_QUERY, *BY_PATH, *NOTIFICATIONS])
async def test_every_operation_there_is_needs_a_bearer(call: Caller, method: str, path: str) -> None:
    refused = await call(method, path, headers={"Authorization": "Bearer forged"})
    assert (refused.status, refused.body and refused.body["title"]) == (
        401, None if method == "HEAD" else "Unauthorized",
    )  # fmt: skip
    answered = await call(method, path, body={} if method in {"POST", "PUT"} else None)
    assert answered.status not in {401, 405}
    is_missing = answered.status == 404 and answered.body["instance"] == "error:service"
    assert not is_missing


@source("stsgg/header_params", "collection")
@pytest.mark.parametrize("lost", [*SITE])
@pytest.mark.parametrize(("method", "path"), BY_HEADERS)
async def test_checks_and_a_menu_name_their_revenue_center_in_headers(
    call: Caller, method: str, path: str, lost: str
) -> None:
    body = check(1, checkRef="x") if method == "POST" else None
    refused = await call(method, path, body=body, headers={lost: ""})
    assert (refused.status, refused.body and refused.body["detail"]) == (
        400, None if method == "HEAD" else f"Missing: {lost}",
    )  # fmt: skip


@source("stsgg/header_params")
async def test_revenue_center_is_a_number(call: Caller) -> None:
    assert (await call("GET", CHECKS, headers={"Simphony-RvcRef": "bar"})).status == 400
    assert (await call("GET", "/api/v1/taxes", params={**QUERY, "RvcRef": "bar"})).status == 400


@source("stsgg/header_params")
async def test_names_and_values_are_without_case_and_come_back_in_lower_case(call: Caller) -> None:
    headers = {name.upper(): value.upper() for name, value in SITE.items()}
    header = {"orgShortName": "MUNERIS-Demo", "locRef": "CPH01"}
    posted = await call("POST", CHECKS, body=check(1, **header), headers=headers)
    assert posted.status == 200
    found = await call("GET", "/api/v1/menus/items/unavailable", params=QUERY)
    assert (found.body["orgShortName"], found.body["locRef"]) == ("muneris-demo", "cph01")


@source("stsgg/header_params")
async def test_the_revenue_center_in_the_body_counts(call: Caller) -> None:
    await call("PUT", "/sim/menus/muneris-demo/cph01/2", body=(await call("GET", MENU)).body)
    posted = await call("POST", CHECKS, body=check(1, rvcRef=2), headers={"Simphony-RvcRef": "1"})
    ref = posted.body["header"]["checkRef"]
    assert posted.body["header"]["rvcRef"] == 2
    assert (await call("GET", f"{CHECKS}/{ref}")).status == 404
    assert (await call("GET", f"{CHECKS}/{ref}", headers={"Simphony-RvcRef": "2"})).status == 200


@source("stsgg/header_params", "collection")
async def test_we_name_the_revenue_center_the_same_in_headers_and_body(simulation: Simulation) -> None:
    client, at, bearer = simulation.client, simulation.connection, simulation.bearer
    posted = await client.post_check(at, bearer, new_check())
    await client.post_round(at, bearer, new_round(posted.check_ref))
    await client.calculate(at, bearer, new_check())
    for asked in simulation.asked[-3:]:
        named = {name: asked.headers[name] for name in SITE}
        assert named == {
            "Simphony-OrgShortName": "muneris-demo", "Simphony-LocRef": "cph01", "Simphony-RvcRef": "1",
        }  # fmt: skip
        assert b'"orgShortName":"muneris-demo","locRef":"cph01","rvcRef":1' in asked.body.replace(b" ", b"")


@source("collection")
async def test_we_send_json_ask_for_json_and_name_a_language(simulation: Simulation) -> None:
    client, bearer = simulation.client, simulation.bearer
    at = simulation.connection.model_copy(update={"language": "da-DK"})
    posted = await client.post_check(at, bearer, new_check())
    await client.post_round(at, bearer, new_round(posted.check_ref))
    await client.calculate(at, bearer, new_check())
    await client.get_printed(at, bearer, posted.check_ref)
    named = [b'"language":"da-DK"' in asked.body.replace(b" ", b"") for asked in simulation.asked[-4:]]
    assert named == [True, True, True, False]
    assert [
        (each.headers["Accept"], each.headers["Accept-Language"], each.headers.get("Content-Type"))
        for each in simulation.asked[-4:]
    ] == [
        *[("application/json", "da-DK", "application/json")] * 3,
        ("application/json", "da-DK", None),
    ]  # fmt: skip


@source("stsgg/detect_dup_requests", "stsgg/header_params")
async def test_we_ask_for_the_detection_of_duplicates_where_something_is_written(
    simulation: Simulation,
) -> None:
    client, at, bearer = simulation.client, simulation.connection, simulation.bearer
    posted = await client.post_check(at, bearer, new_check())
    await client.post_round(at, bearer, new_round(posted.check_ref))
    await client.calculate(at, bearer, new_check())
    assert [each.headers.get("Simphony-Features") for each in simulation.asked[-3:]] == [
        "detect-duplicate-request", "detect-duplicate-request", None,
    ]  # fmt: skip


@source("rause/c_API_accounts", "stsgg/create_account")
async def test_account_of_some_locations_may_not_see_others(call: Caller) -> None:
    await call("PUT", "/sim/menus/muneris-demo/cph02/1", body={})
    account = {"clientId": "client=", "password": "password", "locations": ["CPH02"]}
    await call("PUT", "/sim/accounts/muneris-demo/api", body=account)
    refused = await call("GET", f"{LOCATIONS}/cph01")
    assert (refused.status, refused.body["title"]) == (403, "Forbidden")
    assert (await call("GET", "/api/v1/checks")).status == 403
    assert (await call("GET", f"{LOCATIONS}/cph02")).status == 200
    assert (await call("GET", f"{ORG}/other")).status == 403


@source("stsgg/problem_details")
async def test_refusal_is_a_problem_document_and_says_what_the_pos_objects_to(call: Caller) -> None:
    refused = await call("POST", CHECKS, body=check() | {"menuItems": [{"menuItemId": 1}]})
    detail = "No menu item 1 with definition 1 and price 1"
    assert (refused.status, refused.body) == (
        400,
        {
            "type": "error:pos", "title": "POS Error", "status": 400, "detail": detail,
            "instance": "error:pos-error",
            "posDetails": [{"code": "menu_item_invalid", "message": detail}],
        },
    )  # fmt: skip


@source("stsgg/problem_details", "seen")
@pytest.mark.parametrize(
    ("change", "title", "instance"),
    [
        ({"checkEmployeeRef": None}, "Required value not specified.", "required_value_missing"),
        ({"idempotencyId": "short"}, "Check is invalid.", "error:check_validation_failure"),
        ({"orderTypeRef": 77}, "POS Error", "error:pos-error"),
    ],
)
async def test_refusals_have_these_titles_and_instances(
    call: Caller, change: dict[str, Any], title: str, instance: str
) -> None:
    body = check(1, **change)
    body["header"] = {name: value for name, value in body["header"].items() if value is not None}
    refused = await call("POST", CHECKS, body=body)
    assert (refused.status, refused.body["title"], refused.body["instance"]) == (400, title, instance)


@source("stsgg/problem_details")
@pytest.mark.parametrize(("spelling", "name"), [("detail", "detail"), ("details", "details")])
async def test_problems_name_their_text_in_two_ways(call: Caller, spelling: str, name: str) -> None:
    await set_oddity(call, problemText=spelling)
    problem = (await call("GET", f"{ORG}/none")).body
    assert problem.keys() == {"type", "title", "status", name, "instance"}


@source("stsgg/problem_details")
@pytest.mark.parametrize("spelling", ["detail", "details"])
async def test_we_read_the_text_of_a_problem_in_both_spellings(
    simulation: Simulation, call: Caller, spelling: str
) -> None:
    await set_oddity(call, problemText=spelling)
    late = new_check(lines=(CheckLine(menu_item_id=11001, quantity=0),))
    with pytest.raises(CheckRefusedError, match=r"Check is invalid\. menuItems\.0\.quantity"):
        await simulation.client.post_check(simulation.connection, simulation.bearer, late)


@source("stsgg/problem_details", "seen")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        (CheckLine(menu_item_id=11005, definition_sequence=2), "menu_item_not_available"),
        (CheckLine(menu_item_id=1), "menu_item_invalid"),
        (CheckLine(menu_item_id=11002), "general_pos_error"),
    ],
)
async def test_we_tell_what_the_pos_objects_to(
    simulation: Simulation, call: Caller, line: CheckLine, code: str
) -> None:
    await set_up(call, terms={"soldOut": [{"menuItemId": 11005, "definitions": [{"definitionSequence": 2}]}]})
    with pytest.raises(CheckRefusedError) as refused:
        await simulation.client.post_check(simulation.connection, simulation.bearer, new_check(lines=(line,)))
    assert [each.code for each in refused.value.pos_details] == [code]
    assert await simulation.check_count() == 0


@source("stsgg/status_codes", "simcg/t_sts_gen2_location_req")
@pytest.mark.parametrize(
    ("setup", "meaning", "status"),
    [
        ({"isEnabled": False}, NotSentError, 403),
        ({"link": "disconnected"}, OutcomeUnknownError, 503),
        ({"link": "silent"}, OutcomeUnknownError, 521),
    ],
)
async def test_property_out_of_reach_takes_no_check(
    simulation: Simulation, call: Caller, setup: dict[str, object], meaning: type[SimphonyError], status: int
) -> None:
    await set_up(call, **setup)
    with pytest.raises(meaning, match=str(status)):
        await simulation.client.post_check(simulation.connection, simulation.bearer, new_check())
    assert await simulation.check_count() == 0


@source("stsgg/status_codes")
async def test_we_tell_an_unknown_revenue_center_and_a_wrong_bearer_from_a_refusal(
    simulation: Simulation,
) -> None:
    client, at = simulation.client, simulation.connection
    with pytest.raises(NotSentError, match="404 Not found"):
        await client.post_check(at.model_copy(update={"rvc_ref": 9}), simulation.bearer, new_check())
    with pytest.raises(TokenRejectedError):
        await client.post_check(at, "forged", new_check())
    assert await simulation.check_count() == 0


@source("stsgg/status_codes")
async def test_500_may_come_with_a_body_of_its_own_and_leaves_the_outcome_open(
    simulation: Simulation,
) -> None:
    said = '{"exceptionDetailType": "System.Exception", "message": "?"}'
    await simulation.break_it(kind="status", status=500, body=said, executed=True)
    with pytest.raises(OutcomeUnknownError, match="500"):
        await simulation.client.post_check(simulation.connection, simulation.bearer, new_check())
    assert await simulation.check_count() == 1


@source("stsgg/status_codes")
async def test_every_kind_of_success_is_answered(call: Caller) -> None:
    ref = await opened(call)
    menu = await call("GET", MENU)
    known = await call("GET", MENU, headers={"If-None-Match": menu.headers["ETag"]})
    await set_oddity(call, writeStatus=201)
    created = await call("POST", CHECKS, body=check(2))
    voided = await call("DELETE", f"{CHECKS}/{ref}")
    assert [each.status for each in (menu, created, voided, known)] == [200, 201, 204, 304]
    assert known.body is None


@source("stsgg/header_params")
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer forged", "Basic x"])
async def test_bearer_is_required(call: Caller, authorization: str) -> None:
    refused = await call("GET", "/api/v1/organizations", headers={"Authorization": authorization})
    assert (refused.status, refused.body["title"]) == (401, "Unauthorized")
