from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.simphony import Simulation, new_check, new_round

from muneris.simphony.errors import (
    CheckRefusedError,
    LookUpFailedError,
    NotConfiguredError,
    NotSentError,
    OutcomeUnknownError,
    ReadFailedError,
    SimphonyError,
    ThrottledError,
    TokenRejectedError,
)
from muneris.simphony.model import Check, CheckCondiment, CheckLine, CheckState, NewCheck

LONG_AGO = datetime(2030, 5, 4, 9, 0, tzinfo=UTC)


async def post(simulation: Simulation, wanted: NewCheck, seconds: float = 10) -> Check:
    return await simulation.client.post_check(
        simulation.connection, simulation.bearer, wanted, timeout=seconds
    )


async def find(simulation: Simulation, reference: str, since: datetime = LONG_AGO) -> Check | None:
    return await simulation.client.find_check(simulation.connection, simulation.bearer, {reference}, since)


async def void(simulation: Simulation, check_ref: str, seconds: float = 10) -> None:
    await simulation.client.void_check(simulation.connection, simulation.bearer, check_ref, timeout=seconds)


async def state_of(simulation: Simulation, check_ref: str) -> CheckState | None:
    return await simulation.client.find_check_state(simulation.connection, simulation.bearer, check_ref)


async def test_check_is_opened_and_priced(simulation: Simulation) -> None:
    line = CheckLine(menu_item_id=11001, quantity=2, condiments=(CheckCondiment(condiment_id=52003),))
    check = await post(simulation, new_check(lines=(line,)))
    assert (check.check_name, check.check_number, check.status) == ("WEB-1", 1001, "open")
    assert (len(check.check_ref), check.order_id, check.is_cached) == (40, "order-1", False)
    assert check.totals.total_due == Decimal("210.00")


async def test_tender_closes_the_check(simulation: Simulation) -> None:
    check = await post(simulation, new_check(tender="online"))
    assert (check.status, check.totals.payment_total) == ("closed", Decimal("190.00"))


async def test_repeat_within_the_window_gets_the_original(simulation: Simulation) -> None:
    first = await post(simulation, new_check())
    simulation.clock.advance(299)
    repeat = await post(simulation, new_check())
    assert repeat == first.model_copy(update={"is_cached": True})
    assert await simulation.check_count() == 1


async def test_repeat_after_the_window_is_a_second_check(simulation: Simulation) -> None:
    await post(simulation, new_check(tender="online"))
    simulation.clock.advance(300)
    repeat = await post(simulation, new_check(tender="online"))
    assert not repeat.is_cached
    assert await simulation.check_count() == 2


async def test_lost_answer_then_repeat_makes_one_check(simulation: Simulation) -> None:
    await simulation.break_it(kind="drop_answer", path_prefix="/api/v1/checks", count=1)
    with pytest.raises(OutcomeUnknownError):
        await post(simulation, new_check())
    assert (await post(simulation, new_check())).is_cached
    assert await simulation.check_count() == 1


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (400, '{"title": "POS Error"}', CheckRefusedError),
        (422, '{"title": "Check is invalid."}', CheckRefusedError),
        (400, '{"title": "POS Error", "detail": null, "posDetails": null}', CheckRefusedError),
        (
            400,
            '{"title": null, "posDetails": [{"code": "menu_item_invalid", "message": null}]}',
            CheckRefusedError,
        ),
        (400, "<html>a proxy's page</html>", OutcomeUnknownError),
        (409, "{}", OutcomeUnknownError),
        (422, '{"title": "POS Error", "posDetails": [{"cod', OutcomeUnknownError),
        (400, '{"title": "POS Error", "posDetails": [{"code": "duplicate_request"}]}', OutcomeUnknownError),
        (400, '{"title": "POS Error", "posDetails": {"code": "duplicate_request"}}', OutcomeUnknownError),
        (400, '{"title": "POS Error", "posDetails": [["duplicate_request"]]}', OutcomeUnknownError),
        (403, '{"title": "Forbidden"}', NotSentError),
        (404, '{"title": "Not found"}', NotSentError),
        (405, "", NotSentError),
        (429, "", ThrottledError),
        (408, "", OutcomeUnknownError),
    ],
)
async def test_only_a_verdict_on_the_check_refuses_it(
    simulation: Simulation, status: int, body: str, meaning: type[SimphonyError]
) -> None:
    await simulation.break_it(kind="status", path_prefix="/api/v1/checks", status=status, body=body)
    with pytest.raises(SimphonyError) as raised:
        await post(simulation, new_check())
    assert type(raised.value) is meaning


