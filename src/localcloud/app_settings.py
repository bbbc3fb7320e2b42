"""The settings of every function app: what `local.settings.example.json` lists, with this cloud's values."""

import json
from functools import cache

from pydantic import BaseModel

from localcloud import staff
from localcloud.azurite import StorageAddress
from localcloud.layout import APPS, PROJECT, Layout, Region, url
from localcloud.supervisor.keys import Keys
from muneris.cloud.sealing import to_public_jwk

EXAMPLE = PROJECT / "local.settings.example.json"
TOPIC = "muneris"

APPS_FOLDER = PROJECT / "function_apps"
_ONLY_FOR_AUTH = "MUNERIS_SIGNING_KEY"


class LocalSettings(BaseModel, frozen=True):
    """The shape of Azure Functions' `local.settings.json`."""

    IsEncrypted: bool = False
    Values: dict[str, str]


def storage(layout: Layout, region: Region) -> StorageAddress:
    """Where a region's storage account is reached."""
    return StorageAddress(*layout.storage(region))


def further_storages(layout: Layout, region: Region) -> dict[str, StorageAddress]:
    """Where a region's further storage accounts are reached, by name."""
    return {name: StorageAddress(*layout.storage(region), account=name) for name in layout.further_accounts}


def endpoint(port: int) -> str:
    """A public address, as a browser or an app types it."""
    return f"http://localhost:{port}"


def topic(layout: Layout, region: Region) -> str:
    """The address of a region's Event Grid topic; events are published to `<topic>/api/events`."""
    return f"{url(layout.event_grid(region))}/topics/{TOPIC}"


def present_apps() -> list[str]:
    """The function apps that exist in this checkout."""
    return [app for app in APPS if (APPS_FOLDER / app / "function_app.py").exists()]


@cache
def load_example() -> dict[str, str]:
    """Every setting with a value that works for region api1 under `func start`."""
    return LocalSettings.model_validate_json(EXAMPLE.read_text()).Values


def app_settings(layout: Layout, region: Region, app: str, keys: Keys) -> dict[str, str]:
    """The environment of one app in one region."""
    settings = load_example() | _storage(layout, region) | _region(layout, region)
    settings |= _keys(layout, region, keys)
    if app != "auth":
        del settings[_ONLY_FOR_AUTH]
    return settings


def _storage(layout: Layout, region: Region) -> dict[str, str]:
    own = storage(layout, region).connection_string
    further = {name: address.connection_string for name, address in further_storages(layout, region).items()}
    peers = {peer.name: storage(layout, peer).connection_string for peer in layout.regions if peer != region}
    return {
        "AzureWebJobsStorage": own,
        "MUNERIS_STORAGE": own,
        "MUNERIS_STORAGE_ACCOUNTS": json.dumps(further),
        "MUNERIS_PEERS": json.dumps(peers),
    }


def _region(layout: Layout, region: Region) -> dict[str, str]:
    endpoints = {each.name: endpoint(layout.gateway(each)) for each in layout.regions}
    apps = {app: url(layout.app(region, app)) for app in present_apps()}
    return {
        "MUNERIS_REGION": region.name,
        "MUNERIS_REGIONS": json.dumps(endpoints),
        "MUNERIS_APPS": json.dumps(apps),
        "MUNERIS_WEBHOOK_URL": endpoints[region.name],
    }


def _keys(layout: Layout, region: Region, keys: Keys) -> dict[str, str]:
    own = keys.regions[region.name]
    recipients = {each.name: to_public_jwk(keys.regions[each.name].sealing) for each in layout.regions}
    return {
        "MUNERIS_EVENTS_ENDPOINT": f"{topic(layout, region)}/api/events",
        "MUNERIS_EVENTS_KEY": own.events,
        "MUNERIS_SIGNING_KEY": own.signing,
        "MUNERIS_SEALING_KEY": own.sealing,
        "MUNERIS_SEALING_RECIPIENTS": json.dumps(recipients),
        "MUNERIS_STAFF_ISSUER": staff.ISSUER,
        "MUNERIS_STAFF_JWKS": staff.to_public_jwks(keys.staff),
    }
