"""Storage accounts: where their services are, and who we are to them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.utils import parse_connection_string

from muneris.cloud.wire.authorization import (
    STORAGE_SCOPE,
    Authorization,
    BearerToken,
    BlobSharedKey,
    TableSharedKey,
    managed_identity,
)
from muneris.core.clock import Clock, SystemClock

if TYPE_CHECKING:
    from azure.identity.aio import ManagedIdentityCredential

_NAME = re.compile(r"[a-z0-9]{3,24}")
"""Names of storage accounts ("Storage account overview")."""
_PUBLIC_SUFFIX = "core.windows.net"
_DEVELOPMENT_PORTS = {"blob": 10000, "queue": 10001, "table": 10002}
_DEVELOPMENT_ACCOUNT = "devstoreaccount1"
_DEVELOPMENT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's, published in "Configure Azure Storage connection strings": no secret."""
_CLOCK = SystemClock()


@dataclass(frozen=True)
class StorageAccount:
    """A storage account: the addresses of its services, without a trailing slash, and our credential.

    The emulator's addresses have the account in their path. `tables` and `blobs` authorize requests made by
    hand, one for all of them: it may keep an access token.
    """

    name: str
    blob: str
    queue: str
    table: str
    credential: "AzureNamedKeyCredential | ManagedIdentityCredential"
    tables: Authorization
    blobs: Authorization


def storage_account(connection: str, client_id: str | None = None, clock: Clock = _CLOCK) -> StorageAccount:
    """The account of a connection string ("Configure Azure Storage connection strings"), or of a name.

    Given only a name, our managed identity is the credential: the one of `client_id`, or the system's.

    Raises:
        ValueError: `connection` is neither; the message never quotes it.
    """
    if _NAME.fullmatch(connection):
        identity = managed_identity(client_id)
        addresses = _addresses({"accountname": connection})
        token = BearerToken(identity, STORAGE_SCOPE, clock)
        return StorageAccount(connection, *addresses, identity, token, token)
    parts = parse_connection_string(connection)
    if parts.get("usedevelopmentstorage") == "true":
        parts = _development(parts.get("developmentstorageproxyuri", "http://127.0.0.1"))
    try:
        credential = AzureNamedKeyCredential(parts["accountname"], parts["accountkey"])
    except KeyError as error:
        raise ValueError(f"The storage connection string has no {error.args[0]}") from error
    keys = TableSharedKey(credential, clock), BlobSharedKey(credential, clock)
    return StorageAccount(parts["accountname"], *_addresses(parts), credential, *keys)


def _development(host: str) -> Mapping[str, str]:
    endpoints = {
        f"{service}endpoint": f"{host}:{port}/{_DEVELOPMENT_ACCOUNT}"
        for service, port in _DEVELOPMENT_PORTS.items()
    }
    return {"accountname": _DEVELOPMENT_ACCOUNT, "accountkey": _DEVELOPMENT_KEY, **endpoints}


def _addresses(parts: Mapping[str, str]) -> tuple[str, str, str]:
    """Of blobs, queues and tables."""
    return _address(parts, "blob"), _address(parts, "queue"), _address(parts, "table")


def _address(parts: Mapping[str, str], service: str) -> str:
    protocol = parts.get("defaultendpointsprotocol", "https")
    suffix = parts.get("endpointsuffix", _PUBLIC_SUFFIX)
    address = parts.get(f"{service}endpoint") or f"{protocol}://{parts['accountname']}.{service}.{suffix}"
    return address.rstrip("/")