async def test_timeout_is_unknown(simulation: Simulation) -> None:
    await simulation.break_it(kind="delay", path_prefix="/api/v1/checks", seconds=60, count=1)
    with pytest.raises(OutcomeUnknownError, match="TimeoutError"):
        await post(simulation, new_check(), seconds=0.05)
    await simulation.repair_it()


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "disconnect"},
        {"kind": "refuse"},
        {"kind": "status", "status": 521},
        {"kind": "status", "status": 500, "body": "<html>"},
        {"kind": "status", "status": 200, "body": "cut off"},
    ],
)
async def test_outage_leaves_the_outcome_unknown(simulation: Simulation, fault: dict[str, str | int]) -> None:
    await simulation.break_it(**fault)
    with pytest.raises(OutcomeUnknownError):
        await post(simulation, new_check())
    with pytest.raises(LookUpFailedError):
        await find(simulation, "WEB-1")
    await simulation.repair_it()
    assert await simulation.check_count() == 0


async def test_nobody_listening_is_not_sent(
    simulation: Simulation, ports: Callable[[int], list[int]]
) -> None:
    nowhere = simulation.connection.model_copy(update={"api_url": f"http://127.0.0.1:{ports(1)[0]}"})
    with pytest.raises(NotSentError):
        await simulation.client.post_check(nowhere, simulation.bearer, new_check())
    with pytest.raises(LookUpFailedError):
        await simulation.client.find_check(nowhere, simulation.bearer, {"WEB-1"}, LONG_AGO)


async def test_address_outside_oracle_is_not_sent(simulation: Simulation) -> None:
    elsewhere = simulation.connection.model_copy(update={"api_url": "https://example.org"})
    with pytest.raises(NotConfiguredError):
        await simulation.client.post_check(elsewhere, simulation.bearer, new_check())


async def test_throttled_is_not_executed(simulation: Simulation) -> None:
    await simulation.break_it(kind="status", status=429)
    with pytest.raises(NotSentError):
        await post(simulation, new_check())


async def test_unknown_item_is_refused_for_good(simulation: Simulation) -> None:
    with pytest.raises(CheckRefusedError) as refused:
        await post(simulation, new_check(lines=(CheckLine(menu_item_id=1),)))
    assert refused.value.title == "POS Error"
    assert [each.code for each in refused.value.pos_details] == ["menu_item_invalid"]


async def test_name_of_an_open_check_is_taken(simulation: Simulation) -> None:
    await post(simulation, new_check(1))
    with pytest.raises(CheckRefusedError):
        await post(simulation, new_check(2, reference="web-1"))


async def test_an_unknown_revenue_center_is_no_verdict_on_the_check(simulation: Simulation) -> None:
    other = simulation.connection.model_copy(update={"rvc_ref": 99})
    with pytest.raises(NotSentError, match="404 Not found"):
        await simulation.client.post_check(other, simulation.bearer, new_check())


async def test_wrong_bearer_is_rejected(simulation: Simulation) -> None:
    with pytest.raises(TokenRejectedError):
        await simulation.client.post_check(simulation.connection, "forged", new_check())
    with pytest.raises(TokenRejectedError):
        await simulation.client.find_check(simulation.connection, "forged", {"WEB-1"}, LONG_AGO)


async def test_expired_bearer_is_rejected(simulation: Simulation) -> None:
    simulation.clock.moment = simulation.tokens.expires_at
    with pytest.raises(TokenRejectedError):
        await post(simulation, new_check())


