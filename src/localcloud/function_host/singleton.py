"""One holder at a time among all hosts of an app: a lease on a blob."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob.aio import BlobLeaseClient, ContainerClient

_log = logging.getLogger(__name__)
_CONFLICT, _PRECONDITION_FAILED = 409, 412
_RENEWALS_PER_LEASE = 2
_ATTEMPTS_PER_LEASE = 5
_RETRY_SECONDS = 1.0


class BlobLease:
    """A lease that is asked for until it is got, and renewed until it is lost.

    Storage that is down, or a process that was suspended, lose it: `is_held` is false from the moment on
    when somebody else could hold it.
    """

    def __init__(
        self,
        container: ContainerClient,
        blob: str,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._container = container
        self._blob = container.get_blob_client(blob)
        self._seconds = seconds
        self._clock = clock
        self._lease: BlobLeaseClient | None = None
        self._expires = 0.0

    @property
    def is_held(self) -> bool:
        """Whether this host surely holds the lease now."""
        return self._lease is not None and self._clock() < self._expires

    async def acquire(self) -> None:
        """Return when this host holds the lease, however long that takes."""
        while not await self._try_acquire():  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(self._seconds / _ATTEMPTS_PER_LEASE)

    async def _try_acquire(self) -> bool:
        asked = self._clock()
        try:
            lease = await self._acquire_creating_blob()
        except HttpResponseError as error:
            if error.status_code != _CONFLICT:
                _log.warning("The lease %s cannot be acquired: %s", self._blob.blob_name, error)
            return False
        except AzureError as error:
            _log.warning("The lease %s cannot be acquired: %s", self._blob.blob_name, error)
            return False
        self._lease, self._expires = lease, asked + self._seconds
        return True

    async def _acquire_creating_blob(self) -> BlobLeaseClient:
        try:
            return await self._blob.acquire_lease(lease_duration=int(self._seconds))
        except ResourceNotFoundError:
            await create_container(self._container)
            with suppress(ResourceExistsError):  # another host was faster
                await self._blob.upload_blob(b"")
            return await self._blob.acquire_lease(lease_duration=int(self._seconds))

    async def keep(self) -> None:
        """Renew the lease; return when it is lost."""
        while await self._renew_in_time():
            pass
        self._lease = None
        _log.warning("The lease %s is lost", self._blob.blob_name)

    async def _renew_in_time(self) -> bool:
        await asyncio.sleep(self._seconds / _RENEWALS_PER_LEASE)
        while self.is_held:
            if await self._renew():
                return True
            await asyncio.sleep(_RETRY_SECONDS)
        return False

    async def _renew(self) -> bool:
        """Renew once; false if that failed and may work later."""
        assert self._lease is not None  # noqa: S101 - only while it is held
        asked = self._clock()
        try:
            await self._lease.renew()
        except HttpResponseError as error:
            if error.status_code in {_CONFLICT, _PRECONDITION_FAILED}:
                self._expires = 0.0  # somebody else holds it
            return False
        except AzureError:
            return False
        self._expires = asked + self._seconds
        return True

    async def release(self) -> None:
        """Let the next host have it at once; what cannot be released runs out."""
        if self._lease is None:
            return
        lease, self._lease = self._lease, None
        try:
            await lease.release()
        except AzureError as error:
            _log.debug("The lease %s could not be released: %s", self._blob.blob_name, error)


async def create_container(container: ContainerClient) -> None:
    """Create a container unless it exists."""
    with suppress(ResourceExistsError):
        await container.create_container()
