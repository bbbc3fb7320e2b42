"""Deliveries that wait for their next attempt, kept in a file so that a restart resumes them."""

from pathlib import Path

from pydantic import BaseModel, ValidationError

from localcloud.event_grid.delivery import Delivery


class _Entry(BaseModel, frozen=True):
    """One line: a delivery as it now waits, or the id of one that is settled."""

    waiting: Delivery | None = None
    settled: str | None = None


class Journal:
    """An append-only file of JSON lines; opening it drops what is settled.

    It survives the end of the process, not of the machine: lines are flushed, not synced, which takes
    microseconds and so does not hold up the event loop.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._waiting = _read(path)
        rewritten = path.with_suffix(".new")
        rewritten.write_bytes(b"".join(_line(_Entry(waiting=each)) for each in self._waiting.values()))
        rewritten.replace(path)
        self._file = path.open("ab")

    @property
    def waiting(self) -> tuple[Delivery, ...]:
        """The deliveries that are not settled."""
        return tuple(self._waiting.values())

    def put(self, delivery: Delivery) -> None:
        """Note how a delivery now waits."""
        self._waiting[delivery.id] = delivery
        self._append(_Entry(waiting=delivery))

    def settle(self, delivery_id: str) -> None:
        """Forget a delivery; with none left, the file is empty again."""
        del self._waiting[delivery_id]
        if self._waiting:
            self._append(_Entry(settled=delivery_id))
        else:
            self._file.truncate(0)

    def close(self) -> None:
        """Close the file; what waits stays in it."""
        self._file.close()

    def _append(self, entry: _Entry) -> None:
        self._file.write(_line(entry))
        self._file.flush()


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
