"""Documents in memory, for tests."""

import itertools

from muneris.cloud.documents.store import Document


class MemoryDocuments:
    """Documents that are gone with the process."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._versions = itertools.count(1)

    async def put(self, name: str, body: bytes) -> str:
        """Write a document whatever was there; its new ETag."""
        document = Document(body, f'"{next(self._versions)}"')
        self._documents[name] = document
        return document.etag

    async def find(self, name: str, *, unless: str | None = None) -> Document | None:
        """The document, or None: there is none, or it still is the version `unless`."""
        document = self._documents.get(name)
        return None if document is None or document.etag == unless else document
