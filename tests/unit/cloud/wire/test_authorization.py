"""What proves who sends a request: the moment, the key, the token, each as it is now."""

import asyncio
import base64
import hashlib
import hmac
import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

import pytest
from azure.core.credentials import (
    AccessTokenInfo,
    AzureKeyCredential,
    AzureNamedKeyCredential,
    TokenRequestOptions,
)
from azure.core.exceptions import ClientAuthenticationError
from tests.polling import until
from tests.tenants import ManualClock

from muneris.cloud.wire.authorization import STORAGE_SCOPE, AccessKey, BearerToken, TableSharedKey
from muneris.cloud.wire.requests import NotSentError
from muneris.core.clock import from_rfc3339

KEY, ROTATED = base64.b64encode(b"first key").decode(), base64.b64encode(b"second key").decode()
URL = "https://muneris1.table.core.windows.net/Orders(PartitionKey='p%7C1',RowKey='r')?timeout=5"
NOON = from_rfc3339("2026-11-21T12:00:00Z")


def signed(key: bytes, text: str) -> str:
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


async def test_a_shared_key_signs_method_type_moment_and_path() -> None:
    authorization = TableSharedKey(AzureNamedKeyCredential("muneris1", KEY), ManualClock(NOON))
    text = (
        "POST\n\nmultipart/mixed\nSat, 21 Nov 2026 12:00:00 GMT\n"
        "/muneris1/Orders(PartitionKey='p%7C1',RowKey='r')"
    )
    assert await authorization.headers("POST", URL, {"Content-Type": "multipart/mixed"}) == {
        "x-ms-date": "Sat, 21 Nov 2026 12:00:00 GMT",
        "Authorization": f"SharedKey muneris1:{signed(b'first key', text)}",
    }


async def test_a_rotated_shared_key_signs_the_next_request() -> None:
    credential = AzureNamedKeyCredential("muneris1", KEY)
    authorization = TableSharedKey(credential, ManualClock(NOON))
    before = await authorization.headers("GET", URL, {})
    credential.update("muneris1", ROTATED)
    after = await authorization.headers("GET", URL, {})
    text = "GET\n\n\nSat, 21 Nov 2026 12:00:00 GMT\n/muneris1/Orders(PartitionKey='p%7C1',RowKey='r')"
    assert [each["Authorization"] for each in (before, after)] == [
        f"SharedKey muneris1:{signed(b'first key', text)}",
        f"SharedKey muneris1:{signed(b'second key', text)}",
    ]


async def test_an_access_key_is_sent_as_it_is_now() -> None:
    credential = AzureKeyCredential("first")
    authorization = AccessKey(credential)
    assert await authorization.headers("POST", URL, {}) == {"aeg-sas-key": "first"}
    credential.update("second")
    assert await authorization.headers("POST", URL, {}) == {"aeg-sas-key": "second"}


