"""Documents as blobs of one container: read by hand, which goes on all the time, and written by the SDK."""

from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from muneris.cloud.documents.store import Document, DocumentsUnavailableError
from muneris.cloud.retry import RetryPolicy
from muneris.cloud.wire.account import StorageAccount
from muneris.cloud.wire.refusal import RequestRefusedError, read_refusal
from muneris.cloud.wire.requests import AnswerLostError, NotSentError, Requests

if TYPE_CHECKING:
    from muneris.cloud.documents.upload import Uploads

_HEADERS = {"x-ms-version": "2019-12-12"}
_OK, _NOT_MODIFIED = 200, 304
_NO_SUCH_BLOB = "BlobNotFound"


class AzureDocuments:
    """The documents of one blob container of a storage account."""

    def __init__(
        self,
        account: StorageAccount,
        container: str,
        requests: Requests,
        *,
        reads: RetryPolicy,
        writes: RetryPolicy,
    ) -> None:
        self._account = account
        self._container = container
        self._requests = requests
        self._reads = reads
        self._writes = writes

    async def put(self, name: str, body: bytes) -> str:
        """Write a document whatever was there; its new ETag. Writing twice leaves the same."""
        return await self._writes.run(lambda: self._uploads.put(name, body))

    async def find(self, name: str, *, unless: str | None = None) -> Document | None:
        """The document, or None: there is none, or it still is the version `unless`."""
        return await self._reads.run(lambda: self._find(name, unless))

    async def close(self) -> None:
        """Close the connections that writing opened."""
        await self._uploads.close()

    async def _find(self, name: str, unless: str | None) -> Document | None:
        url = f"{self._account.blob}/{self._container}/{quote(name)}"
        headers = _HEADERS if unless is None else {**_HEADERS, "If-None-Match": unless}
        try:
            authorized = await self._account.blobs.headers("GET", url, headers)
            answer = await self._requests.send("GET", url, {**headers, **authorized})
        except (NotSentError, AnswerLostError) as error:
            raise DocumentsUnavailableError(str(error)) from error
        if answer.status == _OK:
            return Document(answer.body, answer.headers["etag"])
        if answer.status == _NOT_MODIFIED:
            return None
        refusal = read_refusal(answer.status, answer.body)
        if refusal.code == _NO_SUCH_BLOB:
            return None
        if refusal.is_temporary:
            raise DocumentsUnavailableError(str(refusal))
        raise RequestRefusedError(str(refusal))

    @cached_property
    def _uploads(self) -> "Uploads":
        # The SDK takes long to import, and most who read documents write none.
        from muneris.cloud.documents.upload import Uploads  # noqa: PLC0415 - see above

        return Uploads(self._account, self._container)
