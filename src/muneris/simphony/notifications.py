"""Notifications: what is registered, and what arrives (Notifications API). Pure.

Simphony calls once and never again, so a notification only makes sooner what polling finds anyway. Its
signature covers the body alone: a copy of an old call is as well signed, and known by its id.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import AliasPath, Field
from yarl import URL

from muneris.simphony.node import LenientMoment, LenientNumber, LenientText, Node

CONFIGURATION = "ConfigurationNotification"
"""The message type that tells of menus, availability, taxes and tenders."""
TOP_LEVEL_DOMAINS = frozenset({"com", "net", "org", "edu", "ca", "io", "site", "se", "sa"})
"""Where Simphony delivers to (Notifications API, Webhook)."""

_HTTPS_PORT = 443


class WebhookKey(NamedTuple):
    """What an account's calls to us are signed with; `key_id` comes with each of them."""

    key_id: UUID
    secret: bytes

    @classmethod
    def of_account(cls, master: bytes, account: str) -> "WebhookKey":
        """The key of an account, the same in every region that knows the master secret.

        An account has one registration, and its properties may live in several regions: were keys made
        anew, each region would end those of the others.
        """
        secret = hmac.digest(master, f"simphony webhook|{account}".encode(), "sha256")
        return cls(UUID(bytes=hashlib.sha256(b"key id|" + secret).digest()[:16], version=4), secret)

    @property
    def text(self) -> str:
        """The secret as it is registered."""
        return base64.b64encode(self.secret).decode()

    def digest(self, body: bytes) -> str:
        """What the header `Digest` of a call with that body says."""
        return base64.b64encode(hmac.digest(self.secret, body, "sha256")).decode()

    def has_signed(self, body: bytes, key_id: str, digest: str) -> bool:
        """Whether a call comes from who was given the key; takes as long whatever the digest says."""
        is_ours = hmac.compare_digest(key_id.strip().casefold().encode(), str(self.key_id).encode())
        is_right = hmac.compare_digest(digest.strip().encode(), self.digest(body).encode())
        return is_ours and is_right


class Subscription(Node):
    """Which messages go where."""

    subscription_id: LenientText = ""
    callback_uri: LenientText = ""
    message_type: LenientText = Field(default="", validation_alias=AliasPath("messageType", "id"))
    org_short_name: LenientText = ""
    loc_ref: LenientText = ""
    rvc_ref: LenientNumber = None

    def is_for(self, wanted: "Subscription") -> bool:
        """Whether it delivers what the other wants."""
        return self.scope == wanted.scope and self.callback_uri == wanted.callback_uri

    @property
    def scope(self) -> tuple[str, str, str, int | None]:
        """What it is about; names are compared without case (STS Gen2 guide, Header Parameters)."""
        names = (self.message_type, self.org_short_name, self.loc_ref)
        message_type, organization, location = (name.casefold() for name in names)
        return message_type, organization, location, self.rvc_ref


class Message(Node):
    """One thing that happened. `rvc_ref` is a text here, and a number everywhere else."""

    id: str = Field(min_length=1, max_length=100)
    created_at: LenientMoment = Field(default=None, validation_alias="creationDate")
    type: LenientText = Field(default="", validation_alias=AliasPath("messageType", "id"))
    org_short_name: LenientText = Field(default="", validation_alias=AliasPath("resource", "orgShortName"))
    loc_ref: LenientText = Field(default="", validation_alias=AliasPath("resource", "locRef"))
    rvc_ref: LenientNumber = Field(default=None, validation_alias=AliasPath("resource", "rvcRef"))
    check_ref: LenientText = Field(default="", validation_alias=AliasPath("resource", "checkRef"))
    resource_type: LenientText = Field(default="", validation_alias=AliasPath("data", "ResourceType"))

    def concerns(self, site: tuple[str, str, str, int]) -> bool:
        """Whether it is about a revenue center: what it does not name, it is about all of."""
        _, organization, location, rvc_ref = site
        return (
            self.org_short_name.casefold() in {"", organization}
            and self.loc_ref.casefold() in {"", location}
            and self.rvc_ref in {None, rvc_ref}
        )

    def is_older_than(self, moment: datetime) -> bool:
        """Whether it was created before a moment; what does not say when was not."""
        return self.created_at is not None and self.created_at < moment


class Webhook(Node):
    """The body of a call to us."""

    messages: tuple[Message, ...] = Field(default=(), max_length=1000)


type Undeliverable = Literal["not_https", "top_level_domain"]


def why_undeliverable(callback: str) -> Undeliverable | None:
    """Why Simphony would not deliver to an address; None if it would."""
    url = URL(callback)
    if url.scheme != "https" or url.port != _HTTPS_PORT:
        return "not_https"
    domain = (url.host or "").rpartition(".")[2].lower()
    return None if domain in TOP_LEVEL_DOMAINS else "top_level_domain"
