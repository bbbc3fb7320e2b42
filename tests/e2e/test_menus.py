"""A property's menu follows Simphony's: it is told of changes, and apps ask for those alone."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.data.tables import TableClient
from tests.e2e.staff import Staff
from tests.local_cloud import LocalCloud, call, eventually

from localcloud.app_settings import endpoint, load_example, storage
from localcloud.layout import url
from muneris.simphony.model import Account
from muneris.simphony.notifications import WebhookKey

CODE = "MEN-U01"
SITE = "muneris-men/men-u01/1"
SOUP, BREAD = 11, 12


@dataclass(frozen=True)
class Kitchen:
    """The restaurant as its staff see it, and as its till is set up in Simphony."""

    staff: Staff
    gateway: str

    @property
    def webhook(self) -> str:
        return f"{self.gateway}/v1/config/webhooks/simphony/{CODE}"

    def serve(self, soup: str) -> None:
        """Have a menu of soup, at a price, and bread."""
        items = [
            {
                "menuItemId": number,
                "name": {"en-US": name},
                "definitions": [{"definitionSequence": 1, "prices": [{"price": price}]}],
            }
            for number, name, price in ((SOUP, "Soup", float(soup)), (BREAD, "Bread", 3.0))
        ]
        address = f"{self.staff.simphony}/sim/menus/{SITE}"
        assert call(address, method="PUT", body={"name": "Lunch", "menuItems": items})[0] == 200

    def sell_out(self, *numbers: int) -> None:
        sold_out = [{"menuItemId": number} for number in numbers]
        address = f"{self.staff.simphony}/sim/setups/{SITE}"
        assert call(address, method="PATCH", body={"terms": {"soldOut": sold_out}})[0] == 200

    def refresh(self) -> None:
        address = f"{self.staff.address}/v1/config/properties/{CODE}/menu/refresh"
        assert call(address, body={}, token=self.staff.token)[0] == 202

    def menu(self, since: str | None = None) -> Any:  # noqa: ANN401 - a menu, or changes
        query = f"?since={since}" if since else ""
        address = f"{self.staff.address}/v1/config/properties/{CODE}/menu{query}"
        status, menu, _ = call(address, token=self.staff.token)
        assert status == 200, menu
        return menu

    def prices(self) -> dict[int, str]:
        return {
            each["menu_item_id"]: each["definitions"][0]["prices"][0]["price"]
            for each in self.menu()["items"]
        }

    def listed(self, what: str) -> list[Any]:
        items: list[Any] = call(f"{self.staff.simphony}/sim/{what}")[1]["items"]
        return items


@pytest.fixture(scope="module")
def kitchen(cloud: LocalCloud, first_orders: Callable[[int], Path]) -> Kitchen:
    cloud.command("replay", str(first_orders(3)), "--property", CODE)
    home = cloud.layout.regions[0]
    return Kitchen(Staff.of(cloud), gateway=endpoint(cloud.layout.gateway(home)))


def test_an_app_that_holds_a_version_is_told_what_has_changed_since(kitchen: Kitchen) -> None:
    kitchen.serve(soup="9.00")
    kitchen.refresh()
    eventually(kitchen.prices, lambda prices: prices == {SOUP: "9.00", BREAD: "3.00"})
    held = kitchen.menu()["version"]
    kitchen.serve(soup="9.50")
    kitchen.refresh()
    eventually(kitchen.prices, lambda prices: prices == {SOUP: "9.50", BREAD: "3.00"})
    changes, menu = kitchen.menu(since=held), kitchen.menu()
    soup = next(each for each in menu["items"] if each["menu_item_id"] == SOUP)
    assert changes == {
        "since": held,
        "version": menu["version"],
        "changed": {"groups": [], "items": [soup], "condiment_groups": [], "combos": []},
        "removed": {"groups": [], "items": [], "condiment_groups": [], "combos": []},
    }
    assert kitchen.menu(since="a-version-of-nobody") == menu


def test_simphony_tells_of_what_is_sold_out_and_nobody_asks(kitchen: Kitchen) -> None:
    kitchen.serve(soup="9.00")
    kitchen.sell_out()
    kitchen.refresh()
    eventually(
        lambda: [each["callbackUri"] for each in kitchen.listed("subscriptions")],
        lambda addresses: addresses.count(kitchen.webhook) == 1,
    )
    kitchen.sell_out(SOUP)
    eventually(
        lambda: {each["menu_item_id"]: each["availability"]["state"] for each in kitchen.menu()["items"]},
        lambda found: found == {SOUP: "unavailable", BREAD: "available"},
    )
    told = [each["status"] for each in kitchen.listed("notifications") if each["url"] == kitchen.webhook]
    assert set(told) == {204}


def test_a_call_is_taken_once_and_from_simphony_alone(cloud: LocalCloud, kitchen: Kitchen) -> None:
    account = Account(
        auth_url=url(cloud.layout.simphony),
        org_short_name="muneris-men",
        client_id="muneris-local",
        username="muneris_api",
    )
    key = WebhookKey.of_account(load_example()["MUNERIS_WEBHOOK_SECRET"].encode(), account.id)

    def send(message_id: str, digest: str | None = None) -> int:
        message = {"id": message_id, "messageType": {"id": "ConfigurationNotification"}, "resource": {}}
        body = json.dumps({"messages": [message]}).encode()
        return status_of(kitchen, body, {"Key-Id": str(key.key_id), "Digest": digest or key.digest(body)})

    first, second, forged = (str(uuid.uuid4()) for _ in range(3))
    assert [send(each) for each in (first, second, first)] == [204] * 3
    assert send(forged, digest=key.digest(b"another body")) == 401
    ours = [each for each in told_ids(cloud) if each in {first, second, forged}]
    assert ours == [first, second]  # who is told again is the newest


def status_of(kitchen: Kitchen, body: bytes, headers: Mapping[str, str]) -> int:
    """How a call of Simphony's is answered."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(kitchen.webhook, data=body, headers=headers, timeout=20).status_code


def told_ids(cloud: LocalCloud) -> list[str]:
    """The messages that the property was told, oldest first."""
    address = storage(cloud.layout, cloud.layout.regions[0])
    with TableClient.from_connection_string(address.connection_string, "Config") as client:
        ids: str = client.get_entity(CODE, "simphony-messages")["Ids"]
    return ids.split("\n")