class Identity:
    """Gives out numbered tokens of an hour, once it may; fails while `is_down`."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, ...]] = []
        self.is_down = False
        self.is_strange = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.refresh_after: int | None = None

    async def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        assert options is None
        self.asked.append(scopes)
        number = len(self.asked)
        await self.answers.wait()
        if self.is_down:
            raise ClientAuthenticationError("the identity endpoint is down")
        if self.is_strange:
            raise KeyError("expires_on")
        now = int(self.clock.now().timestamp())
        refresh_on = None if self.refresh_after is None else now + self.refresh_after
        return AccessTokenInfo(f"token {number}", now + 3600, refresh_on=refresh_on)

    async def close(self) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        pass


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def identity(clock: ManualClock) -> Identity:
    return Identity(clock)


type Ask = Callable[[], asyncio.Task[str]]


@pytest.fixture
def ask(identity: Identity, clock: ManualClock) -> Ask:
    """Authorizes a request; the answer is the token."""
    authorization = BearerToken(identity, STORAGE_SCOPE, clock)

    async def token() -> str:
        headers = await authorization.headers("GET", URL, {})
        assert headers.keys() == {"Authorization"}
        return headers["Authorization"]

    return lambda: asyncio.create_task(token())


async def test_a_token_is_used_until_shortly_before_its_end(
    identity: Identity, clock: ManualClock, ask: Ask
) -> None:
    assert [await ask() for _ in range(3)] == ["Bearer token 1"] * 3
    clock.advance(seconds=3299)
    assert await ask() == "Bearer token 1"
    assert identity.asked == [("https://storage.azure.com/.default",)]
    clock.advance(seconds=1)
    assert await ask() == "Bearer token 1"
    await until(lambda: len(identity.asked) == 2)
    assert await ask() == "Bearer token 2"


async def test_a_token_that_asks_for_it_is_renewed_earlier(
    identity: Identity, clock: ManualClock, ask: Ask
) -> None:
    identity.refresh_after = 1800
    await ask()
    clock.advance(seconds=1799)
    await ask()
    assert len(identity.asked) == 1
    clock.advance(seconds=1)
    await ask()
    await until(lambda: len(identity.asked) == 2)
    assert await ask() == "Bearer token 2"


async def test_many_who_need_the_first_token_share_it(identity: Identity, ask: Ask) -> None:
    identity.answers.clear()
    waiting = [ask() for _ in range(10)]
    await until(lambda: len(identity.asked) == 1)
    identity.answers.set()
    assert await asyncio.gather(*waiting) == ["Bearer token 1"] * 10
    assert len(identity.asked) == 1


async def test_who_gives_up_waiting_does_not_stop_the_others(identity: Identity, ask: Ask) -> None:
    identity.answers.clear()
    first, second = ask(), ask()
    await until(lambda: len(identity.asked) == 1)
    first.cancel()
    identity.answers.set()
    assert await second == "Bearer token 1"
    assert first.cancelled()


async def test_nobody_waits_for_a_renewal_while_the_token_is_valid(
    identity: Identity, clock: ManualClock, ask: Ask
) -> None:
    await ask()
    identity.answers.clear()
    clock.advance(seconds=3599)
    assert [await ask() for _ in range(3)] == ["Bearer token 1"] * 3
    assert len(identity.asked) == 2
    identity.answers.set()


async def test_a_renewal_that_fails_is_tried_again_later(
    identity: Identity, clock: ManualClock, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    await ask()
    identity.is_down = True
    clock.advance(seconds=3300)
    with caplog.at_level(logging.WARNING):
        assert await ask() == "Bearer token 1"
        await until(lambda: bool(caplog.messages))
    assert "token 1" not in caplog.text
    clock.advance(seconds=29)
    assert await ask() == "Bearer token 1"
    assert len(identity.asked) == 2
    identity.is_down = False
    clock.advance(seconds=1)
    assert await ask() == "Bearer token 1"
    await until(lambda: len(identity.asked) == 3)
    assert await ask() == "Bearer token 3"


async def test_without_a_valid_token_nothing_is_sent_until_there_is_one(
    identity: Identity, clock: ManualClock, ask: Ask
) -> None:
    identity.is_down = True
    for _ in range(3):
        with pytest.raises(NotSentError, match=STORAGE_SCOPE):
            await ask()
    assert len(identity.asked) == 1
    identity.is_down = False
    clock.advance(seconds=1)
    assert await ask() == "Bearer token 2"
    identity.is_down = True
    clock.advance(seconds=3600)
    with pytest.raises(NotSentError):
        await ask()


async def test_an_answer_that_cannot_be_read_is_as_good_as_none(
    identity: Identity, clock: ManualClock, ask: Ask
) -> None:
    identity.is_strange = True
    with pytest.raises(NotSentError, match=STORAGE_SCOPE):
        await ask()
    identity.is_strange = False
    clock.advance(seconds=1)
    assert await ask() == "Bearer token 2"
