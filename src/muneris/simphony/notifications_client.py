"""The Notifications API: one registration for each API account, and its subscriptions."""

from http import HTTPMethod, HTTPStatus
from urllib.parse import quote

from muneris.simphony.errors import ReadFailedError
from muneris.simphony.model import Connection
from muneris.simphony.notifications import Subscription, WebhookKey
from muneris.simphony.transport import Call, Transport, decode
from muneris.simphony.wire import Json, items_of, parse

_REGISTRATION = "notifications/registration"
_SUBSCRIPTIONS = "notifications/subscriptions"


class NotificationsClient:
    """Calls that may be repeated: registering replaces what was registered.

    Each raises `ReadFailedError` if it is not known to be done, and `TokenRejectedError`.
    """

    def __init__(self, http: Transport) -> None:
        self._http = http

    async def register(self, connection: Connection, bearer: str, key: WebhookKey) -> None:
        """Have the account's notifications signed with a key from now on."""
        body = {"keyId": str(key.key_id), "hmacKey": key.text, "keyType": "hmac-sha256"}
        await self._http.read(connection, bearer, Call(HTTPMethod.PUT, _REGISTRATION, body=body))

    async def unregister(self, connection: Connection, bearer: str) -> None:
        """End the account's notifications."""
        call = Call(HTTPMethod.DELETE, _REGISTRATION)
        await self._http.read(connection, bearer, call, also=(HTTPStatus.NOT_FOUND,))

    async def get_message_types(self, connection: Connection, bearer: str) -> tuple[str, ...]:
        """The ids of the messages that may be subscribed to."""
        call = Call(HTTPMethod.GET, "notifications/discovery")
        answer = await self._http.read(connection, bearer, call)
        try:
            items = items_of(parse(answer.body), "messageTypes")
        except ValueError as error:
            raise ReadFailedError("an unreadable list of message types", answer.status) from error
        return tuple(str(each["id"]) for each in items if isinstance(each, dict) and "id" in each)

    async def get_subscriptions(self, connection: Connection, bearer: str) -> tuple[Subscription, ...]:
        """The account's subscriptions."""
        answer = await self._http.read(connection, bearer, Call(HTTPMethod.GET, _SUBSCRIPTIONS))
        try:
            items = items_of(parse(answer.body), "subscriptions")
            return tuple(Subscription.model_validate(each) for each in items)
        except ValueError as error:
            raise ReadFailedError("an unreadable list of subscriptions", answer.status) from error

    async def subscribe(self, connection: Connection, bearer: str, wanted: Subscription) -> Subscription:
        """Subscribe; twice makes two subscriptions, and two deliveries of each message."""
        body: dict[str, Json] = {
            "callbackUri": wanted.callback_uri,
            "messageType": {"id": wanted.message_type},
            "postOfficeOptions": {"PostOfficeType": "PushOnePostOffice"},
            "orgShortName": wanted.org_short_name,
        }
        if wanted.loc_ref:
            body["locRef"] = wanted.loc_ref
        if wanted.rvc_ref is not None:
            body["rvcRef"] = str(wanted.rvc_ref)
        answer = await self._http.read(connection, bearer, Call(HTTPMethod.POST, _SUBSCRIPTIONS, body=body))
        return decode(Subscription, answer)

    async def unsubscribe(self, connection: Connection, bearer: str, subscription_id: str) -> None:
        """End a subscription."""
        call = Call(HTTPMethod.DELETE, f"{_SUBSCRIPTIONS}/{quote(subscription_id, safe='')}")
        await self._http.read(connection, bearer, call, also=(HTTPStatus.NOT_FOUND,))
