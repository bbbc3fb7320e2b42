"""`muneris order`, `work`, `poison`, `master`, `tokens`: what they ask of a region, and how they answer."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from tests.local_cloud import free_base_port, muneris
from typer.testing import CliRunner

from localcloud import operators
from localcloud.app_settings import endpoint
from localcloud.cli import cli
from localcloud.errors import LocalCloudError
from localcloud.http_server import EVERY_PATH, listening
from localcloud.layout import Layout, url
from localcloud.supervisor.data_folder import hold, write_record
from localcloud.supervisor.keys import load_keys

ORDER = "01a2006b-2f0e-7c44-9d3a-5a4b1c2d3e4f"
NOTHING: dict[str, object] = {"items": [], "continuation": None}


@dataclass
class Region:
    """A region that answers what it is told to, and keeps what it was asked.

    So many times it `hangs_up` first.
    """

    status: int = 200
    hangs_up: int = 0
    answer: object = field(default_factory=lambda: NOTHING)
    asked: list[tuple[str, str, object]] = field(default_factory=list)
    authorized: set[str] = field(default_factory=set)

    async def serve(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.asked.append((request.method, request.path_qs, json.loads(body) if body else None))
        if self.hangs_up and request.transport is not None:
            self.hangs_up -= 1
            request.transport.abort()
        self.authorized.add(request.headers.get("Authorization", "").partition(" ")[0])
        return web.json_response(self.answer, status=self.status)


@dataclass(frozen=True)
class Done:
    """What a command said, and what it refused."""

    exit_code: int
    stdout: str
    refusal: str = ""


def run(*words: str, typed: str | None = None) -> Done:
    """A command, in this process: a new one takes a second to start."""
    result = CliRunner(env={"COLUMNS": "200"}).invoke(cli, words, input=typed)
    if isinstance(result.exception, LocalCloudError):
        return Done(result.exit_code, result.stdout, str(result.exception))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout)


@dataclass
class Cloud:
    """Regions that a command takes for the running local cloud's."""

    data_dir: Path
    layout: Layout
    regions: list[Region]

    async def command(self, *words: str, typed: str | None = None) -> Done:
        return await asyncio.to_thread(run, *words, "--data-dir", str(self.data_dir), typed=typed)

    async def document(self, *words: str) -> object:
        done = await self.command(*words, "--json")
        assert (done.exit_code, done.refusal) == (0, "")
        return json.loads(done.stdout)


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    layout = Layout(free_base_port(2), tmp_path, 2)
    load_keys(tmp_path, [region.name for region in layout.regions])
    held = hold(tmp_path)
    write_record(layout, url(layout.control))
    cloud = Cloud(tmp_path, layout, [Region(), Region()])
    async with AsyncExitStack() as servers:
        for region, each in zip(layout.regions, cloud.regions, strict=True):
            app = web.Application()
            app.router.add_route("*", EVERY_PATH, each.serve)
            await servers.enter_async_context(listening(app, layout.gateway(region)))
        yield cloud
    os.close(held)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["order", "list"], ("GET", "/v1/orders/attention?limit=100", None)),
        (
            ["order", "list", "NOR-CPH01", "--status", "posting", "--limit", "5", "--continuation", "c"],
            ("GET", "/v1/orders/NOR-CPH01?status=posting&limit=5&continuation=c", None),
        ),
        (
            ["order", "list", "NOR-CPH01", "--since", "2030-05-04T10:00:00+02:00"],
            ("GET", "/v1/orders/NOR-CPH01?since=2030-05-04T10:00:00%2B02:00&limit=100", None),
        ),
        (["order", "show", "NOR-CPH01", ORDER], ("GET", f"/v1/orders/NOR-CPH01/{ORDER}", None)),
        (["work", "list"], ("GET", "/v1/orders/work?limit=100", None)),
        (
            ["work", "list", "NOR-CPH01", "--order", ORDER],
            ("GET", f"/v1/orders/NOR-CPH01/work?order_id={ORDER}&limit=100", None),
        ),
        (["poison", "list"], ("GET", "/v1/orders/poison", None)),
        (["poison", "show", "orders-post", "m/1"], ("GET", "/v1/orders/poison/orders-post/m%2F1", None)),
    ],
)
async def test_what_is_asked_is_answered_as_one_document(
    cloud: Cloud, words: list[str], asked: tuple[str, str, object]
) -> None:
    assert await cloud.document(*words) == NOTHING
    assert (cloud.regions[0].asked, cloud.regions[1].asked) == ([asked], [])
    assert cloud.regions[0].authorized == {"Bearer"}


