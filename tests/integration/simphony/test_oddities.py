"""Whatever an installation does otherwise than others, an order goes the same way."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Literal, get_args, get_origin

import pytest
from pydantic.alias_generators import to_camel
from tests.simphony import Simulation, new_check, new_round
from tests.simphony_caller import Caller, set_oddity, set_up
from tests.simphony_notified import Receiver

from localcloud.layout import PROJECT
from localcloud.simulators.simphony.faults import FaultKind
from localcloud.simulators.simphony.oddities import Oddities
from muneris.simphony.comparison import differences
from muneris.simphony.errors import CheckRefusedError, SeveralChecksError
from muneris.simphony.model import CheckCondiment, CheckLine, NewDiscount, NewServiceCharge
from muneris.simphony.notifications import CONFIGURATION, Subscription, Webhook, WebhookKey

PAGE = PROJECT / "docs" / "simphony-simulator.md"
NUMBERS: dict[str, tuple[int, ...]] = {
    "token_seconds": (86_400, 864_000),
    "refresh_token_seconds": (2_419_200,),
    "refresh_grace_seconds": (60,),
}


def oddities() -> Iterator[tuple[str, object]]:
    """Every way that there is, one at a time."""
    for name, field in Oddities.model_fields.items():
        is_one_of = get_origin(field.annotation) is Literal
        ways = get_args(field.annotation) if is_one_of else NUMBERS.get(name, (True, False))
        yield from ((to_camel(name), way) for way in ways)


@pytest.fixture(params=oddities(), ids=lambda each: f"{each[0]}={each[1]}")
async def odd(simulation: Simulation, call: Caller, request: pytest.FixtureRequest) -> Simulation:
    """A simulation with one way of its own, signed in to after that, and refreshed once."""
    name, way = request.param
    account = {"clientId": simulation.account.client_id, "password": "password"}
    await call("PUT", "/sim/accounts/muneris-demo/api", body=account)
    await set_oddity(call, **{name: way})
    if request.param == ("bearer", "access_token"):
        simulation.connection = simulation.connection.model_copy(update={"bearer": way})
    tokens = await simulation.signing_in.sign_in(simulation.account, "password")
    simulation.tokens = await simulation.signing_in.refresh(simulation.account, tokens)
    return simulation


def names_in(section: str) -> list[str]:
    """What the first cells of its tables name."""
    cells = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]


def bearer_of(simulation: Simulation) -> str:
    return simulation.tokens.bearer_for(simulation.connection)


async def test_places_and_what_is_configured_are_read(odd: Simulation) -> None:
    organization, configuration = odd.client.organization, odd.client.configuration
    at, bearer = odd.connection, bearer_of(odd)
    assert [each.org_short_name for each in await organization.get_organizations(at, bearer)] == [
        "muneris-demo"
    ]
    assert [each.loc_ref for each in await organization.get_locations(at, bearer)] == ["cph01"]
    assert [each.rvc_ref for each in await organization.get_revenue_centers(at, bearer)] == [1]
    menu, taxes = await configuration.get_menu(at, bearer), await configuration.get_taxes(at, bearer)
    assert menu is not None
    assert taxes is not None
    assert (len(menu.value.menu_items), len(taxes.value.tax_rates)) == (10, 2)
    assert await configuration.get_menu(at, bearer, held=menu) is None


async def test_check_is_posted_found_printed_and_voided(odd: Simulation) -> None:
    client, at, bearer = odd.client, odd.connection, bearer_of(odd)
    wanted = new_check(
        lines=(CheckLine(menu_item_id=11001, quantity=2, condiments=(CheckCondiment(condiment_id=52003),)),),
        discounts=(NewDiscount(discount_id=33, amount=Decimal(10)),),
        service_charges=(NewServiceCharge(service_charge_id=901),),
        tender="online",
        tip=Decimal(20),
        expected_total=Decimal(239),
    )
    paid = await client.post_check(at, bearer, wanted)
    assert differences(wanted, paid) == ()
    assert (paid.state, paid.opened_at) == ("closed", odd.clock.now())
    assert [each.tax_rate_id for each in paid.taxes] == ["1"]
    since = odd.clock.now() - timedelta(minutes=5)
    assert await client.find_check(at, bearer, ("WEB-1",), since) == paid
    lines = await client.get_printed(at, bearer, paid.check_ref)
    assert [each.split() for each in lines if each.startswith("Total")] == [["Total", "259.00"]]
    opened = await client.post_check(at, bearer, new_check(2))
    await client.post_round(at, bearer, new_round(opened.check_ref))
    await client.void_check(at, bearer, opened.check_ref)
    assert await client.find_check_state(at, bearer, opened.check_ref) == "voided"
    with pytest.raises(CheckRefusedError, match="POS Error menu_item_invalid: No menu item 1 with"):
        await client.post_check(at, bearer, new_check(3, lines=(CheckLine(menu_item_id=1),)))


async def test_change_is_told(odd: Simulation, call: Caller, receiver: Receiver) -> None:
    if (await call("GET", "/sim/oddities")).body["isOnPremises"]:
        return  # only checks are told of there
    api, at, bearer = odd.client.notifications, odd.connection, bearer_of(odd)
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
    assert key.has_signed(told.body, told.headers["Key-Id"], told.headers["Digest"])
    (message,) = Webhook.model_validate_json(told.body).messages
    assert (message.resource_type, message.rvc_ref) == ("MenuItemAvailability", 1)


def test_every_oddity_and_every_fault_is_documented() -> None:
    _, _, after_faults = PAGE.read_text().partition("\n## Faults\n")
    faults, _, after_oddities = after_faults.partition("\n## Oddities\n")
    oddities_section = after_oddities.partition("\n## ")[0]
    assert set(names_in(faults)) == set(FaultKind)
    assert names_in(oddities_section) == [to_camel(name) for name in Oddities.model_fields]


async def test_second_check_of_a_site_that_ignores_the_feature_is_seen(
    simulation: Simulation, call: Caller
) -> None:
    await set_oddity(call, detectsDuplicates=False)
    client, at, bearer = simulation.client, simulation.connection, simulation.bearer
    made = [await client.post_check(at, bearer, new_check(tender="online")) for _ in range(2)]
    assert [each.is_cached for each in made] == [False, False]
    since = simulation.clock.now() - timedelta(minutes=5)
    with pytest.raises(SeveralChecksError) as several:
        await client.find_check(at, bearer, ("order-1",), since)
    assert several.value.check_refs == tuple(each.check_ref for each in made)
