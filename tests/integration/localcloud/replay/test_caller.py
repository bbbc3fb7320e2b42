from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest
from pydantic import JsonValue
from tests.integration.localcloud.replay.fake_region import (
    PROPERTY,
    FakeRegion,
    Scripted,
    order,
    refusal,
    sent_property,
    serving,
)

from localcloud.replay.api import Api
from localcloud.replay.caller import ORDERS_A_GUEST, Caller

_BODY: JsonValue = {"lines": [1]}
_ACCEPTED = Scripted(202, {"status": "received"})


@pytest.fixture
async def region() -> AsyncIterator[FakeRegion]:
    async with serving(FakeRegion()) as region:
        yield region


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def api(session: aiohttp.ClientSession, region: FakeRegion) -> Api:
    return Api(session, region.endpoint)


async def test_an_order_is_seen_through_to_its_end(api: Api, region: FakeRegion) -> None:
    region.seen = [order("received"), Scripted(304, headers={"ETag": '"received"'}), order("confirmed")]
    caller = Caller(api, PROPERTY, new_id=lambda: UUID(int=7))
    outcome = await caller.place(_BODY)
    assert (outcome.order_id, outcome.end, outcome.reason) == (UUID(int=7), "confirmed", "")
    assert sent_property(region.requests("POST", "/v1/auth")[0]) == PROPERTY
    (placed,) = region.requests("POST")
    assert (placed.key, placed.bearer, placed.body) == (str(UUID(int=7)), "access-1", b'{"lines": [1]}')
    path = f"/v1/orders/{PROPERTY}/{UUID(int=7)}"
    assert [each.path for each in region.requests("GET")] == [path, f"{path}?wait=15", f"{path}?wait=15"]


async def test_a_rejected_order_ends_with_its_reason(api: Api, region: FakeRegion) -> None:
    region.seen = [order("received"), order("rejected", reason="out_of_stock")]
    outcome = await Caller(api, PROPERTY).place(_BODY)
    assert (outcome.end, outcome.reason) == ("rejected", "out_of_stock")


async def test_whatever_may_pass_is_tried_again_with_the_same_key(api: Api, region: FakeRegion) -> None:
    busy = Scripted(429, headers={"Retry-After": "0"})
    region.placed = [Scripted(503), Scripted(0), busy, _ACCEPTED]
    region.seen = [Scripted(0), Scripted(500), order("confirmed")]
    assert (await Caller(api, PROPERTY).place(_BODY)).end == "confirmed"
    requests = region.requests("POST")
    assert len(requests) == 4
    assert len({(each.key, each.bearer, each.body) for each in requests}) == 1


async def test_a_refusal_is_final(api: Api, region: FakeRegion) -> None:
    region.placed = [refusal(409, "price_changed")]
    outcome = await Caller(api, PROPERTY).place(_BODY)
    assert (outcome.end, outcome.reason) == ("failed", "Refused: 409 price_changed. So it is.")
    assert len(region.requests("POST")) == 1


async def test_an_accepted_order_that_is_lost_has_failed(api: Api, region: FakeRegion) -> None:
    region.seen = [refusal(404, "order_not_found")]
    outcome = await Caller(api, PROPERTY).place(_BODY)
    expected = "Accepted, but not to be seen: 404 order_not_found. So it is."
    assert (outcome.end, outcome.reason) == ("failed", expected)


async def test_an_answer_of_another_shape_fails_its_order_alone(api: Api, region: FakeRegion) -> None:
    region.seen = [Scripted(200, {"status": "confirmed"}), order("confirmed")]
    caller = Caller(api, PROPERTY)
    outcomes = [await caller.place(_BODY) for _ in range(2)]
    assert [each.end for each in outcomes] == ["failed", "confirmed"]
    assert outcomes[0].reason.startswith("No answer as it should be: 2 validation errors for Order")


async def test_an_order_has_its_deadline(api: Api, region: FakeRegion) -> None:
    region.placed = [Scripted(503)]
    outcome = await Caller(api, PROPERTY, order_seconds=0.3).place(_BODY)
    assert (outcome.end, outcome.reason) == ("failed", "Not at its end after 0 s")


async def test_an_expired_session_is_renewed_once(api: Api, region: FakeRegion) -> None:
    expired = refusal(401, "unauthenticated")
    region.placed = [expired, expired, _ACCEPTED]
    assert (await Caller(api, PROPERTY, twice=True).place(_BODY)).end == "confirmed"
    assert [each.path for each in region.requests("POST", "/v1/auth")] == [
        "/v1/auth/guest-sessions",
        "/v1/auth/sessions/refresh",
    ]
    assert [each.bearer for each in region.requests("POST")] == ["access-1"] * 2 + ["access-2"] * 2


async def test_a_guest_orders_ten_times(api: Api, region: FakeRegion) -> None:
    caller = Caller(api, PROPERTY)
    for _ in range(ORDERS_A_GUEST + 1):
        await caller.place(_BODY)
    bearers = [each.bearer for each in region.requests("POST")]
    assert bearers == ["access-1"] * 10 + ["access-2"]


async def test_two_requests_with_one_key_have_one_receipt(api: Api, region: FakeRegion) -> None:
    assert (await Caller(api, PROPERTY, twice=True).place(_BODY)).end == "confirmed"
    first, second = region.requests("POST")
    assert (first.key, first.body) == (second.key, second.body)
    region.placed = [_ACCEPTED, Scripted(202, {"status": "other"})]
    outcome = await Caller(api, PROPERTY, twice=True).place(_BODY)
    expected = "Sent twice: 202 receipts_differ. One key was answered with two receipts."
    assert (outcome.end, outcome.reason) == ("failed", expected)


@pytest.mark.parametrize(
    ("status", "code"), [(421, "property_in_another_region"), (401, "session_of_another_region")]
)
async def test_the_home_that_a_region_names_is_remembered(
    status: int, code: str, api: Api, region: FakeRegion
) -> None:
    async with serving(FakeRegion()) as home:
        region.placed = [refusal(status, code, home_endpoint=home.endpoint)]
        caller = Caller(api, PROPERTY)
        assert [(await caller.place(_BODY)).end for _ in range(2)] == ["confirmed"] * 2
        assert [len(each.requests("POST")) for each in (region, home)] == [1, 2]
        assert region.requests("POST")[0].key == home.requests("POST")[0].key
        assert region.requests("GET") == []
