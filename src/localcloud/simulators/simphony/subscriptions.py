"""Who wants to be told of what: one key for each API client, and its subscriptions (Notifications API)."""

import uuid
from base64 import b64decode
from collections.abc import Iterator
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from localcloud.simulators.simphony.accounts import Subject
from localcloud.simulators.simphony.problems import not_found
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.webhooks import Target
from localcloud.simulators.simphony.wire import RequestBody

_SHORTEST_KEY = 32


class MessageKind(StrEnum):
    """What there is to be told of."""

    CHECK = "CheckNotification"
    ORGANIZATIONS = "OrganizationsNotification"
    CONFIGURATION = "ConfigurationNotification"
    EMPLOYEES = "EmployeesNotification"


class Registration(RequestBody):
    """The key that signs what a client is told."""

    key_id: uuid.UUID
    hmac_key: str = Field(repr=False)
    key_type: Literal["hmac-sha256"]

    @field_validator("hmac_key")
    @classmethod
    def _is_long_enough(cls, key: str) -> str:
        if len(b64decode(key, validate=True)) < _SHORTEST_KEY:
            raise ValueError(f"the key has at least {_SHORTEST_KEY} bytes, in Base64")
        return key


class MessageType(RequestBody):
    """A kind of message by its id."""

    id: MessageKind


class PostOfficeOptions(RequestBody):
    """How messages are sent: there is one way."""

    post_office_type: Literal["PushOnePostOffice"]


class Subscription(RequestBody):
    """What to tell, of which place, and where to; without location or revenue center: of all there are."""

    callback_uri: str = Field(pattern=r"^https?://")
    message_type: MessageType
    post_office_options: PostOfficeOptions
    org_short_name: str
    loc_ref: str | None = None
    rvc_ref: str | None = None

    @model_validator(mode="after")
    def _has_a_scope_of_its_kind(self) -> Self:
        if self.message_type.id is MessageKind.EMPLOYEES and self.rvc_ref:
            raise ValueError("employees belong to an organization or a property, not to a revenue center")
        return self

    def concerns(self, kind: MessageKind, site: Site) -> bool:
        """Whether it asks for a kind of message about a site."""
        wanted = (self.org_short_name, self.loc_ref, self.rvc_ref)
        return self.message_type.id is kind and all(
            want is None or want.lower() == str(have) for want, have in zip(wanted, site, strict=True)
        )


class Subscriptions:
    """The registrations and subscriptions of all clients: API accounts."""

    def __init__(self) -> None:
        self._registrations: dict[Subject, Registration] = {}
        self._subscriptions: dict[Subject, dict[str, Subscription]] = {}

    def clear(self) -> None:
        """Forget them all."""
        self._registrations.clear()
        self._subscriptions.clear()

    def is_registered(self, client: Subject) -> bool:
        """Whether a client has a key."""
        return client in self._registrations

    def register(self, client: Subject, registration: Registration) -> None:
        """Give a client a key, or another one."""
        self._registrations[client] = registration

    def unregister(self, client: Subject) -> None:
        """Take a client's key away, and its subscriptions.

        Raises:
            ProblemError: it has none.
        """
        if self._registrations.pop(client, None) is None:
            raise not_found("The registration")
        self._subscriptions.pop(client, None)

    def add(self, client: Subject, subscription: Subscription) -> str:
        """The id of a new subscription."""
        subscription_id = str(uuid.uuid4())
        self._subscriptions.setdefault(client, {})[subscription_id] = subscription
        return subscription_id

    def of(self, client: Subject) -> dict[str, Subscription]:
        """A client's subscriptions by id."""
        return self._subscriptions.get(client, {})

    def all(self) -> Iterator[tuple[str, Subscription]]:
        """Every client's subscriptions by id."""
        for mine in self._subscriptions.values():
            yield from mine.items()

    def get(self, client: Subject, subscription_id: str) -> Subscription:
        """One subscription of a client.

        Raises:
            ProblemError: it has none of that id.
        """
        if subscription_id not in self.of(client):
            raise not_found(f"Subscription {subscription_id}")
        return self.of(client)[subscription_id]

    def remove(self, client: Subject, subscription_id: str) -> None:
        """End one subscription.

        Raises:
            ProblemError: the client has none of that id.
        """
        self.get(client, subscription_id)
        del self._subscriptions[client][subscription_id]

    def remove_all(self, client: Subject) -> None:
        """End a client's subscriptions."""
        self._subscriptions.pop(client, None)

    def targets(self, kind: MessageKind, site: Site) -> Iterator[Target]:
        """Where a kind of message about a site goes."""
        for client, subscriptions in self._subscriptions.items():
            key = self._registrations[client]
            for subscription in subscriptions.values():
                if subscription.concerns(kind, site):
                    yield Target(subscription.callback_uri, str(key.key_id), key.hmac_key)