async def test_look_up_asks_from_the_minute_on(simulation: Simulation) -> None:
    await post(simulation, new_check())
    assert await find(simulation, "WEB-1", simulation.clock.now().replace(second=59)) is not None
    assert await find(simulation, "WEB-1", simulation.clock.now().replace(minute=3)) is None


async def test_round_is_priced_with_what_the_check_held(simulation: Simulation) -> None:
    check = await post(simulation, new_check())
    added = await simulation.client.post_round(
        simulation.connection, simulation.bearer, new_round(check.check_ref)
    )
    assert (check.totals.total_due, added.totals.total_due) == (Decimal("190.00"), Decimal("285.00"))
    assert (added.check_ref, added.check_name, added.order_id) == (check.check_ref, "WEB-1", "order-1")


async def test_broken_connection_never_sends_a_void_again(simulation: Simulation) -> None:
    check = await post(simulation, new_check())
    await simulation.break_it(kind="drop_answer", method="DELETE", count=1)
    with pytest.raises(OutcomeUnknownError, match="ServerDisconnectedError"):
        await void(simulation, check.check_ref)
    assert await state_of(simulation, check.check_ref) == "voided"


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (400, '{"title": "POS Error"}', CheckRefusedError),
        (409, '{"title": "POS Error"}', CheckRefusedError),
        (400, "<html>a proxy's page</html>", OutcomeUnknownError),
        (401, "", TokenRejectedError),
        (403, '{"title": "Forbidden"}', NotSentError),
        (429, "", ThrottledError),
        (404, '{"title": "Not found"}', OutcomeUnknownError),
        (408, "", OutcomeUnknownError),
        (500, "<html>", OutcomeUnknownError),
        (521, "", OutcomeUnknownError),
    ],
)
async def test_what_a_void_comes_to(
    simulation: Simulation, status: int, body: str, meaning: type[SimphonyError]
) -> None:
    check = await post(simulation, new_check())
    await simulation.break_it(kind="status", status=status, body=body)
    with pytest.raises(SimphonyError) as raised:
        await void(simulation, check.check_ref)
    assert type(raised.value) is meaning
    await simulation.repair_it()
    assert await state_of(simulation, check.check_ref) == "open"


async def test_void_that_takes_too_long_is_unknown(simulation: Simulation) -> None:
    check = await post(simulation, new_check())
    await simulation.break_it(kind="delay", method="DELETE", seconds=60, count=1)
    with pytest.raises(OutcomeUnknownError, match="TimeoutError"):
        await void(simulation, check.check_ref, seconds=0.05)
    await simulation.repair_it()


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "disconnect"},
        {"kind": "refuse"},
        {"kind": "status", "status": 404, "body": "<html>"},
        {"kind": "status", "status": 404, "path_prefix": "/api"},
        {"kind": "status", "status": 200, "body": "{}"},
    ],
)
async def test_a_failed_look_up_of_a_check_tells_nothing(
    simulation: Simulation, fault: dict[str, str | int]
) -> None:
    check = await post(simulation, new_check())
    await simulation.break_it(**fault)
    with pytest.raises(LookUpFailedError):
        await state_of(simulation, check.check_ref)
    with pytest.raises(LookUpFailedError):
        await simulation.client.find_round(
            simulation.connection, simulation.bearer, check.check_ref, "round-1"
        )


async def test_a_status_we_do_not_know_tells_nothing(simulation: Simulation) -> None:
    body = (
        '{"header": {"checkRef": "a", "checkNumber": 1, "status": "suspended"}, '
        '"totals": {"subtotal": 1, "totalDue": 1}}'
    )
    await simulation.break_it(kind="status", status=200, body=body)
    with pytest.raises(LookUpFailedError, match="'suspended'"):
        await state_of(simulation, "a")


async def test_a_location_that_is_not_there_is_told_by_its_status(simulation: Simulation) -> None:
    other = simulation.connection.model_copy(update={"loc_ref": "nowhere"})
    with pytest.raises(ReadFailedError) as failed:
        await simulation.client.organization.get_location(other, simulation.bearer)
    assert failed.value.status == 404
