"""Writes documents, by the Azure SDK."""

from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import ContainerClient

from muneris.cloud.documents.store import DocumentsUnavailableError
from muneris.cloud.wire.account import StorageAccount

_JSON = ContentSettings(content_type="application/json")
_SERVER_ERROR = 500


class Uploads:
    """Writes the blobs of one container."""

    def __init__(self, account: StorageAccount, container: str) -> None:
        # Otherwise the transport looks for proxies and ~/.netrc in a thread, on every request.
        transport = AioHttpTransport(use_env_settings=False)
        self._container = ContainerClient(
            account.blob, container, account.credential, transport=transport, retry_total=0
        )

    async def put(self, name: str, body: bytes) -> str:
        """Write a blob whatever was there; its new ETag.

        Raises:
            DocumentsUnavailableError: the store did not answer; it may have been written.
        """
        blob = self._container.get_blob_client(name)
        try:
            written = await blob.upload_blob(body, overwrite=True, content_settings=_JSON)
        except (ServiceRequestError, ServiceResponseError) as error:
            raise DocumentsUnavailableError(str(error)) from error
        except HttpResponseError as error:
            if (error.status_code or _SERVER_ERROR) >= _SERVER_ERROR:
                raise DocumentsUnavailableError(f"{error.status_code} {error.reason}") from error
            raise
        return str(written["etag"])

    async def close(self) -> None:
        """Close the connections."""
        await self._container.close()
