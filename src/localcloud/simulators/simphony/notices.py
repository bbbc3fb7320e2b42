"""What clients are told, in the words of the Notifications API."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from localcloud.simulators.simphony.accounts import Subject
from localcloud.simulators.simphony.checks import Check, Preparation
from localcloud.simulators.simphony.oddities import Installation
from localcloud.simulators.simphony.setup import EMPLOYEES, ORGANIZATIONS
from localcloud.simulators.simphony.site import Site
from localcloud.simulators.simphony.spelling import utc_time
from localcloud.simulators.simphony.subscriptions import MessageKind, Subscriptions
from localcloud.simulators.simphony.webhooks import Target, Webhooks
from localcloud.simulators.simphony.wire import Json

MENUS = "Menus"
_KINDS = {EMPLOYEES: MessageKind.EMPLOYEES, ORGANIZATIONS: MessageKind.ORGANIZATIONS}


class Notices:
    """Tells whoever subscribed."""

    def __init__(
        self,
        now: Callable[[], datetime],
        subscriptions: Subscriptions,
        webhooks: Webhooks,
        installation: Installation,
    ) -> None:
        self._now = now
        self._subscriptions = subscriptions
        self._webhooks = webhooks
        self._installation = installation
        self._of_one_check: dict[str, Target] = {}

    def clear(self) -> None:
        """Forget which checks are watched on their own."""
        self._of_one_check.clear()

    def tell_of_check(self, check: Check, status: Preparation, client: Subject | None = None) -> None:
        """A check went on in the kitchen.

        A client without a key may name an address and a key with the check (`notificationOptions`).
        """
        options = check.request.notification_options
        if options and options.enabled and client and not self._subscriptions.is_registered(client):
            self._of_one_check[check.ref] = Target(options.url, options.key_id, options.key)
        site = check.request.site
        targets = list(self._subscriptions.targets(MessageKind.CHECK, site))
        if check.ref in self._of_one_check:
            targets.append(self._of_one_check[check.ref])
        data: dict[str, Json] = {"status": status, "timeStampUtc": self._timestamp()}
        self._tell(targets, MessageKind.CHECK, self._resource(site) | {"checkRef": check.ref}, data)

    def tell_of_change(self, site: Site, names: Iterable[str]) -> None:
        """Something of a site is set up otherwise."""
        for name in names:
            kind = _KINDS.get(name, MessageKind.CONFIGURATION)
            data: dict[str, Json] = {"ResourceAction": "changed"}
            resource = self._resource(site)
            if kind is MessageKind.CONFIGURATION:
                data = {"ResourceVersion": "V2", "ResourceType": name, **data}
            else:
                del resource["rvcRef"]
            self._tell(self._subscriptions.targets(kind, site), kind, resource, data)

    def _tell(
        self,
        targets: Iterable[Target],
        kind: MessageKind,
        resource: Mapping[str, Json],
        data: Mapping[str, Json],
    ) -> None:
        for target in targets:
            message: dict[str, Json] = {
                "id": str(uuid.uuid4()),
                "creationDate": self._timestamp(),
                "messageType": {"id": kind},
                "resource": resource,
                "data": data,
            }
            self._webhooks.send(target, str(message["id"]), message)

    def _resource(self, site: Site) -> dict[str, Json]:
        is_text = self._installation.has.notified_rvc == "text"
        return {**site.fields, "rvcRef": str(site.rvc) if is_text else site.rvc}

    def _timestamp(self) -> str:
        return utc_time(self._now(), "milliseconds")