@pytest.mark.parametrize(
    ("words", "asked", "answer", "said"),
    [
        (
            ["order", "resolve", "NOR-CPH01", ORDER, "confirmed", "--check-ref", "r", "--check-number", "7"],
            (
                "POST",
                f"/v1/orders/NOR-CPH01/{ORDER}/resolve",
                {"kind": "confirmed", "round": None, "check_ref": "r", "check_number": 7, "note": "seen"},
            ),
            {"status": "confirmed"},
            f"{ORDER} is confirmed.\n",
        ),
        (
            ["order", "resolve", "NOR-CPH01", ORDER, "rejected", "--round", "r1"],
            (
                "POST",
                f"/v1/orders/NOR-CPH01/{ORDER}/resolve",
                {"kind": "rejected", "round": "r1", "check_ref": None, "check_number": None, "note": "seen"},
            ),
            {"status": "confirmed"},
            f"{ORDER} is confirmed.\n",
        ),
        (
            ["work", "retry", "NOR-CPH01"],
            ("POST", "/v1/orders/NOR-CPH01/work/retry", {"order_id": None}),
            {"retried": 3},
            "Steps due now: 3.\n",
        ),
        (
            ["work", "retry", "NOR-CPH01", "--order", ORDER],
            ("POST", "/v1/orders/NOR-CPH01/work/retry", {"order_id": ORDER}),
            {"retried": 1},
            "Steps due now: 1.\n",
        ),
        (
            ["poison", "redrive", "orders-post", "m1"],
            ("POST", "/v1/orders/poison/orders-post/m1/redrive", None),
            {"redriven": 1},
            "Put back into orders-post: 1.\n",
        ),
        (
            ["poison", "redrive", "orders-post", "--all"],
            ("POST", "/v1/orders/poison/orders-post/redrive", None),
            {"redriven": 9},
            "Put back into orders-post: 9.\n",
        ),
        (
            ["poison", "drop", "orders-post", "m1"],
            ("DELETE", "/v1/orders/poison/orders-post/m1", None),
            {"dropped": 1},
            "Removed of orders-post: 1.\n",
        ),
        (
            ["poison", "drop", "orders-post", "--all"],
            ("DELETE", "/v1/orders/poison/orders-post", None),
            {"dropped": 9},
            "Removed of orders-post: 9.\n",
        ),
    ],
)
async def test_what_was_done_is_said(
    cloud: Cloud, words: list[str], asked: tuple[str, str, object], answer: dict[str, object], said: str
) -> None:
    cloud.regions[0].answer = answer
    noted = ["--note", "seen"] if "resolve" in words else []
    done = await cloud.command(*words, *noted)
    assert done == Done(0, said)
    assert cloud.regions[0].asked == [asked]
    assert await cloud.document(*words, *noted) == answer


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["order", "list"], "No order needs attention.\n"),
        (["order", "list", "NOR-CPH01"], "No such orders.\n"),
        (["work", "list"], "Nothing is owed.\n"),
        (["poison", "list"], "There is no poison.\n"),
    ],
)
async def test_an_empty_list_is_said(cloud: Cloud, words: list[str], said: str) -> None:
    assert (await cloud.command(*words)).stdout == said


async def rows(cloud: Cloud, *words: str) -> list[list[str]]:
    """The words of each line that a command says, but for rules."""
    lines = (await cloud.command(*words)).stdout.splitlines()
    return [line.split() for line in lines if line.strip(" ─")]


