"""A Simphony that answers exactly the bytes it is given, and remembers what it was asked."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.simphony import Asked, ManualClock

from muneris.cloud.retry import RetryPolicy
from muneris.simphony.circuits import Circuits
from muneris.simphony.client import SimphonyClient, open_session
from muneris.simphony.model import Account, Connection
from muneris.simphony.sign_in import SignIn
from muneris.simphony.transport import ONE_READ


@dataclass(frozen=True)
class Say:
    """An answer; a status of 0 closes the connection instead."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Script:
    """The answers to `METHOD /path`, in turn; the last one goes on. What is not in it is a 404."""

    answers: dict[str, list[Say]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def on(self, call: str, *answers: Say) -> None:
        self.answers[call] = list(answers)

    async def answer(self, request: web.Request) -> web.Response:
        asked = await Asked.of(request)
        self.asked.append(asked)
        known = self.answers.get(f"{asked.method} {asked.path}", [Say(status=404)])
        said = known.pop(0) if len(known) > 1 else known[0]
        if not said.status and request.transport is not None:
            request.transport.close()
        return web.Response(status=said.status or 200, body=said.body, headers=said.headers)


@dataclass
class Scripted:
    """A client of a scripted Simphony; it pauses for nothing."""

    script: Script
    client: SimphonyClient
    sign_in: SignIn
    account: Account
    connection: Connection
    clock: ManualClock
    pauses: list[float]


@asynccontextmanager
async def open_scripted(reads: RetryPolicy = ONE_READ, **changes: object) -> AsyncIterator[Scripted]:
    """A scripted Simphony on a port of its own; `changes` are to the connection."""
    script, clock, pauses = Script(), ManualClock(), list[float]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", script.answer)
    async with TestServer(app) as server, open_session() as session:
        url = str(server.make_url("")).rstrip("/")
        account = Account(auth_url=url, org_short_name="acme", client_id="client=", username="api")
        connection = Connection(
            api_url=url,
            auth_url=url,
            client_id=account.client_id,
            org_short_name="acme",
            loc_ref="store01",
            rvc_ref=7,
            employee_ref=90001,
            order_type_refs={"dine_in": 2},
            tender_refs={"online": 61},
            account=account.id,
        ).model_copy(update=changes)
        patient = RetryPolicy(attempts=reads.attempts, sleep=sleep, chance=lambda: 1.0)
        circuits = Circuits(monotonic=lambda: clock.now().timestamp())
        client = SimphonyClient(session, allow_local=True, reads=patient, circuits=circuits)
        yield Scripted(
            script, client, SignIn(session, clock, allow_local=True), account, connection, clock, pauses
        )
