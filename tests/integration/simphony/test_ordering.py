"""What orders ask of the point of sale besides their items, and what it tells them of the answer."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.simphony import PROPERTY_CODE, Simulation, new_check, new_round
from tests.simphony_caller import Caller, set_oddity, set_up

from muneris.simphony.errors import CheckRefusedError, OutcomeUnknownError
from muneris.simphony.model import (
    Check,
    CheckCombo,
    CheckCondiment,
    CheckLine,
    Difference,
    NewCheck,
    NewRound,
    NewWrite,
)
from muneris.simphony.service import PointOfSale

BURGERS = CheckLine(
    menu_item_id=11001, quantity=2, condiments=(CheckCondiment(condiment_id=52003, quantity=1),)
)


@pytest.fixture
def pos(simulation: Simulation) -> PointOfSale:
    refs = {"online": 61, "voucher": 62, "cash": 63, "later": 90}
    simulation.connection = simulation.connection.model_copy(
        update={"tender_refs": refs, "time_zone": "Europe/Copenhagen"}
    )
    return simulation.point_of_sale()


async def post(simulation: Simulation, pos: PointOfSale, write: NewWrite) -> Check:
    deadline = simulation.clock.now() + timedelta(seconds=70)
    if isinstance(write, NewRound):
        return await pos.post_round(PROPERTY_CODE, write, deadline)
    assert isinstance(write, NewCheck)
    return await pos.post_check(PROPERTY_CODE, write, deadline)


async def test_what_is_posted_as_asked_for_has_no_differences(
    simulation: Simulation, pos: PointOfSale
) -> None:
    wanted = new_check(
        lines=(BURGERS, CheckLine(menu_item_id=11005, definition_sequence=2)),
        tender="online",
        tip=Decimal("20.00"),
        expected_total=Decimal("259.00"),
    )
    check = await post(simulation, pos, wanted)
    assert check.differences == ()
    assert (check.status, check.totals.total_due) == ("closed", Decimal(0))
    assert [each.charged_tip_total for each in check.tenders] == [Decimal("20.00")]


@pytest.mark.parametrize(("tender", "lost"), [("voucher", {"tip"}), ("cash", {"tip", "change"})])
async def test_a_tip_that_a_tender_does_not_take_is_told(
    simulation: Simulation, pos: PointOfSale, tender: str, lost: set[str]
) -> None:
    wanted = new_check(
        lines=(BURGERS,), tender=tender, tip=Decimal("20.00"), expected_total=Decimal("210.00")
    )
    check = await post(simulation, pos, wanted)
    assert {each.kind for each in check.differences} == lost
    assert check.totals.whole == Decimal("210.00")


async def test_a_price_that_changed_at_the_till_is_told(simulation: Simulation, pos: PointOfSale) -> None:
    check = await post(simulation, pos, new_check(lines=(BURGERS,), expected_total=Decimal("200.00")))
    assert check.differences == (Difference(kind="total", wanted="200.00", found="210.00"),)


async def test_a_combo_is_posted_whole(simulation: Simulation, pos: PointOfSale) -> None:
    combo = CheckCombo(
        combo_meal_id=701,
        combo_item=CheckLine(menu_item_id=13001),
        main_item=CheckLine(menu_item_id=11003),
        side_items=(CheckLine(menu_item_id=13002), CheckLine(menu_item_id=12001)),
    )
    check = await post(
        simulation, pos, new_check(lines=(), combos=(combo,), expected_total=Decimal("169.00"))
    )
    assert check.differences == ()
    assert [each.combo_meal_id for each in check.combo_meals] == [701]


async def test_an_open_check_is_paid_by_a_round_of_nothing_else(
    simulation: Simulation, pos: PointOfSale
) -> None:
    check = await post(simulation, pos, new_check())
    paid = await post(simulation, pos, new_round(check.check_ref, lines=(), tender="online"))
    assert (paid.state, paid.totals.payment_total, paid.differences) == ("closed", Decimal("190.00"), ())


async def test_a_tender_that_only_sends_the_order_leaves_it_open(
    simulation: Simulation, pos: PointOfSale
) -> None:
    check = await post(simulation, pos, new_check(tender="later", expected_total=Decimal("190.00")))
    assert (check.totals.total_due, check.differences) == (Decimal("190.00"), ())


async def test_the_calculator_says_what_posting_comes_to(simulation: Simulation, pos: PointOfSale) -> None:
    deadline = simulation.clock.now() + timedelta(seconds=70)
    wanted = new_check(lines=(BURGERS,), tender="online")
    calculated = await pos.calculate(PROPERTY_CODE, wanted, deadline)
    assert await simulation.check_count() == 0
    assert calculated.totals.whole == (await post(simulation, pos, wanted)).totals.whole
    with pytest.raises(CheckRefusedError):
        await pos.calculate(PROPERTY_CODE, new_check(lines=(CheckLine(menu_item_id=1),)), deadline)


@pytest.mark.parametrize("spelling", ["lines", "items"])
async def test_a_check_is_printed(
    simulation: Simulation, call: Caller, pos: PointOfSale, spelling: str
) -> None:
    await set_oddity(call, printedLines=spelling)
    check = await post(simulation, pos, new_check())
    lines = await pos.get_printed(PROPERTY_CODE, check.check_ref)
    assert any("WEB-1" in line for line in lines)
    assert all(len(line) <= 40 for line in lines)


async def test_the_last_known_connection_is_no_promise(
    simulation: Simulation, call: Caller, pos: PointOfSale
) -> None:
    assert await pos.find_connected(PROPERTY_CODE) is True
    await set_up(call, link="disconnected", lastKnownLink="connected")
    assert await pos.find_connected(PROPERTY_CODE) is True
    with pytest.raises(OutcomeUnknownError, match="503"):
        await post(simulation, pos, new_check())
    await set_up(call, lastKnownLink="disconnected")
    assert await pos.find_connected(PROPERTY_CODE) is False