async def test_a_list_is_a_table_that_says_how_to_go_on(cloud: Cloud) -> None:
    item = {
        "order_id": ORDER,
        "property_code": "NOR-CPH01",
        "step": "post",
        "attempts": 3,
        "due_at": "2030-05-04T10:31:10.123456Z",
    }
    cloud.regions[0].answer = {"items": [item], "continuation": "abc"}
    head, row, more = await rows(cloud, "work", "list")
    assert head == ["order", "property", "step", "tries", "next"]
    assert row == [ORDER, "NOR-CPH01", "post", "3", "2030-05-04T10:31:10Z"]
    assert more == ["More:", "--continuation", "abc"]


async def test_rounds_in_doubt_are_in_the_table_of_what_needs_attention(cloud: Cloud) -> None:
    order = {
        "order_id": ORDER,
        "property_code": "NOR-CPH01",
        "updated_at": "now",
        "totals": {"total": "1.00"},
    }
    rounds = [{"id": "r1", "status": "confirmed"}, {"id": "r2", "status": "needs_attention"}]
    document = {"items": [order, {**order, "rounds": rounds}], "continuation": None}
    cloud.regions[0].answer = document
    head, without, doubtful = await rows(cloud, "order", "list")
    assert head == ["order", "property", "since", "total", "rounds", "in", "doubt"]
    assert without == [ORDER, "NOR-CPH01", "now", "1.00", "-"]
    assert doubtful == [ORDER, "NOR-CPH01", "now", "1.00", "r2"]
    assert await cloud.document("order", "list") == document


async def test_what_a_message_holds_is_in_the_table(cloud: Cloud) -> None:
    item = {"queue": "orders-post", "message_id": "m1", "inserted_at": "now", "body": {"type": "muneris.x"}}
    cloud.regions[0].answer = {"items": [item, {**item, "body": "garbage"}], "continuation": None}
    _, event, garbage = await rows(cloud, "poison", "list")
    assert event == ["orders-post", "m1", "muneris.x", "-", "now"]
    assert garbage == ["orders-post", "m1", "-", "-", "now"]


async def test_another_region_is_named(cloud: Cloud) -> None:
    assert await cloud.document("work", "list", "--region", "api2") == NOTHING
    assert (cloud.regions[0].asked, len(cloud.regions[1].asked)) == ([], 1)
    unknown = await cloud.command("work", "list", "--region", "api3")
    assert unknown == Done(1, "", "There is no region api3 here: see 'muneris status'.")


async def test_a_propertys_home_is_followed(cloud: Cloud) -> None:
    first, home = cloud.regions
    first.status = 421
    first.answer = {"home_endpoint": url(cloud.layout.gateway(cloud.layout.regions[1]))}
    assert await cloud.document("order", "list", "NOR-BER01") == NOTHING
    assert first.asked == home.asked == [("GET", "/v1/orders/NOR-BER01?limit=100", None)]


async def test_a_refusal_is_one_line(cloud: Cloud) -> None:
    cloud.regions[0].status = 409
    cloud.regions[0].answer = {"code": "not_in_doubt", "detail": "The order is confirmed."}
    words = ["order", "resolve", "NOR-CPH01", ORDER, "rejected", "--note", "n"]
    assert await cloud.command(*words) == Done(1, "", "The order is confirmed. (409 not_in_doubt)")


@pytest.mark.parametrize(
    "words",
    [
        ["order", "resolve", "NOR-CPH01", ORDER, "rejected", "--note", "n"],
        ["work", "retry", "NOR-CPH01"],
        ["poison", "redrive", "orders-post", "--all"],
        ["poison", "drop", "orders-post", "m1"],
    ],
)
async def test_what_was_not_done_is_said_and_not_done_again(cloud: Cloud, words: list[str]) -> None:
    cloud.regions[0].status = 503
    cloud.regions[0].answer = {"code": "service_unavailable", "detail": "Storage does not answer."}
    assert await cloud.command(*words) == Done(1, "", "Storage does not answer. (503 service_unavailable)")
    assert len(cloud.regions[0].asked) == 1


