"""Deliveries that are not settled, kept in a file so that a restart resumes them."""

from pathlib import Path

from pydantic import BaseModel, ValidationError

from localcloud.event_grid.delivery import Delivery

_LINES_KEPT = 10_000
"""With more lines than this, and most of them of what is settled, the file is written anew."""


class _Entry(BaseModel, frozen=True):
    """One line: a delivery as it now waits, or the id of one that is settled."""

    waiting: Delivery | None = None
    settled: str | None = None


class Journal:
    """An append-only file of JSON lines, written anew now and then without what is settled.

    It survives the end of the process, not of the machine: lines are flushed, not synced, which takes
    microseconds and so does not hold up the event loop.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._waiting = _read(path)
        self._write_anew()

    @property
    def waiting(self) -> tuple[Delivery, ...]:
        """The deliveries that are not settled, in the order in which they came."""
        return tuple(self._waiting.values())

    def put(self, *deliveries: Delivery) -> None:
        """Note how deliveries now wait."""
        self._waiting |= {each.id: each for each in deliveries}
        self._append(*(_Entry(waiting=each) for each in deliveries))

    def settle(self, delivery_id: str) -> None:
        """Forget a delivery; with none left, the file is empty again."""
        del self._waiting[delivery_id]
        if not self._waiting:
            self._file.truncate(0)
            self._lines = 0
        elif self._lines < max(_LINES_KEPT, 4 * len(self._waiting)):
            self._append(_Entry(settled=delivery_id))
        else:
            self._file.close()
            self._write_anew()

    def close(self) -> None:
        """Close the file; what waits stays in it."""
        self._file.close()

    def _append(self, *entries: _Entry) -> None:
        self._file.write(b"".join(map(_line, entries)))
        self._file.flush()
        self._lines += len(entries)

    def _write_anew(self) -> None:
        rewritten = self._path.with_suffix(".new")
        rewritten.write_bytes(b"".join(_line(_Entry(waiting=each)) for each in self._waiting.values()))
        rewritten.replace(self._path)
        self._file = self._path.open("ab")
        self._lines = len(self._waiting)


def _line(entry: _Entry) -> bytes:
    return entry.model_dump_json(exclude_unset=True).encode() + b"\n"


def _read(path: Path) -> dict[str, Delivery]:
    waiting: dict[str, Delivery] = {}
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    for line in filter(None, lines):
        try:
            entry = _Entry.model_validate_json(line)
        except ValidationError:
            continue  # the last line, cut off by the end of the process: nobody was told it is kept
        if entry.waiting:
            waiting[entry.waiting.id] = entry.waiting
        elif entry.settled:
            waiting.pop(entry.settled, None)
    return waiting
