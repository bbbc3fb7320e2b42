"""The Notifications API: discovery, registration, subscriptions."""

from collections.abc import Mapping

from aiohttp import web
from pydantic import ValidationError

from localcloud.simulators.simphony.access import Access
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.problems import ProblemError, of_validation
from localcloud.simulators.simphony.subscriptions import (
    MessageKind,
    Registration,
    Subscription,
    Subscriptions,
)
from localcloud.simulators.simphony.wire import Json, RequestBody, answer, parse_request

_PATH = "/api/v1/notifications"


class NotificationsApi:
    """The operations; a client is whom its bearer was issued to."""

    def __init__(self, subscriptions: Subscriptions, access: Access, installation: Installation) -> None:
        self._subscriptions = subscriptions
        self._access = access
        self._installation = installation

    def routes(self) -> list[web.RouteDef]:
        """The operations."""
        registration, subscriptions = f"{_PATH}/registration", f"{_PATH}/subscriptions"
        return [
            web.get(f"{_PATH}/discovery", self._discover),
            web.put(registration, self._register),
            web.post(registration, self._register_anew),
            web.delete(registration, self._unregister),
            web.get(subscriptions, self._list),
            web.post(subscriptions, self._subscribe),
            web.delete(subscriptions, self._unsubscribe_all),
            web.get(f"{subscriptions}/{{id}}", self._get),
            web.delete(f"{subscriptions}/{{id}}", self._unsubscribe),
            web.get("/sim/subscriptions", self._list_all),
        ]

    @property
    def _kinds(self) -> list[MessageKind]:
        return [MessageKind.CHECK] if self._installation.has.is_on_premises else list(MessageKind)

    async def _discover(self, _request: web.Request) -> web.Response:
        return answer({"items": [{"id": kind} for kind in self._kinds]})

    async def _register(self, request: web.Request) -> web.Response:
        registration = await _read(request, Registration)
        self._subscriptions.register(self._access.subject_of(request), registration)
        return answer(_shown(registration))

    async def _register_anew(self, request: web.Request) -> web.Response:
        registration = await _read(request, Registration)
        client = self._access.subject_of(request)
        if self._subscriptions.is_registered(client):
            raise _refused("The client is registered already")
        self._subscriptions.register(client, registration)
        return answer(_shown(registration), 201)

    async def _unregister(self, request: web.Request) -> web.Response:
        self._subscriptions.unregister(self._access.subject_of(request))
        return web.Response(status=204)

    async def _list(self, request: web.Request) -> web.Response:
        mine = self._subscriptions.of(self._access.subject_of(request))
        return answer({"items": [_document(key, each) for key, each in mine.items()]})

    async def _list_all(self, _request: web.Request) -> web.Response:
        """The subscriptions of all clients, for tests and people."""
        return answer({"items": [_document(key, each) for key, each in self._subscriptions.all()]})

    async def _subscribe(self, request: web.Request) -> web.Response:
        subscription = await _read(request, Subscription)
        self._access.require(request, subscription.org_short_name, subscription.loc_ref)
        client = self._access.subject_of(request)
        if not self._subscriptions.is_registered(client):
            raise _refused("The client is not registered")
        if subscription.message_type.id not in self._kinds:
            raise _refused(f"{subscription.message_type.id} is for the cloud only")
        return answer(_document(self._subscriptions.add(client, subscription), subscription), 201)

    async def _get(self, request: web.Request) -> web.Response:
        subscription_id = request.match_info["id"]
        found = self._subscriptions.get(self._access.subject_of(request), subscription_id)
        return answer(_document(subscription_id, found))

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        self._subscriptions.remove(self._access.subject_of(request), request.match_info["id"])
        return web.Response(status=204)

    async def _unsubscribe_all(self, request: web.Request) -> web.Response:
        self._subscriptions.remove_all(self._access.subject_of(request))
        return web.Response(status=204)


async def _read[T: RequestBody](request: web.Request, kind: type[T]) -> T:
    try:
        return kind.model_validate(parse_request(await request.read()))
    except ValidationError as error:
        raise of_validation(error) from error
    except ValueError as error:
        raise _refused(f"The body is no JSON: {error}") from error


def _refused(detail: str) -> ProblemError:
    return ProblemError(400, "Request is invalid.", "error:validation", detail)


def _shown(registration: Registration) -> Mapping[str, Json]:
    """A registration without its key."""
    return {"keyId": str(registration.key_id), "keyType": registration.key_type}


def _document(subscription_id: str, subscription: Subscription) -> Json:
    fields = subscription.model_dump(mode="json", by_alias=True, exclude_none=True)
    office = {"PostOfficeType": subscription.post_office_options.post_office_type}
    return {"subscriptionId": subscription_id, **fields, "postOfficeOptions": office}