async def test_a_command_whose_answer_is_lost_is_not_given_again(cloud: Cloud) -> None:
    cloud.regions[0].hangs_up = 1
    address = endpoint(cloud.layout.gateway(cloud.layout.regions[0]))
    lost = f"{address} does not answer: look whether it was done, then ask again."
    assert await cloud.command("poison", "redrive", "orders-post", "--all") == Done(1, "", lost)
    assert len(cloud.regions[0].asked) == 1


async def test_a_command_has_longer_than_a_question_has(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators, "_ASK_SECONDS", 0.0)
    cloud.regions[0].answer = {"redriven": 9}
    done = await cloud.command("poison", "redrive", "orders-post", "--all")
    assert done == Done(0, "Put back into orders-post: 9.\n")


async def test_a_command_follows_a_propertys_home(cloud: Cloud) -> None:
    first, home = cloud.regions
    first.status = 421
    first.answer = {"home_endpoint": url(cloud.layout.gateway(cloud.layout.regions[1]))}
    home.answer = {"retried": 3}
    assert await cloud.document("work", "retry", "NOR-BER01") == {"retried": 3}
    assert first.asked == home.asked == [("POST", "/v1/orders/NOR-BER01/work/retry", {"order_id": None})]


async def test_a_question_is_put_again_until_it_is_answered(cloud: Cloud) -> None:
    cloud.regions[0].hangs_up = 2
    assert await cloud.document("poison", "list") == NOTHING
    assert cloud.regions[0].asked == [("GET", "/v1/orders/poison", None)] * 3


async def test_who_gives_up_asking_says_why_it_was_refused(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators, "_ASK_SECONDS", 1.5)
    cloud.regions[0].status = 503
    cloud.regions[0].answer = {"code": "service_unavailable", "detail": "Storage does not answer."}
    refused = await cloud.command("poison", "list")
    assert refused == Done(1, "", "Storage does not answer. (503 service_unavailable)")
    assert len(cloud.regions[0].asked) > 1


async def test_who_gives_up_asking_without_any_answer_says_that(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operators, "_ASK_SECONDS", 0.5)
    cloud.regions[0].hangs_up = 1_000
    address = endpoint(cloud.layout.gateway(cloud.layout.regions[0]))
    silent = f"{address} does not answer: see 'muneris status'."
    assert await cloud.command("poison", "list") == Done(1, "", silent)


async def test_a_refusal_of_fields_names_them(cloud: Cloud) -> None:
    cloud.regions[0].status = 422
    cloud.regions[0].answer = {
        "code": "invalid_request",
        "detail": "Correct the fields named in 'errors' and send again.",
        "errors": [{"field": "check_ref", "message": "is required"}],
    }
    words = ["order", "resolve", "NOR-CPH01", ORDER, "confirmed", "--note", "n"]
    assert await cloud.command(*words) == Done(1, "", "check_ref: is required (422 invalid_request)")


async def test_what_is_no_problem_document_is_refused_all_the_same(cloud: Cloud) -> None:
    cloud.regions[0].status = 404
    cloud.regions[0].answer = ["?"]
    assert await cloud.command("poison", "list") == Done(
        1, "", "It gives no reason. (404 no_problem_document)"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["order", "list", "--status", "posting"],
        ["order", "resolve", "NOR-CPH01", ORDER, "rejected"],
        ["order", "resolve", "NOR-CPH01", ORDER, "eaten", "--note", "n"],
        ["order", "list", "NOR-CPH01", "--limit", "101"],
        ["work", "list", "--order", ORDER],
        ["work", "retry"],
        ["poison", "redrive", "orders-post"],
        ["poison", "drop", "orders-post", "m1", "--all"],
    ],
)
async def test_wrong_usage_is_2_and_asks_nothing(cloud: Cloud, words: list[str]) -> None:
    assert await cloud.command(*words) == Done(2, "")
    assert cloud.regions[0].asked == []


