import json

import pytest
from pydantic import ValidationError

from localcloud.app_settings import load_example
from muneris.replication.settings import TokenMasterSettings, TokenSettings


@pytest.fixture(autouse=True)
def example(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in load_example().items():
        monkeypatch.setenv(name, value)


def test_the_example_is_complete() -> None:
    settings = TokenSettings()
    assert settings.sealing_recipients.keys() == settings.regions.keys()


def test_a_region_that_could_not_open_tokens_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    recipients = json.loads(load_example()["MUNERIS_SEALING_RECIPIENTS"])
    del recipients["api2"]
    monkeypatch.setenv("MUNERIS_SEALING_RECIPIENTS", json.dumps(recipients))
    with pytest.raises(ValidationError, match="MUNERIS_SEALING_RECIPIENTS lacks api2"):
        TokenSettings()


def test_a_region_without_a_vote_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    peers = json.loads(load_example()["MUNERIS_PEERS"])
    del peers["api3"]
    monkeypatch.setenv("MUNERIS_PEERS", json.dumps(peers))
    with pytest.raises(ValidationError, match="MUNERIS_PEERS has to name every other region"):
        TokenSettings()


@pytest.mark.parametrize("name", ["MUNERIS_PEERS", "MUNERIS_SEALING_RECIPIENTS"])
def test_nothing_secret_is_in_the_refusal(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "{}")
    with pytest.raises(ValidationError) as refused:
        TokenSettings()
    assert "AccountKey" not in str(refused.value)


def test_the_schedule_is_twice_a_day_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUNERIS_TOKEN_SCHEDULE")
    assert TokenMasterSettings().token_schedule == "0 0 */12 * * *"
    monkeypatch.setenv("MUNERIS_TOKEN_SCHEDULE", "0 30 4 * * *")
    assert TokenMasterSettings().token_schedule == "0 30 4 * * *"


@pytest.mark.parametrize("schedule", ["0 */12 * * *", "every day", "12:00:00"])
def test_a_schedule_without_six_fields_is_refused(monkeypatch: pytest.MonkeyPatch, schedule: str) -> None:
    monkeypatch.setenv("MUNERIS_TOKEN_SCHEDULE", schedule)
    with pytest.raises(ValidationError, match="token_schedule"):
        TokenMasterSettings()
