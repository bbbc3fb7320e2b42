"""The Checks API: opening, adding, reading, printing, voiding; the header of a check."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.simphony import Simulation, new_check, new_round
from tests.simphony_caller import (
    BURGER,
    CHECKS,
    LUNCH,
    Caller,
    add_round,
    check,
    opened,
    pos_code,
    set_oddity,
    set_up,
)

from localcloud.simulators.simphony import SimphonyConfig
from muneris.simphony.client import WRITE_TIMEOUT_SECONDS
from muneris.simphony.errors import CheckRefusedError, LookUpFailedError, ReadFailedError
from muneris.simphony.model import Check, NewCheck

source = pytest.mark.source

PROPERTY_CALLS = [
    ("POST", CHECKS), ("POST", f"{CHECKS}/calculator"), ("GET", CHECKS), ("GET", f"{CHECKS}/x"),
    ("GET", f"{CHECKS}/x/printed"), ("DELETE", f"{CHECKS}/x"),
]  # fmt: skip


async def posted_by_us(simulation: Simulation, wanted: NewCheck) -> Check:
    return await simulation.client.post_check(simulation.connection, simulation.bearer, wanted)


async def found_by_us(simulation: Simulation, reference: str) -> Check | None:
    since = simulation.clock.now() - timedelta(minutes=5)
    return await simulation.client.find_check(
        simulation.connection, simulation.bearer, (reference,), since=since
    )


@source("stsgg/op-basepath-checks-post", "stsgg/problem_details")
@pytest.mark.parametrize(
    "name", ["orgShortName", "locRef", "rvcRef", "idempotencyId", "checkEmployeeRef", "orderTypeRef"]
)
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


@source("stsgg/op-basepath-checks-post")
@pytest.mark.parametrize("header", [{"checkEmployeeRef": 77}, {"orderTypeRef": 77}])
async def test_unknown_employee_and_order_type_are_refused(call: Caller, header: dict[str, object]) -> None:
    assert pos_code(await call("POST", CHECKS, body=check(1, **header))) == "general_pos_error"
    assert await call.simulation.check_count() == 0


@source("seen")
async def test_property_names_are_compared_without_case(call: Caller) -> None:
    body = check()
    header = {name.capitalize(): value for name, value in body["header"].items()}
    posted = await call("POST", CHECKS, body={"Header": header, "MenuItems": [{"MENUITEMID": BURGER}]})
    assert (posted.status, posted.body["totals"]["subtotal"]) == (200, 95)


@source("stsgg/op-basepath-checks-post")
async def test_open_name_is_taken_and_a_closed_one_is_free(call: Caller) -> None:
    named = check(1, checkName="WEB-1")
    ref = (await call("POST", CHECKS, body=named)).body["header"]["checkRef"]
    assert pos_code(await call("POST", CHECKS, body=check(2, checkName="web-1"))) == "general_pos_error"
    await call("POST", f"/sim/checks/{ref}/close")
    assert (await call("POST", CHECKS, body=check(3, checkName="WEB-1"))).status == 200


@source("stsgg/op-basepath-checks-post")
@pytest.mark.parametrize("name", ["pickupTime", "fireTime"])
async def test_local_times_come_back_in_utc(call: Caller, name: str) -> None:
    posted = await call("POST", CHECKS, body=check(1, **{name: "2030-05-04T14:30:00"}))
    assert posted.body["header"][name] == "2030-05-04T12:30:00.000Z"
    refused = await call("POST", CHECKS, body=check(2, **{name: "soon"}))
    assert (refused.status, refused.body["title"]) == (400, "Check is invalid.")


@source("collection", "seen")
async def test_check_is_found_by_its_reference(call: Caller) -> None:
    posted = await call("POST", "/api/v1/checks", body=check())
    ref = posted.body["header"]["checkRef"]
    assert re.fullmatch(r"[0-9a-f]{32}00001001", ref)
    assert (await call("GET", f"/api/v1/checks/{ref}")).body == posted.body
    assert (await call("GET", "/api/v1/checks/unknown")).status == 404


@source("stsgg/op-basepath-checks-get")
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


@source("stsgg/op-basepath-checks-get")
async def test_list_filters_by_table_order_type_and_employee(call: Caller) -> None:
    await call("POST", CHECKS, body=check(1, tableName="7", orderTypeRef=2))
    await call("POST", CHECKS, body=check(2, tableName="8", checkEmployeeRef=9001))

    async def numbers(query: str) -> list[int]:
        items = (await call("GET", f"{CHECKS}?{query}")).body["items"]
        return [each["header"]["checkNumber"] for each in items]

    assert await numbers("tableName=7") == await numbers("orderTypeRef=2") == [1001]
    assert await numbers("checkEmployeeRef=9001") == [1002]
    assert await numbers("checkNumbers=1001,1002&tableName=8") == [1002]
    assert await numbers("tableName=9") == []


@source("seen")
async def test_list_omits_the_idempotency_id(call: Caller) -> None:
    posted = await call("POST", "/api/v1/checks", body=check())
    entry = (await call("GET", "/api/v1/checks?sinceTime=2030-05-04T10:02Z")).body["items"][0]
    assert posted.body["header"].pop("idempotencyId") == f"{1:032x}"
    assert entry == posted.body


@source("seen")
async def test_one_unreadable_closed_check_fails_the_list_that_holds_it(call: Caller) -> None:
    broken = await opened(call, tenders=[{"tenderId": 61}])
    call.simulation.clock.advance(120)
    await opened(call, 2, tenders=[{"tenderId": 61}])
    assert (await call("POST", f"/sim/checks/{broken}/break")).status == 204
    for query in ("includeClosed=true", "includeClosed=true&checkNumbers=1002"):
        refused = await call("GET", f"{CHECKS}?{query}")
        assert (refused.status, refused.body["detail"]) == (400, "MenuItemPriceNotFound")
    assert (await call("GET", CHECKS)).body == {"items": []}
    narrow = await call("GET", f"{CHECKS}?includeClosed=true&sinceTime=2030-05-04T10:04Z")
    assert [each["header"]["checkNumber"] for each in narrow.body["items"]] == [1002]


@source("stsgg/api-checks-api")
async def test_calculator_stores_nothing(call: Caller) -> None:
    paid = check() | {"tenders": [{"tenderId": 61}]}
    calculated = await call("POST", "/api/v1/checks/calculator", body=paid)
    assert calculated.body["totals"]["totalDue"] == 95.00
    assert "checkRef" not in calculated.body["header"]
    assert (await call("GET", "/sim/checks")).body == {"items": []}


@source("stsgg/api-checks-api")
async def test_calculator_ignores_tenders_even_unknown_ones(call: Caller) -> None:
    body = check() | {"tenders": [{"tenderId": 1}], "discounts": [{"discountId": 31}]}
    calculated = await call("POST", f"{CHECKS}/calculator", body=body)
    assert (calculated.status, calculated.body["totals"]["totalDue"]) == (200, 85.50)


@source("stsgg/op-basepath-checks-checkref-round-post")
async def test_round_must_say_its_check_twice(call: Caller) -> None:
    ref = await opened(call)
    other = await call("POST", f"/api/v1/checks/{ref}/round", body=check(10, checkRef="other"))
    silent = await call("POST", f"/api/v1/checks/{ref}/round", body=check(10))
    empty = await add_round(call, ref, menuItems=[])
    assert [seen.body["title"] for seen in (other, silent, empty)] == [
        "Check is invalid.", "Required value not specified.", "Check is invalid.",
    ]  # fmt: skip
    assert len((await call("GET", f"/api/v1/checks/{ref}")).body["menuItems"]) == 1


@source("stsgg/op-basepath-checks-checkref-round-post")
async def test_round_of_a_tender_alone_pays_and_closes(call: Caller) -> None:
    ref = await opened(call)
    paid = await add_round(call, ref, menuItems=[], tenders=[{"tenderId": 61}])
    assert (paid.status, paid.body["header"]["status"], paid.body["totals"]["paymentTotal"]) == (
        200, "closed", 95.00,
    )  # fmt: skip
    assert (await call("DELETE", f"/api/v1/checks/{ref}")).status == 400


@source("stsgg/op-basepath-checks-checkref-round-post")
async def test_service_charge_of_a_round_joins_those_before(call: Caller) -> None:
    ref = await opened(call, serviceCharges=[{"serviceChargeId": 901}])
    added = await add_round(
        call, ref, serviceCharges=[{"serviceChargeId": 902}], discounts=[{"discountId": 32}]
    )
    assert [each["total"] for each in added.body["serviceCharges"]] == [39, 8.25]
    assert added.body["totals"]["totalDue"] == 190 - 25 + 39 + 8.25


@source("stsgg/op-basepath-checks-checkref-round-post")
async def test_round_on_a_closed_check_is_refused(call: Caller) -> None:
    ref = await opened(call, tenders=[{"tenderId": 61}])
    assert pos_code(await add_round(call, ref)) == "general_pos_error"


@source("stsgg/op-basepath-checks-checkref-printed-get")
@pytest.mark.parametrize("key", ["lines", "items"])
async def test_print_has_lines_of_40_columns_under_two_names(call: Caller, key: str) -> None:
    await set_oddity(call, printedLines=key)
    ref = await opened(call, comboMeals=[LUNCH], tenders=[{"tenderId": 61}])
    lines = (await call("GET", f"{CHECKS}/{ref}/printed")).body[key]
    assert max(map(len, lines)) == 40
    assert f"{'1 Burger':<33}  95.00" in lines
    assert f"{'Total':<33} 269.00" in lines


@source("stsgg/op-basepath-checks-checkref-printed-get")
async def test_print_needs_a_printer(call: Caller) -> None:
    ref = await opened(call)
    await set_up(call, hasPrinter=False)
    assert pos_code(await call("GET", f"{CHECKS}/{ref}/printed")) == "general_pos_error"
    assert (await call("GET", f"{CHECKS}/none/printed")).status == 404


@source("stsgg/op-basepath-checks-checkref-delete")
async def test_void_is_for_open_checks_of_its_revenue_center(call: Caller) -> None:
    ref = await opened(call)
    elsewhere = await call("DELETE", f"/api/v1/checks/{ref}", headers={"Simphony-RvcRef": "2"})
    unnamed = await call("DELETE", f"/api/v1/checks/{ref}", headers={"Simphony-RvcRef": ""})
    voided = await call("DELETE", f"/api/v1/checks/{ref}")
    again = await call("DELETE", f"/api/v1/checks/{ref}")
    assert [seen.status for seen in (elsewhere, unnamed, voided, again)] == [404, 400, 204, 400]
    assert again.body["posDetails"] == [{"code": "general_pos_error", "message": "Check 1001 is voided"}]


@source("stsgg/op-basepath-checks-connectionstatus-head")
async def test_connection_status_is_the_last_known_one(call: Caller) -> None:
    async def status() -> str:
        seen = await call("HEAD", f"{CHECKS}/connectionStatus")
        assert seen.status == 200
        return seen.headers["Simphony-POS-Connected"]

    assert await status() == "true"
    await set_up(call, link="disconnected", lastKnownLink="connected")
    assert await status() == "true"
    await set_up(call, lastKnownLink=None)
    assert await status() == "false"
    await set_oddity(call, isOnPremises=True)
    assert (await call("HEAD", f"{CHECKS}/connectionStatus")).status == 501


@source("stsgg/status_codes")
@pytest.mark.parametrize(("method", "path"), PROPERTY_CALLS)
@pytest.mark.parametrize(
    ("setup", "status"),
    [({"link": "disconnected"}, 503), ({"link": "silent"}, 521), ({"isEnabled": False}, 403)],
)
async def test_property_out_of_reach_answers_nothing(
    call: Caller, method: str, path: str, setup: dict[str, object], status: int
) -> None:
    await set_up(call, **setup)
    body = check() if method == "POST" else None
    refused = await call(method, path, body=body)
    assert (refused.status, refused.body["status"]) == (status, status)
    assert await call.simulation.check_count() == 0


@source("collection", "stsgg/op-basepath-checks-post", "seen")
async def test_header_comes_back_as_it_was_sent_with_what_the_pos_adds(call: Caller) -> None:
    sent: dict[str, Any] = {
        "orderChannelRef": 1, "checkName": "WEB-1", "tableName": "7", "tableGroupNumber": 2, "guestCount": 3,
        "language": "da-DK", "isTrainingCheck": True, "informationLines": ["Web order", "Allergy: nuts"],
        "paymentStoreId": "store",
    }  # fmt: skip
    body = check(1, **sent)
    header = (await call("POST", CHECKS, body=body)).body["header"]
    assert header.items() >= body["header"].items()
    assert header.keys() - body["header"].keys() == {
        "checkRef", "checkNumber", "openTime", "status", "preparationStatus",
    }  # fmt: skip
    assert (header["status"], header["preparationStatus"], header["checkNumber"]) == (
        "open", "Uninitialized", 1001,
    )  # fmt: skip


@source("collection")
async def test_answer_has_these_parts(call: Caller) -> None:
    posted = (await call("POST", CHECKS, body=check())).body
    assert posted.keys() == {
        "header", "menuItems", "comboMeals", "discounts", "serviceCharges", "extensions", "taxes", "tenders",
        "totals",
    }  # fmt: skip
    assert posted["totals"].keys() == {
        "subtotal", "subtotalDiscountTotal", "autoServiceChargeTotal", "serviceChargeTotal", "taxTotal",
        "paymentTotal", "totalDue",
    }  # fmt: skip


@source("collection", "seen")
@pytest.mark.parametrize("status", [200, 201])
async def test_we_open_add_to_and_void_a_check(simulation: Simulation, call: Caller, status: int) -> None:
    await set_oddity(call, writeStatus=status)
    client, at, bearer = simulation.client, simulation.connection, simulation.bearer
    first = await posted_by_us(simulation, new_check())
    added = await client.post_round(at, bearer, new_round(first.check_ref))
    assert (added.check_ref, len(added.menu_items), added.state) == (first.check_ref, 2, "open")
    assert await client.find_round(at, bearer, first.check_ref, "round-1") == added
    await client.void_check(at, bearer, first.check_ref)
    assert await client.find_check_state(at, bearer, first.check_ref) == "voided"
    with pytest.raises(CheckRefusedError):
        await client.void_check(at, bearer, first.check_ref)
    with pytest.raises(CheckRefusedError):
        await client.post_round(at, bearer, new_round(first.check_ref, 2))


@source("seen")
async def test_check_closes_when_its_tenders_cover_what_is_due(simulation: Simulation) -> None:
    first = await posted_by_us(simulation, new_check())
    wanted = new_round(first.check_ref, lines=(), tender="online")
    paid = await simulation.client.post_round(simulation.connection, simulation.bearer, wanted)
    assert (first.state, paid.state, paid.totals.total_due) == ("open", "closed", Decimal(0))


@source("stsgg/op-basepath-checks-post")
async def test_we_name_the_pick_up_in_the_time_of_the_property(simulation: Simulation) -> None:
    simulation.connection = simulation.connection.model_copy(update={"time_zone": "Europe/Copenhagen"})
    at_noon = datetime(2030, 5, 4, 12, 30, tzinfo=UTC)
    await posted_by_us(simulation, new_check(pickup_at=at_noon))
    assert b'"pickupTime":"2030-05-04T14:30:00"' in simulation.asked[-1].body


@source("stsgg/op-basepath-checks-post", "seen")
@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("milliseconds", "2030-05-04T10:02:11.000Z"),
        ("ticks", "2030-05-04T10:02:11.0000000Z"),
        ("local", "2030-05-04T10:02:11.000"),
    ],
)
async def test_we_read_when_a_check_was_opened_in_every_style(
    simulation: Simulation, call: Caller, style: str, shown: str
) -> None:
    await set_oddity(call, openTime=style)
    posted = await posted_by_us(simulation, new_check())
    assert posted.opened_at == simulation.clock.now()
    read = await call("GET", f"{CHECKS}/{posted.check_ref}")
    assert read.body["header"]["openTime"] == shown


@source("stsgg/op-basepath-checks-get", "seen")
@pytest.mark.parametrize("tender", [None, "online"])
async def test_we_find_a_check_by_its_name_or_our_extension_open_or_closed(
    simulation: Simulation, tender: str | None
) -> None:
    posted = await posted_by_us(simulation, new_check(tender=tender))
    await posted_by_us(simulation, new_check(2))
    for reference in ("WEB-1", "order-1"):
        assert await found_by_us(simulation, reference) == posted
    assert await found_by_us(simulation, "WEB-3") is None
    assert simulation.asked[-1].query == {"sinceTime": "2030-05-04T09:57Z", "includeClosed": "true"}


@source("seen")
async def test_one_unreadable_check_leaves_unknown_whether_we_have_one(
    simulation: Simulation, call: Caller
) -> None:
    broken = await posted_by_us(simulation, new_check(tender="online"))
    await call("POST", f"/sim/checks/{broken.check_ref}/break")
    with pytest.raises(LookUpFailedError, match="400 POS Error"):
        await found_by_us(simulation, "WEB-2")
    simulation.clock.advance(10 * 60)
    assert await found_by_us(simulation, "WEB-2") is None


@source("seen")
async def test_we_find_an_open_check_beside_one_that_cannot_be_read(
    simulation: Simulation, call: Caller
) -> None:
    broken = await posted_by_us(simulation, new_check(tender="online"))
    ours = await posted_by_us(simulation, new_check(2))
    await call("POST", f"/sim/checks/{broken.check_ref}/break")
    assert await found_by_us(simulation, "WEB-2") == ours
    asked = [each.query["includeClosed"] for each in simulation.asked[-2:]]
    assert asked == ["true", "false"]
    await simulation.break_it(kind="status", method="GET", path_prefix=CHECKS, status=503, count=1)
    with pytest.raises(LookUpFailedError, match="503"):  # which says nothing of any check
        await found_by_us(simulation, "WEB-2")


@source("stsgg/op-basepath-checks-checkref-printed-get")
@pytest.mark.parametrize("key", ["lines", "items"])
async def test_we_read_what_is_printed(simulation: Simulation, call: Caller, key: str) -> None:
    await set_oddity(call, printedLines=key)
    client, at, bearer = simulation.client, simulation.connection, simulation.bearer
    posted = await posted_by_us(simulation, new_check())
    lines = await client.get_printed(at, bearer, posted.check_ref)
    assert [line.split() for line in lines if line.startswith("Total")] == [["Total", "190.00"]]
    await set_up(call, hasPrinter=False)
    with pytest.raises(ReadFailedError):
        await client.get_printed(at, bearer, posted.check_ref)


@source("stsgg/op-basepath-checks-connectionstatus-head")
async def test_we_read_the_last_known_connection(simulation: Simulation, call: Caller) -> None:
    client, at, bearer = simulation.client, simulation.connection, simulation.bearer
    assert await client.find_connected(at, bearer) is True
    await set_up(call, link="disconnected")
    assert await client.find_connected(at, bearer) is False
    await set_oddity(call, isOnPremises=True)
    with pytest.raises(ReadFailedError) as failed:
        await client.find_connected(at, bearer)
    assert failed.value.status == 501


@source("stsgg/api-checks-api")
async def test_we_calculate_what_posting_comes_to(simulation: Simulation) -> None:
    wanted = new_check(tender="online")
    calculated = await simulation.client.calculate(simulation.connection, simulation.bearer, wanted)
    assert await simulation.check_count() == 0
    assert calculated.totals.total_due == 190
    assert (await posted_by_us(simulation, wanted)).totals.whole == calculated.totals.whole


@source("stsgg/status_codes")
def test_we_wait_longer_than_the_service_does() -> None:
    assert SimphonyConfig(port=0).patience_seconds == 60 < WRITE_TIMEOUT_SECONDS
