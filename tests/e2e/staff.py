"""What staff do in a running region, by its public API."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.local_cloud import LocalCloud, call

from localcloud.layout import url
from muneris.core.ids import new_uuid7


@dataclass(frozen=True)
class Staff:
    """Staff of the restaurants of region api1, with a token of their own."""

    address: str
    simphony: str
    token: str

    @classmethod
    def of(cls, cloud: LocalCloud) -> "Staff":
        token: str = cloud.command("token", "--staff")["access_token"]
        gateway = cloud.layout.gateway(cloud.layout.regions[0])
        return cls(url(gateway), url(cloud.layout.simphony), token)

    def restock(self, code: str) -> None:
        """Have a hundred of everything."""
        items = f"{self.address}/v1/inventory/{code}/items"
        for item in call(items, token=self.token)[1]["items"]:
            body = {"name": item["name"], "unit": item["unit"], "on_hand": 100}
            assert call(f"{items}/{item['sku']}", method="PUT", body=body, token=self.token)[0] == 200

    def place(self, code: str) -> str | None:
        """The id of a new order, of what was ordered there last; None: it is refused."""
        orders, key = f"{self.address}/v1/orders/{code}", str(new_uuid7(datetime.now(UTC)))
        last = call(f"{orders}?limit=1", token=self.token)[1]["items"][0]
        order = {
            "channel": last["channel"],
            "fulfilment": {"type": last["fulfilment"]["type"]},
            "lines": last["lines"],
            "payment": {"method": "at_counter"},
        }
        status = call(orders, body=order, token=self.token, key=key)[0]
        return key if status == 202 else None

    def status_of(self, code: str, order_id: str) -> str:
        status: str = call(f"{self.address}/v1/orders/{code}/{order_id}", token=self.token)[1]["status"]
        return status

    def checks(self) -> Counter[str]:
        """How many checks Simphony holds for each order."""
        held: list[Any] = call(f"{self.simphony}/sim/checks")[1]["items"]
        return Counter(extension["data"] for check in held for extension in check.get("extensions", ()))
