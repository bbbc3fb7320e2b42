"""What a request must carry for the service to know its sender, from the Azure libraries' credentials."""

import asyncio
import base64
import hmac
import logging
from collections.abc import Mapping
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING, Protocol

from azure.core.credentials import AccessTokenInfo, AzureKeyCredential, AzureNamedKeyCredential
from azure.core.credentials_async import AsyncSupportsTokenInfo
from azure.core.exceptions import AzureError

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

_log = logging.getLogger(__name__)


class Authorization(Protocol):
    """Makes a service know who sends a request."""

    async def headers(self, method: Method, url: str, content_type: str = "") -> Mapping[str, str]:
        """The headers that a request must carry besides its own; `url` is as it is sent.

        Raises:
            NotSentError: there is no access token at present.
        """
        ...


class SharedKey:
    """Signs requests to Table Storage with an account's key ("Authorize with Shared Key", for tables).

    The credential is read for every request, so that a key that was rotated in it is used at once.
    """

    def __init__(self, credential: AzureNamedKeyCredential, clock: Clock) -> None:
        self._credential = credential
        self._clock = clock

    async def headers(self, method: Method, url: str, content_type: str = "") -> Mapping[str, str]:
        """The moment and the signature."""
        account, key = self._credential.named_key
        moment = format_datetime(self._clock.now(), usegmt=True)
        path = url.split("/", 3)[3].partition("?")[0]
        signed = f"{method}\n\n{content_type}\n{moment}\n/{account}/{path}"
        signature = base64.b64encode(hmac.digest(base64.b64decode(key), signed.encode(), "sha256"))
        return {"x-ms-date": moment, "Authorization": f"SharedKey {account}:{signature.decode()}"}


class AccessKey:
    """Sends the access key of an Event Grid topic."""

    def __init__(self, credential: AzureKeyCredential) -> None:
        self._credential = credential

    async def headers(self, method: Method, url: str, content_type: str = "") -> Mapping[str, str]:  # noqa: ARG002 - the key is the same for all
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

    async def headers(self, method: Method, url: str, content_type: str = "") -> Mapping[str, str]:  # noqa: ARG002 - the token is the same for all
        """The token."""
        if self._renewal is None and (self._now() >= self._renew_at or not self._is_valid()):
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
        try:
            async with asyncio.timeout(_RENEWAL_SECONDS):
                self._token = await self._credential.get_token_info(self._scope)
            self._renew_at = self._token.refresh_on or self._token.expires_on - _MARGIN_SECONDS
        except (AzureError, TimeoutError) as error:
            _log.warning("No new access token for %s: %s", self._scope, error)
            self._renew_at = self._now() + _PAUSE_SECONDS
        finally:
            self._renewal = None


@cache
def managed_identity(client_id: str | None) -> "ManagedIdentityCredential":
    """The app's identity in Azure: the user-assigned one of `client_id`, or the system's (None)."""
    # Half a second of CPU, which only those pay who have no key.
    from azure.identity.aio import ManagedIdentityCredential  # noqa: PLC0415 - see above

    return ManagedIdentityCredential(client_id=client_id)