def test_without_a_cloud_it_says_so(tmp_path: Path) -> None:
    refused = muneris("order", "list", "--data-dir", str(tmp_path))
    message = f"muneris: No local cloud runs on {tmp_path}: start one with 'muneris up'.\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", message)


SINCE = "2030-05-04T10:31:10.123456Z"
ROLE = {"epoch": 3, "region": "api2", "since": SINCE, "forced": False}
VOTES = [
    {"region": "api1", "reachable": True, "role": ROLE},
    {"region": "api2", "reachable": False, "role": None},
]
MASTER = "/v1/sts_token_master/master"


async def test_the_master_is_shown_with_what_every_region_says(cloud: Cloud) -> None:
    cloud.regions[1].answer = {"master": ROLE, "regions": VOTES}
    who, head, one, two = await rows(cloud, "master", "status", "--region", "api2")
    assert " ".join(who) == "api2 is the master since epoch 3."
    assert head == ["region", "answers", "master", "epoch", "since", "forced"]
    assert one == ["api1", "True", "api2", "3", "2030-05-04T10:31:10Z", "False"]
    assert two == ["api2", "False", "-", "-", "-", "-"]
    assert cloud.regions[1].asked == [("GET", MASTER, None)]


async def test_that_nobody_is_master_is_said(cloud: Cloud) -> None:
    cloud.regions[0].answer = {"master": None, "regions": VOTES}
    said = (await cloud.command("master", "status")).stdout.splitlines()[0]
    assert said == "Nobody is the master, and no token is refreshed: promote a region."
    assert await cloud.document("master", "status") == {"master": None, "regions": VOTES}


async def test_a_region_is_promoted_by_asking_it(cloud: Cloud) -> None:
    cloud.regions[1].answer = ROLE
    done = await cloud.command("master", "promote", "--region", "api2")
    assert done == Done(0, "api2 is the master (epoch 3): it refreshes in 5 minutes.\n")
    assert cloud.regions[1].asked == [("POST", f"{MASTER}/promote", {"force": False, "confirm": ""})]


async def test_force_sends_what_was_typed_for_the_region(cloud: Cloud) -> None:
    cloud.regions[1].answer = ROLE
    done = await cloud.command("master", "promote", "--region", "api2", "--force", "--json", typed="api2\n")
    assert (done.exit_code, json.loads(done.stdout)) == (0, ROLE)
    assert cloud.regions[1].asked == [("POST", f"{MASTER}/promote", {"force": True, "confirm": "api2"})]


async def test_a_promotion_without_a_region_is_wrong_usage(cloud: Cloud) -> None:
    assert (await cloud.command("master", "promote")).exit_code == 2
    assert cloud.regions[0].asked == []


async def test_accounts_are_listed_once_a_region(cloud: Cloud) -> None:
    valid = {"region": "api1", "state": "valid", "version": 7, "age_days": 1, "days_left": 9}
    silent = {"region": "api2", "state": "unreachable", "version": None, "age_days": None, "days_left": None}
    regions = [valid, silent]
    account = {"account": "4f1d", "organization": "nordic", "username": "api", "regions": regions}
    cloud.regions[0].answer = {"items": [account]}
    head, one, two = await rows(cloud, "tokens", "list")
    assert head == ["organization", "user", "region", "state", "version", "age", "expires"]
    assert one == ["nordic", "api", "api1", "valid", "7", "1", "d", "in", "9", "d"]
    assert two == ["nordic", "api", "api2", "unreachable", "-", "-", "-"]
    assert cloud.regions[0].asked == [("GET", "/v1/sts_token_master/accounts", None)]
    assert await cloud.document("tokens", "list") == {"items": [account]}


async def test_no_account_is_said(cloud: Cloud) -> None:
    assert (await cloud.command("tokens", "list")).stdout == "No account was ever signed in.\n"
