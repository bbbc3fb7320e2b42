from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from muneris.simphony.errors import SeveralChecksError
from muneris.simphony.held import CheckTotals
from muneris.simphony.model import (
    Account,
    Check,
    CheckIdentity,
    Connection,
    Tokens,
    account_id,
    find_standing,
)

CONNECTION = Connection(
    api_url="https://mte4-sts.oraclecloud.com",
    auth_url="https://mte4-ohra-idm.oracleindustry.com",
    client_id="abc=",
    org_short_name="acme",
    loc_ref="store01",
    rvc_ref=7,
    employee_ref=90001,
    order_type_refs={"dine_in": 1},
    account="a",
)


@pytest.mark.parametrize(
    ("auth_url", "org"),
    [
        ("https://idm.oracleindustry.com/", "acme"),
        ("HTTPS://IDM.OracleIndustry.com", "ACME"),
        (" https://idm.oracleindustry.com:443", " acme "),
    ],
)
def test_one_account_has_one_id_however_it_is_spelled(auth_url: str, org: str) -> None:
    usual = account_id("https://idm.oracleindustry.com", "acme", "abc=", "api")
    assert account_id(auth_url, org, "abc=", "api") == usual


def test_accounts_differ_by_each_part() -> None:
    parts = {"auth_url": "https://a.oracleindustry.com", "org": "acme", "client_id": "abc", "username": "api"}
    other = {"auth_url": "https://b.oracleindustry.com", "org": "bcme", "client_id": "ABC", "username": "ape"}
    ids = {account_id(**parts)} | {account_id(**(parts | {name: other[name]})) for name in parts}
    assert len(ids) == 5


def test_account_knows_its_id() -> None:
    account = Account(auth_url="https://a.b", org_short_name="acme", client_id="abc", username="api")
    assert account.id == account_id("https://a.b", "acme", "abc", "api")


def test_bearer_is_the_id_token_unless_the_connection_says_otherwise() -> None:
    tokens = Tokens(id_token="id", access_token="access", expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert tokens.bearer_for(CONNECTION) == "id"
    assert tokens.bearer_for(CONNECTION.model_copy(update={"bearer": "access_token"})) == "access"


def test_tokens_do_not_show_in_a_log() -> None:
    tokens = Tokens(id_token="secret", refresh_token="secret", expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert "secret" not in repr(tokens)


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "a/b", "a?b"])
def test_names_that_no_header_or_path_can_carry_are_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        Connection.model_validate(CONNECTION.model_dump() | {"loc_ref": name})


@pytest.mark.parametrize(
    "foreign",
    [
        {},
        {"header": {}, "extensions": None},
        {"header": {"checkName": 7}, "extensions": [None, 5, {"data": 5, "appName": None}]},
        {"header": {"checkName": None}, "extensions": "none"},
    ],
)
def test_however_odd_a_foreign_check_is_it_is_only_not_ours(foreign: dict[str, object]) -> None:
    identity = CheckIdentity.model_validate(foreign)
    assert not identity.is_for({"WEB-1", ""})


def test_a_check_is_known_by_its_name_or_its_order() -> None:
    ours = {"appName": "Muneris", "dataName": "order_id", "data": "abc-1"}
    identity = CheckIdentity.model_validate({"header": {"checkName": "Web-1"}, "extensions": [ours]})
    assert identity.is_for({"WEB-1"})
    assert identity.is_for({"other", "ABC-1"})
    assert not identity.is_for({"other"})


