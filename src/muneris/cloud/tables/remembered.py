"""Rows as this process last saw them: to be written again without being read again."""

from typing import NamedTuple

from muneris.core.recent import Recent


class Stored[T](NamedTuple):
    """A thing and the version of its row that was read or written.

    `contested`: when the row was last read, somebody else had changed it. They may do so again, so who
    writes it next does well to read it first.
    """

    value: T
    etag: str
    contested: bool = False


class Remembered[T]:
    """At most `most` rows that were used recently.

    What is remembered may be outdated: it serves a write that is conditional on its ETag, or it never
    changes again.
    """

    def __init__(self, most: int) -> None:
        self._rows = Recent[tuple[str, str], Stored[T]](most)

    def recall(self, partition: str, key: str) -> Stored[T] | None:
        """The row as it was last read or written here, or None."""
        return self._rows.find((partition, key))

    def read(self, partition: str, key: str, value: T, etag: str) -> Stored[T]:
        """Remember what was just read."""
        before = self.recall(partition, key)
        stored = Stored(value, etag, contested=before is not None and before.etag != etag)
        self._rows.put((partition, key), stored)
        return stored

    def wrote(self, partition: str, key: str, value: T, etag: str | None) -> None:
        """Remember what was just written; None: which version that made is not known."""
        if etag is None:
            self.forget(partition, key)
            return
        before = self.recall(partition, key)
        stored = Stored(value, etag, contested=before is not None and before.contested)
        self._rows.put((partition, key), stored)

    def forget(self, partition: str, key: str) -> None:
        """The row is gone, or its version is not known."""
        self._rows.forget((partition, key))
