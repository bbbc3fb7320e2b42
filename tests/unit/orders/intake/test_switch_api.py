"""The restaurant's own switch, over HTTP."""

from collections.abc import Mapping

import pytest
from tests.asgi import Response, call
from tests.ordering import OrderingRegion
from tests.restaurant import CODE

OPEN = {"state": "open", "extra_minutes": None, "until": None}
PAUSED = {"state": "paused", "extra_minutes": None, "until": "2030-05-04T13:00:00Z"}


async def send(
    region: OrderingRegion,
    method: str,
    body: object = None,
    *,
    by: Mapping[str, str] | None = None,
    at: str = CODE,
) -> Response:
    headers = region.staff() if by is None else by
    return await call(region.app, method, f"/v1/orders/{at}/intake", headers=headers, json=body)


async def test_a_property_is_open_until_somebody_says_otherwise(region: OrderingRegion) -> None:
    for by in (None, await region.guest("ann")):
        answer = await send(region, "GET", by=by)
        assert (answer.status, answer.json()) == (200, OPEN)


async def test_a_paused_property_takes_no_orders_until_its_time(region: OrderingRegion) -> None:
    answer = await send(region, "PUT", {"state": "paused", "until": "2030-05-04T15:00:00+02:00"})
    assert (answer.status, answer.json()) == (200, PAUSED)
    assert (await send(region, "GET")).json() == PAUSED
    refused = await region.place()
    assert (refused.status, refused.code) == (409, "property_not_open")
    assert refused.json()["until"] == "2030-05-04T13:00:00.000000Z"
    region.clock.advance(hours=1)
    assert (await send(region, "GET")).json() == OPEN
    assert (await region.place()).status == 202


async def test_what_is_said_last_holds(region: OrderingRegion) -> None:
    await send(region, "PUT", {"state": "paused"})
    busy = {"state": "busy", "extra_minutes": 20, "until": None}
    assert (await send(region, "PUT", {"state": "busy", "extra_minutes": 20})).json() == busy
    assert (await send(region, "GET")).json() == busy
    promised = (await region.get(await region.accepted())).json()["fulfilment"]["promised_at"]
    assert promised == "2030-05-04T12:20:00.000000Z"
    assert (await send(region, "PUT", {"state": "open"})).json() == OPEN


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"state": "closed"},
        {"state": "busy", "extra_minutes": -1},
        {"state": "paused", "until": "noon"},
        {"state": "paused", "until": "2030-05-04T12:00:00"},
        {"state": "paused", "until": "0001-01-01T00:00:00+14:00"},
    ],
)
async def test_what_the_switch_does_not_know_is_refused(
    region: OrderingRegion, body: Mapping[str, object]
) -> None:
    before = await region.rows()
    answer = await send(region, "PUT", body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert await region.rows() == before


async def test_guests_look_and_do_not_touch(region: OrderingRegion) -> None:
    before = await region.rows()
    answer = await send(region, "PUT", {"state": "paused"}, by=await region.guest("ann"))
    assert (answer.status, answer.code) == (403, "forbidden")
    elsewhere = await region.guest("ann", "NOR-ODE01")
    assert (await send(region, "GET", by=elsewhere)).code == "forbidden"
    assert (await send(region, "GET", by={})).code == "unauthenticated"
    assert await region.rows() == before


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize(
    ("at", "status", "code"),
    [("NOR-XXX99", 404, "property_not_found"), ("NOR-BER01", 421, "property_in_another_region")],
)
async def test_other_properties_have_no_switch_here(
    region: OrderingRegion, method: str, at: str, status: int, code: str
) -> None:
    answer = await send(region, method, {"state": "open"} if method == "PUT" else None, at=at)
    assert (answer.status, answer.code) == (status, code)
