"""What is asked of Blob Storage, and what its answers mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.core.credentials import AccessTokenInfo
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.transport import AioHttpTransport, HttpRequest
from azure.identity.aio import ManagedIdentityCredential
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy

from localcloud.azurite.process import KEY
from muneris.cloud.documents import Document, DocumentsUnavailableError
from muneris.cloud.documents.azure import AzureDocuments
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.wire.account import StorageAccount, storage_account
from muneris.cloud.wire.authorization import STORAGE_SCOPE, BearerToken
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.cloud.wire.requests import Answer, AnswerLostError, Method, NotSentError, Requests

NOW = datetime(2030, 5, 4, 10, 30, tzinfo=UTC)
NAME = "NOR-CPH01/menu.json"
ETAG = '"0x8D4BCC2E4835CD0"'
FOUND = Answer(200, {"etag": ETAG}, b'{"version":"1"}')
ONCE = RetryPolicy(attempts=1)


class FixedClock:
    def now(self) -> datetime:
        return NOW


@dataclass
class Service(Requests):
    """Answers as it was told, and keeps what it was asked."""

    answers: Sequence[Answer | Exception] = (FOUND,)
    asked: list[tuple[Method, str, Mapping[str, str], bytes | None]] = field(default_factory=list)

    async def send(
        self, method: Method, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        answer = self.answers[len(self.asked)]
        self.asked.append((method, url, dict(headers), body))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        """There are no connections."""


class Identity(ManagedIdentityCredential):
    """A managed identity's tokens without Azure."""

    def __init__(self) -> None:
        """Nothing is looked up."""

    async def get_token_info(self, *scopes: str, **_: object) -> AccessTokenInfo:
        assert scopes == (STORAGE_SCOPE,)
        return AccessTokenInfo("token", 2**40)


def account_with_key(address: str = "https://orders.blob.core.windows.net") -> StorageAccount:
    connection = f"AccountName=orders;AccountKey={KEY};BlobEndpoint={address}"
    return storage_account(connection, clock=FixedClock())


def account_with_identity() -> StorageAccount:
    identity = Identity()
    token = BearerToken(identity, STORAGE_SCOPE, FixedClock())
    return replace(account_with_key(), credential=identity, tables=token, blobs=token)


def documents(
    *answers: Answer | Exception, of: StorageAccount | None = None, reads: RetryPolicy = ONCE
) -> tuple[AzureDocuments, Service]:
    service = Service(answers or (FOUND,))
    return AzureDocuments(of or account_with_key(), "read-models", service, reads=reads, writes=ONCE), service


def signature_of_the_sdk(url: str, headers: Mapping[str, str]) -> str:
    request = HttpRequest(
        "GET", url, {name: value for name, value in headers.items() if name != "Authorization"}
    )
    sign: Any = SharedKeyCredentialPolicy  # it has no types
    sign("orders", KEY).on_request(PipelineRequest(request, PipelineContext(AioHttpTransport())))
    return str(request.headers["Authorization"])


async def test_a_document_is_asked_for_and_read() -> None:
    store, service = documents()
    assert await store.find(NAME) == Document(b'{"version":"1"}', ETAG)
    ((method, url, headers, body),) = service.asked
    assert (method, body) == ("GET", None)
    assert url == "https://orders.blob.core.windows.net/read-models/NOR-CPH01/menu.json"
    assert headers == {
        "x-ms-version": "2019-12-12",
        "x-ms-date": "Sat, 04 May 2030 10:30:00 GMT",
        "Authorization": signature_of_the_sdk(url, headers),
    }


@pytest.mark.parametrize("address", ["https://orders.blob.core.windows.net", "http://127.0.0.1:10000/orders"])
async def test_the_version_that_is_held_is_named_and_signed(address: str) -> None:
    store, service = documents(Answer(304, {}, b""), of=account_with_key(address))
    assert await store.find(NAME, unless=ETAG) is None
    ((_, url, headers, _),) = service.asked
    assert url == f"{address}/read-models/{NAME}"
    assert headers["If-None-Match"] == ETAG
    assert headers["Authorization"] == signature_of_the_sdk(url, headers)


async def test_a_managed_identity_sends_its_token() -> None:
    store, service = documents(of=account_with_identity())
    assert await store.find(NAME, unless=ETAG) == Document(b'{"version":"1"}', ETAG)
    ((_, _, headers, _),) = service.asked
    assert headers == {
        "x-ms-version": "2019-12-12",
        "If-None-Match": ETAG,
        "Authorization": "Bearer token",
    }


async def test_an_absent_document_is_none() -> None:
    store, _ = documents(Answer(404, {}, b"<Error><Code>BlobNotFound</Code></Error>"))
    assert await store.find(NAME) is None


async def test_an_absent_container_is_not_taken_for_absent_documents() -> None:
    store, _ = documents(Answer(404, {}, b"<Error><Code>ContainerNotFound</Code></Error>"))
    with pytest.raises(RequestRefusedError, match="404 ContainerNotFound"):
        await store.find(NAME)


@pytest.mark.parametrize(
    "fault",
    [
        Answer(503, {}, b"<Error><Code>ServerBusy</Code></Error>"),
        Answer(500, {}, b""),
        Answer(429, {}, b""),
        NotSentError("no connection"),
        AnswerLostError("no complete answer"),
    ],
    ids=str,
)
async def test_a_store_that_cannot_answer_now_is_asked_again(fault: Answer | Exception) -> None:
    patient = RetryPolicy(attempts=2, first_pause=0)
    store, service = documents(fault, FOUND, reads=patient)
    assert await store.find(NAME) == Document(b'{"version":"1"}', ETAG)
    assert len(service.asked) == 2
    store, _ = documents(fault)
    with pytest.raises(DocumentsUnavailableError):
        await store.find(NAME)


async def test_a_refusal_is_a_bug_and_not_repeated() -> None:
    store, service = documents(
        Answer(403, {}, b"<Error><Code>AuthenticationFailed</Code><Detail>secret</Detail></Error>"),
        reads=RetryPolicy(attempts=5, first_pause=0),
    )
    with pytest.raises(RequestRefusedError, match=r"^403 AuthenticationFailed$"):
        await store.find(NAME)
    assert len(service.asked) == 1
