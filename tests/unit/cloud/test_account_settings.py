"""How further storage accounts are named in an app's settings."""

import pytest
from pydantic import ValidationError

from localcloud.app_settings import load_example
from muneris.cloud.settings import CloudSettings, PeerSettings

NAME = "MUNERIS_STORAGE_ACCOUNTS"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in load_example().items():
        monkeypatch.setenv(name, value)


def test_each_has_a_name_and_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, '{"second": "AccountName=a;AccountKey=k", "b3": "muneristhree"}')
    accounts = CloudSettings().storage_accounts
    assert {name: connection.get_secret_value() for name, connection in accounts.items()} == {
        "second": "AccountName=a;AccountKey=k",
        "b3": "muneristhree",
    }
    assert "AccountKey" not in repr(accounts)


def test_without_the_setting_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME)
    monkeypatch.delenv("MUNERIS_PEERS")
    settings = PeerSettings()
    assert (settings.storage_accounts, settings.peers) == ({}, {})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('{"main": "AccountKey=k"}', "'main' is the account of MUNERIS_STORAGE"),
        ('{"Second": "AccountKey=k"}', "should match pattern"),
        ('{"a|b": "AccountKey=k"}', "should match pattern"),
        ('{"": "AccountKey=k"}', "should match pattern"),
        ('{"second": "AccountKey=k"', "Invalid JSON"),
        ('{"second": {"AccountKey": "AccountKey=k"}}', "should be a valid string"),
    ],
)
def test_a_wrong_one_is_refused_at_start_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ValidationError) as refused:
        CloudSettings()
    assert said in str(refused.value)
    assert "storage_accounts" in str(refused.value)
    assert "AccountKey" not in str(refused.value)
