"""How a region's own storage account is named in an app's settings: by a secret, or with an identity."""

import pytest
from pydantic import ValidationError

from localcloud.app_settings import load_example
from muneris.cloud.settings import CloudSettings

STORAGE = "MUNERIS_STORAGE"
SECRET = "AccountName=muneris1;AccountKey=c2VjcmV0"
NAME, CREDENTIAL, CLIENT_ID = f"{STORAGE}__accountName", f"{STORAGE}__credential", f"{STORAGE}__clientId"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An app's, without any account."""
    for name, value in load_example().items():
        monkeypatch.setenv(name, value)
    for name in (STORAGE, NAME, CREDENTIAL, CLIENT_ID):
        monkeypatch.delenv(name)


def test_by_a_connection_string(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORAGE, SECRET)
    settings = CloudSettings()
    assert (settings.storage_connection, settings.storage_client_id) == (SECRET, None)
    assert "c2VjcmV0" not in repr(settings)


def test_by_its_name_and_the_apps_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "muneris1")
    monkeypatch.setenv(CREDENTIAL, "managedidentity")
    settings = CloudSettings()
    assert (settings.storage_connection, settings.storage_client_id) == ("muneris1", None)


def test_by_its_name_and_an_identity_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "muneris1")
    monkeypatch.setenv(CLIENT_ID, "5f0c2d6e-0000-4000-8000-000000000001")
    assert CloudSettings().storage_client_id == "5f0c2d6e-0000-4000-8000-000000000001"


def test_an_empty_setting_is_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (NAME, CREDENTIAL, CLIENT_ID, "MUNERIS_EVENTS_KEY"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv(STORAGE, SECRET)
    settings = CloudSettings()
    assert (settings.storage_connection, settings.events_key) == (SECRET, None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "set either MUNERIS_STORAGE or MUNERIS_STORAGE__accountName"),
        ({STORAGE: ""}, "set either MUNERIS_STORAGE or MUNERIS_STORAGE__accountName"),
        ({STORAGE: SECRET, NAME: "muneris1"}, "set either MUNERIS_STORAGE or MUNERIS_STORAGE__accountName"),
        ({NAME: SECRET}, "should match pattern"),
        ({NAME: "muneris1", CREDENTIAL: "c2VjcmV0"}, "should be 'managedidentity'"),
    ],
)
def test_a_wrong_choice_is_refused_at_start_without_its_secret(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        CloudSettings()
    assert said in str(refused.value)
    assert "c2VjcmV0" not in str(refused.value)
