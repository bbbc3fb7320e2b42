"""Plain HTTP against the simulated Simphony, as a client of any kind speaks it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.simphony import Simulation, open_simulation

SITE = {"Simphony-OrgShortName": "MUNERIS-DEMO", "Simphony-LocRef": "CPH01", "Simphony-RvcRef": "1"}
QUERY = {"OrgShortName": "Muneris-Demo", "LocRef": "cph01", "RvcRef": "1"}
DETECT = {"Simphony-Features": "enable-condiment-prefix, detect-duplicate-request"}
CHECKS = "/api/v1/checks"
BURGER, STEAK, FISH, FRIES, BEER, LEMONADE, MEAL = 11001, 11002, 11003, 11005, 12002, 12003, 13001
LUNCH = {
    "comboMealId": 701,
    "comboItem": {"menuItemId": MEAL},
    "mainItem": {"menuItemId": FISH, "condiments": [{"condimentId": 52003, "definitionSequence": 1}]},
    "sideItems": [{"menuItemId": LEMONADE}, {"menuItemId": FRIES}],
}


@dataclass
class Seen:
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Any


@dataclass
class Caller:
    """Plain HTTP against the simulator, with a valid bearer unless told otherwise."""

    simulation: Simulation

    async def __call__(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: dict[str, str] | None = None,
        **more: Any,  # noqa: ANN401 - whatever aiohttp takes
    ) -> Seen:
        sent = {"Authorization": f"Bearer {self.simulation.bearer}", **SITE, **(headers or {})}
        url = self.simulation.url + path
        async with self.simulation.session.request(method, url, json=body, headers=sent, **more) as response:
            is_json = response.content_type == "application/json" and response.status != 304
            return Seen(response.status, response.headers, await response.json() if is_json else None)


@pytest.fixture
async def simulation() -> AsyncIterator[Simulation]:
    async with open_simulation() as opened:
        yield opened


@pytest.fixture
def call(simulation: Simulation) -> Caller:
    return Caller(simulation)


def check(number: int = 1, **header: object) -> dict[str, Any]:
    return {
        "header": {
            "orgShortName": "Muneris-Demo", "locRef": "cph01", "rvcRef": 1, "checkEmployeeRef": 1,
            "orderTypeRef": 1, "idempotencyId": f"{number:032x}", **header,
        },
        "menuItems": [{"menuItemId": 11001}],
    }  # fmt: skip


async def post(call: Caller, number: int = 1, /, **more: object) -> Seen:
    """The answer to a new check."""
    return await call("POST", CHECKS, body=check(number) | more)


async def opened(call: Caller, number: int = 1, /, **more: object) -> str:
    """The reference of a new check."""
    posted = await post(call, number, **more)
    assert posted.status == 200, posted.body
    return str(posted.body["header"]["checkRef"])


async def totals(call: Caller, /, **more: object) -> dict[str, Any]:
    """What a new check comes to."""
    posted = await post(call, **more)
    assert posted.status == 200, posted.body
    found: dict[str, Any] = posted.body["totals"]
    return found


def pos_code(seen: Seen) -> str:
    """What the POS objects to."""
    assert (seen.status, seen.body["title"]) == (400, "POS Error")
    return str(seen.body["posDetails"][0]["code"])


async def add_round(call: Caller, ref: str, number: int = 10, /, **more: object) -> Seen:
    return await call("POST", f"{CHECKS}/{ref}/round", body=check(number, checkRef=ref) | more)


async def set_up(call: Caller, **setup: object) -> None:
    """Change how the demo revenue center is set up."""
    changed = await call("PATCH", "/sim/setups/muneris-demo/cph01/1", body=setup)
    assert changed.status == 200, changed.body


async def set_oddity(call: Caller, **oddities: object) -> None:
    """Change the ways of the installation."""
    changed = await call("PATCH", "/sim/oddities", body=oddities)
    assert changed.status == 200, changed.body
