"""The port: what every document store offers."""

from dataclasses import dataclass
from typing import Protocol

from muneris.core.operational import OperationalError


@dataclass(frozen=True)
class Document:
    """A document as it was read: its bytes and its version."""

    body: bytes
    etag: str


class DocumentsUnavailableError(OperationalError):
    """The store did not answer."""


class Documents(Protocol):
    """Named documents; names are paths such as `NOR-CPH01/menu.json`."""

    async def put(self, name: str, body: bytes) -> str:
        """Write a document whatever was there; its new ETag.

        Raises:
            DocumentsUnavailableError: the store did not answer; it may have been written.
        """
        ...

    async def find(self, name: str, *, unless: str | None = None) -> Document | None:
        """The document, or None: there is none, or it still is the version `unless`.

        A caller that holds a version asks with `unless`, and keeps what it holds on None.

        Raises:
            DocumentsUnavailableError: the store did not answer.
        """
        ...
