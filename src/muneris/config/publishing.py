"""Properties published for the other concerns, whatever happens between the commit and the document."""

import logging

from muneris.cloud.agenda import Agenda
from muneris.cloud.documents import Documents
from muneris.cloud.tables import Row
from muneris.config.property import property_document
from muneris.config.store import PropertyStore
from muneris.core.operational import OperationalError

_log = logging.getLogger(__name__)

AGENDA = "publish"


class Publishing:
    """Writes the documents that properties owe: right after a commit, or by a timer's sweep."""

    def __init__(self, store: PropertyStore, documents: Documents, agenda: Agenda) -> None:
        self._store = store
        self._documents = documents
        self._agenda = agenda

    async def publish(self, code: str) -> None:
        """Publish a property as it is now.

        A document has no condition to write it under, so a slow writer could put an older state over a
        newer one: who writes looks again afterwards, and writes anew if the property has moved on.

        Raises:
            OperationalError: storage did not answer; the sweep repeats what is owed.
        """
        stored = await self._store.get(code)
        while True:
            owed = await self._store.find_owed(code)
            body = stored.property.model_dump_json().encode()
            await self._documents.put(property_document(code), body)
            latest = await self._store.get(code)
            if latest.etag == stored.etag:
                break
            stored = latest
        if owed is not None:
            await self._store.settle(code, owed)

    async def publish_soon(self, code: str) -> None:
        """Publish what was committed just now; if storage does not answer, the sweep does it."""
        try:
            await self.publish(code)
        except OperationalError as error:
            _log.warning("%s is published later: %s", code, error)

    async def sweep(self) -> None:
        """Publish everything owed; entries that owe nothing any more leave the agenda."""
        for entry in await self._agenda.entries():
            try:
                await self._look_at(entry)
            except OperationalError as error:
                _log.warning("%s is still to be published: %s", entry.key, error)

    async def _look_at(self, entry: Row) -> None:
        if await self._store.find_owed(entry.key) is None:
            await self._agenda.drop_settled(entry)
        else:
            await self.publish(entry.key)
