"""Signs what reads blobs, with an account's key ("Authorize with Shared Key", for blobs). Pure."""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from azure.core.credentials import AzureNamedKeyCredential


def signed(
    credential: AzureNamedKeyCredential, moment: datetime, url: str, headers: Mapping[str, str]
) -> Mapping[str, str]:
    """A GET's headers with the moment and the signature; `url` is as it is sent, without a query."""
    account, key = credential.named_key
    dated = {**headers, "x-ms-date": format_datetime(moment, usegmt=True)}
    ours = sorted(f"{name}:{value}" for name, value in dated.items() if name.startswith("x-ms-"))
    lines = [
        "GET",
        *[""] * 8,  # encoding, language, length, hash, type, date, modified, match: not of a GET
        headers.get("If-None-Match", ""),
        *[""] * 2,  # unmodified, range
        *ours,
        f"/{account}/{url.split('/', 3)[3]}",
    ]
    signature = hmac.digest(base64.b64decode(key), "\n".join(lines).encode(), "sha256")
    return {**dated, "Authorization": f"SharedKey {account}:{base64.b64encode(signature).decode()}"}