def held(status: str = "open", ref: str = "a", **more: object) -> Check:
    return Check.model_validate({
        "header": {"checkRef": ref, "checkNumber": 1, "status": status},
        "menuItems": [{"menuItemId": 1}],
        "totals": {"subtotal": 1, "totalDue": 1},
        **more,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("check", "state"),
    [
        (held("open"), "open"),
        (held("Closed"), "closed"),
        (held("Voided"), "voided"),
        (held("closed", menuItems=[]), "voided"),
        (held("closed", menuItems=[], comboMeals=[{"comboMealId": 1}]), "closed"),
        (held("open", menuItems=[]), "open"),
        (held("suspended"), None),
        (held(""), None),
    ],
)
def test_what_became_of_a_check(check: Check, state: str | None) -> None:
    assert check.state == state


MARK = {"extensions": [{"appName": "Muneris", "dataName": "round", "data": "r-1"}]}


@pytest.mark.parametrize("more", [MARK, {"menuItems": [{}, MARK]}])
def test_round_is_recognised_by_the_check_and_by_its_items(more: dict[str, Any]) -> None:
    check = held(**more)
    assert check.holds_round("r-1")
    assert not check.holds_round("r-2")


@pytest.mark.parametrize("items", [None, [None], [{"extensions": None}], [{"extensions": [5]}]])
def test_however_odd_its_items_are_a_check_holds_no_round_of_ours(items: object) -> None:
    assert not held(menuItems=items).holds_round("r-1")


def test_the_check_that_stands_is_the_one_that_is_not_voided() -> None:
    voided, later, standing = held("voided"), held("voided", "b"), held(ref="c")
    assert find_standing([]) is None
    assert find_standing([voided, later]) is later
    assert find_standing([standing, voided]) is standing
    assert find_standing([standing, standing]) is standing
    with pytest.raises(SeveralChecksError, match="several checks: c, d"):
        find_standing([standing, held("closed", "d")])


@pytest.mark.parametrize(
    ("spelled", "read"),
    [
        ("2030-05-04T10:02:11.1234567Z", datetime(2030, 5, 4, 10, 2, 11, 123456, tzinfo=UTC)),
        ("2030-05-04T10:02:11.123", datetime(2030, 5, 4, 10, 2, 11, 123000, tzinfo=UTC)),
        ("2030-05-04T12:02:11+02:00", datetime(2030, 5, 4, 10, 2, 11, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_times_are_read_in_every_spelling(spelled: str | None, read: datetime | None) -> None:
    header = {"checkRef": "a", "checkNumber": 1, "openTime": spelled}
    assert held(header=header).opened_at == read


@pytest.mark.parametrize("ref", ["1", 1])
def test_a_tax_rate_is_known_by_its_number_or_its_text(ref: object) -> None:
    assert held(taxes=[{"taxRateId": ref, "total": "1.89"}]).taxes[0].tax_rate_id == "1"


def test_change_is_a_negative_tender_and_inclusive_tax_is_in_no_total() -> None:
    check = held(
        menuItems=[{"menuItemId": 1, "total": Decimal("18.99")}],
        comboMeals=[{"comboMealId": 2, "comboItem": {"menuItemId": 3, "total": Decimal("99.99")}}],
        taxes=[{"taxRateId": 1, "total": Decimal("10.82")}],
        tenders=[{"tenderId": 1, "total": Decimal("120.03")}, {"tenderId": 1, "total": Decimal("-1.05")}],
        totals={
            "subtotal": Decimal("118.98"),
            "paymentTotal": Decimal("118.98"),
            "taxTotal": 0,
            "totalDue": 0,
        },
    )
    assert [str(each.total) for each in check.tenders] == ["120.03", "-1.05"]
    assert (check.totals.whole, check.totals.tax_total) == (Decimal("118.98"), Decimal(0))
    assert check.combo_meals[0].combo_item is not None


@pytest.mark.parametrize("odd", [None, "none", {}, [1]])
def test_totals_that_nobody_needs_are_none_if_they_are_odd(odd: object) -> None:
    unneeded = [
        "subtotalDiscountTotal", "autoServiceChargeTotal", "serviceChargeTotal", "taxTotal", "paymentTotal"
    ]  # fmt: skip
    totals = held(totals=dict.fromkeys(unneeded, odd) | {"subtotal": 1, "totalDue": 2}).totals
    assert totals == CheckTotals(subtotal=Decimal(1), total_due=Decimal(2))


@pytest.mark.parametrize("needed", ["subtotal", "totalDue"])
def test_a_check_without_its_totals_is_unreadable(needed: str) -> None:
    with pytest.raises(ValidationError):
        held(totals={"subtotal": 1, "totalDue": 2, needed: None})


NAMES = [
    "menuItems", "comboMeals", "discounts", "serviceCharges", "taxes", "tenders", "extensions", "condiments",
    "menuItemId", "quantity", "total", "taxRateId", "name", "comboItem", "sideItems", "appName", "data",
]  # fmt: skip
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(allow_nan=True),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(NAMES), each, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(NAMES), junk, max_size=8), junk)
def test_nothing_besides_makes_a_posted_check_unreadable(more: dict[str, Any], odd: object) -> None:
    header = {"checkName": odd, "status": odd, "openTime": odd, "isCachedResponse": odd}
    check = held(**{**more, "header": {**header, "checkRef": "a", "checkNumber": 1}})
    assert (check.check_ref, check.totals.whole) == ("a", Decimal(1))
