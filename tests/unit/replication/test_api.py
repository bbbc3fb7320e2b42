import pytest
from tests.asgi import Response, call
from tests.tenants import REGIONS, SIGNING_KEY, STAFF_KEY
from tests.token_links import ACCOUNT
from tests.token_regions import Europe

from localcloud import staff
from muneris.cloud.http import Authenticate, PublicKeys, create_api
from muneris.cloud.http.guard import Guard
from muneris.cloud.tables.memory import MemoryTable
from muneris.replication import api

MASTER = "/v1/sts_token_master/master"
ACCOUNTS = "/v1/sts_token_master/accounts"


class App:
    """The token master's app of one region, as staff call it."""

    def __init__(self, europe: Europe, region: str) -> None:
        self._clock = europe.clock
        keys = PublicKeys(MemoryTable(), europe.clock.monotonic)
        jwks = staff.to_public_jwks(STAFF_KEY)
        authenticate = Authenticate(region, REGIONS, keys, staff.ISSUER, jwks, europe.clock)
        routes = api.router(region, europe.processes[region].means, authenticate)
        self._app = Guard(create_api(api.APP, routes), region)

    async def send(
        self, method: str, path: str, json: object = None, *, key: str | None = STAFF_KEY
    ) -> Response:
        issued_at = int(self._clock.now().timestamp())
        headers = {} if key is None else {"Authorization": f"Bearer {staff.issue_token(key, issued_at)}"}
        return await call(self._app, method, path, json=json, headers=headers)


@pytest.fixture
async def europe() -> Europe:
    europe = Europe()
    await europe.begin()
    return europe


@pytest.fixture
def api2(europe: Europe) -> App:
    return App(europe, "api2")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", MASTER, None), ("POST", f"{MASTER}/promote", {}), ("GET", ACCOUNTS, None)],
)
@pytest.mark.parametrize("key", [None, SIGNING_KEY], ids=["nobody", "customer"])
async def test_only_staff_may_ask(
    api2: App, europe: Europe, method: str, path: str, body: object, key: str | None
) -> None:
    assert (await api2.send(method, path, body, key=key)).status == 401
    assert await europe.processes["api1"].mastership.confirm() is not None


async def test_the_master_is_named_with_what_every_region_says(api2: App, europe: Europe) -> None:
    europe.kill("api3")
    document = (await api2.send("GET", MASTER)).json()
    assert {name: document["master"][name] for name in ("epoch", "region", "forced")} == {
        "epoch": 1,
        "region": "api1",
        "forced": False,
    }
    said = [
        (each["region"], each["reachable"], each["role"] and each["role"]["region"])
        for each in document["regions"]
    ]
    assert said == [("api1", True, "api1"), ("api2", True, "api1"), ("api3", False, None)]


async def test_without_a_majority_there_is_no_master(api2: App, europe: Europe) -> None:
    europe.kill("api1", "api3")
    assert (await api2.send("GET", MASTER)).json()["master"] is None


async def test_a_promotion_makes_the_asked_region_the_master(api2: App, europe: Europe) -> None:
    answer = await api2.send("POST", f"{MASTER}/promote", {})
    assert answer.status == 200
    assert (answer.json()["region"], answer.json()["epoch"]) == ("api2", 2)
    assert await europe.processes["api1"].mastership.confirm() is None


async def test_a_promotion_without_a_majority_is_refused_and_says_why(api2: App, europe: Europe) -> None:
    europe.kill("api1", "api3")
    answer = await api2.send("POST", f"{MASTER}/promote", {})
    assert (answer.status, answer.code) == (409, "no_majority")
    assert "1 of 3 regions answer (api2), and 2 are needed" in answer.json()["detail"]
    europe.revive("api1", "api3")
    assert (await api2.send("GET", MASTER)).json()["master"]["epoch"] == 1


async def test_a_promotion_that_is_lost_says_who_is_master(api2: App, europe: Europe) -> None:
    await europe.promote("api1")
    europe.faults["api1"].fail("before", {1})
    europe.faults["api2"].fail("before", {1})
    answer = await api2.send("POST", f"{MASTER}/promote", {})
    assert (answer.status, answer.code) == (409, "promotion_lost")
    assert answer.json()["detail"] == "Only api3 took epoch 3 of api2; api1 is master (epoch 2)."


@pytest.mark.parametrize("confirm", ["", "api1", "API2"])
async def test_force_needs_the_name_of_the_region(api2: App, confirm: str) -> None:
    answer = await api2.send("POST", f"{MASTER}/promote", {"force": True, "confirm": confirm})
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == ["confirm"]
    assert (await api2.send("GET", MASTER)).json()["master"]["region"] == "api1"


async def test_a_forced_promotion_does_without_the_others(api2: App, europe: Europe) -> None:
    europe.kill("api1", "api3")
    answer = await api2.send("POST", f"{MASTER}/promote", {"force": True, "confirm": "api2"})
    assert (answer.status, answer.json()["forced"]) == (200, True)
    assert (await api2.send("GET", MASTER)).json()["master"]["region"] == "api2"


async def test_accounts_are_listed_in_every_region_without_their_tokens(api2: App, europe: Europe) -> None:
    europe.kill("api3")
    await europe.sign_in("api1")
    europe.kill("api1")
    answer = await api2.send("GET", ACCOUNTS)
    (account,) = answer.json()["items"]
    assert (account["account"], account["organization"], account["username"]) == (ACCOUNT.id, "nordic", "api")
    states = [
        (each["region"], each["state"], each["version"], each["days_left"]) for each in account["regions"]
    ]
    assert states == [
        ("api1", "unreachable", None, None),
        ("api2", "valid", 2, 10),
        ("api3", "unreachable", None, None),
    ]
    assert "api-" not in answer.body.decode()


async def test_a_region_that_refuses_shows_as_one_that_is_out_of_reach(api2: App, europe: Europe) -> None:
    europe.refuse("api3")
    (account,) = (await api2.send("GET", ACCOUNTS)).json()["items"]
    assert [each["state"] for each in account["regions"]] == ["valid", "valid", "unreachable"]
    document = (await api2.send("GET", MASTER)).json()
    assert [each["reachable"] for each in document["regions"]] == [True, True, False]


async def test_a_region_that_has_no_link_yet_says_so(api2: App, europe: Europe) -> None:
    other = ACCOUNT.model_copy(update={"username": "another"})
    europe.kill("api3")
    await europe.sign_in("api2", other)
    europe.revive("api3")
    items = (await api2.send("GET", ACCOUNTS)).json()["items"]
    (account,) = (each for each in items if each["username"] == "another")
    assert [each["state"] for each in account["regions"]] == ["valid", "valid", "absent"]


async def test_what_is_due_and_what_is_spent_shows(api2: App, europe: Europe) -> None:
    await europe.until_due()
    (account,) = (await api2.send("GET", ACCOUNTS)).json()["items"]
    assert [each["state"] for each in account["regions"]] == ["refresh_due"] * 3
    europe.oracle.good.clear()
    await europe.tend()
    (account,) = (await api2.send("GET", ACCOUNTS)).json()["items"]
    states = [(each["state"], each["age_days"], each["days_left"]) for each in account["regions"]]
    assert states == [("sign_in_needed", 5, 4)] * 3
