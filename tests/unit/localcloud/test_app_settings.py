import json
import re
from pathlib import Path

import pytest

from localcloud import app_settings
from localcloud.layout import PROJECT, REGIONS, Layout
from localcloud.supervisor.keys import load_keys

API1, API2, API3 = REGIONS


def test_the_example_and_the_documentation_list_the_same_settings() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", (PROJECT / "docs" / "settings.md").read_text(), re.MULTILINE)
    assert documented == list(app_settings.load_example())


def test_the_example_is_what_the_default_ports_give_region_api1(tmp_path: Path) -> None:
    keys = load_keys(tmp_path, ["api1", "api2", "api3"])
    settings = app_settings.app_settings(Layout(7070, tmp_path), API1, "auth", keys)
    generated = {"MUNERIS_EVENTS_KEY", "MUNERIS_SIGNING_KEY", "MUNERIS_STAFF_JWKS"}
    generated |= {"MUNERIS_SEALING_KEY", "MUNERIS_SEALING_RECIPIENTS"}
    present = {"MUNERIS_APPS"}  # the apps this checkout has
    expected = {
        name: value for name, value in app_settings.load_example().items() if name not in generated | present
    }
    assert {name: settings[name] for name in expected} == expected
    assert settings.keys() == app_settings.load_example().keys()


@pytest.mark.parametrize("app", ["config", "orders", "inventory"])
def test_only_auth_can_sign(app: str, tmp_path: Path) -> None:
    keys = load_keys(tmp_path, ["api1"])
    settings = app_settings.app_settings(Layout(7070, tmp_path, 1), API1, app, keys)
    assert "MUNERIS_SIGNING_KEY" not in settings
    assert "MUNERIS_SEALING_KEY" in settings


def test_a_regions_further_accounts_have_the_ports_of_its_main_one(tmp_path: Path) -> None:
    keys = load_keys(tmp_path, ["api1", "api2", "api3"])
    layout = Layout(8000, tmp_path, storage_accounts=3)
    settings = app_settings.app_settings(layout, API2, "orders", keys)
    main = app_settings.storage(layout, API2).connection_string
    assert settings["MUNERIS_STORAGE"] == main
    assert json.loads(settings["MUNERIS_STORAGE_ACCOUNTS"]) == {
        name: main.replace("devstoreaccount1", name) for name in ("account2", "account3")
    }


def test_each_region_has_its_own_values(tmp_path: Path) -> None:
    keys = load_keys(tmp_path, ["api1", "api2", "api3"])
    layout = Layout(8000, tmp_path)
    settings = app_settings.app_settings(layout, API2, "auth", keys)
    assert settings["MUNERIS_REGION"] == "api2"
    assert settings["MUNERIS_SIGNING_KEY"] == keys.regions["api2"].signing
    assert settings["MUNERIS_STORAGE"] == app_settings.storage(layout, API2).connection_string
    assert json.loads(settings["MUNERIS_PEERS"]) == {
        "api1": app_settings.storage(layout, API1).connection_string,
        "api3": app_settings.storage(layout, API3).connection_string,
    }
    assert json.loads(settings["MUNERIS_REGIONS"]) == {
        "api1": "http://localhost:8001",
        "api2": "http://localhost:8002",
        "api3": "http://localhost:8003",
    }
    assert settings["MUNERIS_EVENTS_ENDPOINT"] == "http://127.0.0.1:8023/topics/muneris/api/events"
    assert settings["MUNERIS_WEBHOOK_URL"] == "http://localhost:8002"
