"""Documents as blobs of one container, by the Azure SDK."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import ContainerClient

from muneris.cloud.documents.store import Document, DocumentsUnavailableError
from muneris.cloud.retry import RetryPolicy

_NOT_MODIFIED = 304
_SERVER_ERROR = 500
_JSON = ContentSettings(content_type="application/json")


class AzureDocuments:
    """The documents of one blob container."""

    def __init__(self, container: ContainerClient, *, reads: RetryPolicy, writes: RetryPolicy) -> None:
        self._container = container
        self._reads = reads
        self._writes = writes

    async def put(self, name: str, body: bytes) -> str:
        """Write a document whatever was there; its new ETag. Writing twice leaves the same."""

        async def attempt() -> str:
            with _answers():
                written = await self._container.get_blob_client(name).upload_blob(
                    body, overwrite=True, content_settings=_JSON
                )
                return str(written["etag"])

        return await self._writes.run(attempt)

    async def find(self, name: str, *, unless: str | None = None) -> Document | None:
        """The document, or None: there is none, or it still is the version `unless`."""
        return await self._reads.run(lambda: self._find(name, unless))

    async def _find(self, name: str, unless: str | None) -> Document | None:
        blob = self._container.get_blob_client(name)
        try:
            with _answers():
                if unless is None:
                    download = await blob.download_blob()
                else:
                    download = await blob.download_blob(
                        etag=unless, match_condition=MatchConditions.IfModified
                    )
                return Document(await download.readall(), download.properties.etag)
        except ResourceNotFoundError:
            return None
        except HttpResponseError as error:
            if error.status_code == _NOT_MODIFIED:
                return None
            raise


@contextmanager
def _answers() -> Iterator[None]:
    try:
        yield
    except (ServiceRequestError, ServiceResponseError) as error:
        raise DocumentsUnavailableError(str(error)) from error
    except HttpResponseError as error:
        if (error.status_code or _SERVER_ERROR) >= _SERVER_ERROR:
            raise DocumentsUnavailableError(f"{error.status_code} {error.reason}") from error
        raise
