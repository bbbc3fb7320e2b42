from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from muneris.simphony.model import Account, CheckIdentity, Connection, Tokens, account_id

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
