"""What a request must carry for the service to know its sender, from the Azure libraries' credentials."""

import asyncio
import base64
import hmac
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Protocol

from azure.core.credentials import AccessTokenInfo, AzureKeyCredential, AzureNamedKeyCredential
from azure.core.credentials_async import AsyncSupportsTokenInfo

from muneris.cloud.wire.requests import Method, NotSentError
from muneris.core.clock import Clock

if TYPE_CHECKING:
    from azure.identity.aio import ManagedIdentityCredential

STORAGE_SCOPE = "https://storage.azure.com/.default"
EVENT_GRID_SCOPE = "https://eventgrid.azure.net/.default"

_RENEWAL_SECONDS = 30.0
_MARGIN_SECONDS = 300
"""A token that expires sooner is renewed; azure-core's own policy has the same margin."""
_PAUSE_SECONDS = 30
"""Between two attempts to renew a token that is still valid."""
_URGENT_PAUSE_SECONDS = 1.0
"""Between two attempts while there is none."""

_log = logging.getLogger(__name__)


class Authorization(Protocol):
    """Makes a service know who sends a request."""

    async def headers(self, method: Method, url: str, own: Mapping[str, str]) -> Mapping[str, str]:
        """What a request must carry besides its `own` headers; `url` is as it is sent.

        Raises:
            NotSentError: there is no access token at present.
        """
        ...


class TableSharedKey:
    """Signs requests to Table Storage with an account's key ("Authorize with Shared Key", for tables).

    The credential is read for every request, so that a key that was rotated in it is used at once.
    """

    def __init__(self, credential: AzureNamedKeyCredential, clock: Clock) -> None:
        self._credential = credential
        self._clock = clock

    async def headers(self, method: Method, url: str, own: Mapping[str, str]) -> Mapping[str, str]:
        """The moment and the signature."""
        moment = _http_date(self._clock.now().replace(microsecond=0))
        lines = [method, "", own.get("Content-Type", ""), moment]
        return {"x-ms-date": moment, "Authorization": _signed(self._credential, lines, url)}


class BlobSharedKey:
    """Signs reads of blobs with an account's key ("Authorize with Shared Key", for blobs)."""

    def __init__(self, credential: AzureNamedKeyCredential, clock: Clock) -> None:
        self._credential = credential
        self._clock = clock

    async def headers(self, method: Method, url: str, own: Mapping[str, str]) -> Mapping[str, str]:
        """The moment and the signature, of a request without a body or a query."""
        moment = _http_date(self._clock.now().replace(microsecond=0))
        dated = {**own, "x-ms-date": moment}
        lines = [
            method,
            *[""] * 8,  # encoding, language, length, hash, type, date, modified, match: not of a read
            own.get("If-None-Match", ""),
            *[""] * 2,  # unmodified, range
            *sorted(f"{name}:{value}" for name, value in dated.items() if name.startswith("x-ms-")),
        ]
        return {"x-ms-date": moment, "Authorization": _signed(self._credential, lines, url)}


@lru_cache(maxsize=1)
def _http_date(second: datetime) -> str:
    return format_datetime(second, usegmt=True)


_decoded = lru_cache(maxsize=4)(base64.b64decode)
"""The bytes of an account's key, which is rotated once in months."""


def _signed(credential: AzureNamedKeyCredential, lines: Sequence[str], url: str) -> str:
    """The header `Authorization`: these lines and the canonical resource, signed."""
    account, key = credential.named_key
    path = url.split("/", 3)[3].partition("?")[0]
    text = "\n".join((*lines, f"/{account}/{path}"))
    signature = hmac.digest(_decoded(key), text.encode(), "sha256")
    return f"SharedKey {account}:{base64.b64encode(signature).decode()}"


class AccessKey:
    """Sends the access key of an Event Grid topic."""

    def __init__(self, credential: AzureKeyCredential) -> None:
        self._credential = credential

    async def headers(self, method: Method, url: str, own: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002 - the key is the same for all
        """The key."""
        return {"aeg-sas-key": self._credential.key}


class BearerToken:
    """Sends access tokens of an identity, for the services of one scope.

    A token is renewed in good time, once for all who need it. While it is valid nobody waits for that, and a
    renewal that fails is tried again later.
    """

    def __init__(self, credential: AsyncSupportsTokenInfo, scope: str, clock: Clock) -> None:
        self._credential = credential
        self._scope = scope
        self._clock = clock
        self._token = AccessTokenInfo("", 0)
        self._renew_at = 0.0
        self._renewal: asyncio.Task[None] | None = None

    async def headers(self, method: Method, url: str, own: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG002 - the token is the same for all
        """The token."""
        if self._renewal is None and self._now() >= self._renew_at:
            self._renewal = asyncio.create_task(self._renew())
        if self._renewal is not None and not self._is_valid():
            await asyncio.shield(self._renewal)
        if not self._is_valid():
            raise NotSentError(f"no access token for {self._scope}")
        return {"Authorization": f"Bearer {self._token.token}"}

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _is_valid(self) -> bool:
        return self._now() < self._token.expires_on

    async def _renew(self) -> None:
        self._renew_at = self._now() + (_PAUSE_SECONDS if self._is_valid() else _URGENT_PAUSE_SECONDS)
        try:
            async with asyncio.timeout(_RENEWAL_SECONDS):
                self._token = await self._credential.get_token_info(self._scope)
            self._renew_at = self._token.refresh_on or self._token.expires_on - _MARGIN_SECONDS
        except Exception as error:  # noqa: BLE001 - whatever the identity endpoint answers: tried again later
            _log.warning("No new access token for %s: %s %s", self._scope, type(error).__name__, error)
        finally:
            self._renewal = None


@cache
def managed_identity(client_id: str | None) -> "ManagedIdentityCredential":
    """The app's identity in Azure: the user-assigned one of `client_id`, or the system's (None)."""
    # Half a second of CPU, which only those pay who have no key.
    from azure.identity.aio import ManagedIdentityCredential  # noqa: PLC0415 - see above

    return ManagedIdentityCredential(client_id=client_id)
