"""Event Grid and the queues of a region: events arrive mostly soon, sometimes late, twice, or never."""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from tests.simulation.seeded.network import Link, Net

from muneris.cloud.events import Event, EventsUnavailableError
from muneris.core.operational import OperationalError
from muneris.inventory.events import COMMANDS
from muneris.orders.events import ANSWER_TO

INVISIBLE = 30.0
"""Seconds until a message comes back whose reader died."""
DEQUEUES = 5


class Consumer(Protocol):
    """A process that reads a queue."""

    name: str

    def spawn[T](self, doing: Coroutine[object, object, T]) -> asyncio.Task[T]:
        """Have the process do something."""
        ...

    async def handle(self, event: Event) -> None:
        """React to an event."""
        ...


class Reads(Protocol):
    """A place for a process that reads a queue, while one is up."""

    @property
    def process(self) -> Consumer | None:
        """The process, or None."""
        ...


@dataclass
class Queues:
    """The inboxes of a region's apps; whichever process is up reads them."""

    net: Net
    orders: Sequence[Reads] = ()
    inventory: Sequence[Reads] = ()
    poisoned: list[str] = field(default_factory=list)

    def put_later(self, delay: float, event: Event, dequeued: int = 0) -> None:
        """An event is in its inbox after some time."""
        loop = asyncio.get_running_loop()
        loop.call_later(delay, self._arrive, event, dequeued, context=Context())

    def _arrive(self, event: Event, dequeued: int) -> None:
        machines: Sequence[Reads] = ()
        if event.type in COMMANDS:
            machines = self.inventory
        elif event.type in ANSWER_TO:
            machines = self.orders
        if not machines:
            return
        up = [machine.process for machine in machines if machine.process is not None]
        if not up:
            self.put_later(INVISIBLE, event, dequeued)
            return
        process = self.net.chance.choice(up)
        self.net.journal.note(process.name, f"reads {event.type}", event.id)
        task = process.spawn(self._read(process, event, dequeued))
        task.add_done_callback(partial(self._done, event, dequeued))

    async def _read(self, process: Consumer, event: Event, dequeued: int) -> None:
        try:
            await process.handle(event)
        except OperationalError as error:
            self.net.journal.note(process.name, f"leaves {event.type} to be asked again: {error}", event.id)
        except Exception as error:  # noqa: BLE001 - as the host does: it counts towards poison
            self.net.journal.note(process.name, f"cannot handle {event.type}: {error!r}", event.id)
            if dequeued + 1 == DEQUEUES:
                self.poisoned.append(f"{event.id}: {error!r}")
            else:
                self.put_later(INVISIBLE, event, dequeued + 1)

    def _done(self, event: Event, dequeued: int, reading: asyncio.Task[None]) -> None:
        if reading.cancelled():  # its process died
            self.put_later(INVISIBLE, event, dequeued)


@dataclass
class EventGrid:
    """Takes events and has each arrive; `said` is all that it took."""

    net: Net
    queues: Queues
    said: list[Event] = field(default_factory=list)

    async def take(self, who: str, events: Sequence[Event]) -> None:
        """What somebody says."""
        self.said += events
        for event in events:
            self.net.journal.note(who, f"says {event.type}", event.id)
            for delay in self._delays():
                self.queues.put_later(delay, event)

    def _delays(self) -> list[float]:
        chance = self.net.chance
        if self.net.is_calm:
            return [chance.uniform(0.005, 0.05)]
        if chance.random() < 0.01:
            return []
        copies = 2 if chance.random() < 0.05 else 1
        return [_delay(chance) for _ in range(copies)]


@dataclass(frozen=True)
class LinkedPublisher:
    """Event Grid as one process reaches it."""

    grid: EventGrid
    link: Link
    who: str

    async def publish(self, events: Sequence[Event]) -> None:
        await self.link.around(lambda: self.grid.take(self.who, events), _not_taken, _not_taken)


def _delay(chance: random.Random) -> float:
    luck = chance.random()
    longest = 300.0 if luck < 0.002 else 20.0 if luck < 0.03 else 0.05
    return chance.uniform(0.005, longest)


def _not_taken() -> Exception:
    return EventsUnavailableError("lost")
