"""How far a region is behind: what its orders owe, what is poison, and what needs attention."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from muneris.cloud.agenda import Agenda
from muneris.cloud.queues import PoisonQueues
from muneris.core.cache import Cache
from muneris.core.clock import Clock
from muneris.core.operational import OperationalError
from muneris.orders.model import Step, Work
from muneris.orders.reading.attention import Attention
from muneris.orders.store import OrderStore

_log = logging.getLogger(__name__)

FRESH_SECONDS = 15.0
"""How old a count may be: counting reads every owed step."""
LATE_AFTER = timedelta(seconds=60)
"""A step that is due for longer is late: the sweeper looks every 5 s."""
COUNTED = 5_000
"""Steps that are counted of one property: a long outage does not make looking on expensive."""
_STALE_SECONDS = 120.0
_PROPERTIES_AT_ONCE = 8


@dataclass(frozen=True)
class Owed:
    """What orders owe, by step; when the oldest was born and was due, None if there is none."""

    steps: Mapping[Step, int]
    born_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True)
class Count:
    """What waits in a region; `poison` by queue, `attention` in orders."""

    owed: Owed
    poison: Mapping[str, int]
    attention: int


class Backlog:
    """Counts what waits, each kind at most every `FRESH_SECONDS` however many ask."""

    def __init__(
        self,
        store: OrderStore,
        agenda: Agenda,
        attention: Attention,
        poison: PoisonQueues,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._clock = clock
        self._owed = _counted(self._count_owed, monotonic)
        self._poison = _counted(poison.lengths, monotonic)
        self._attention = _counted(attention.count, monotonic)

    async def count(self) -> Count:
        """All that waits.

        Raises:
            OperationalError: it cannot be counted now.
        """
        owed, poison, attention = await asyncio.gather(
            self._owed.get(None), self._poison.get(None), self._attention.get(None)
        )
        return Count(owed, poison, attention)

    async def is_late(self) -> bool:
        """Whether a step has been due for longer than `LATE_AFTER`."""
        due_at = (await self._owed.get(None)).due_at
        return due_at is not None and self._clock.now() - due_at > LATE_AFTER

    async def has_poison(self) -> bool:
        """Whether the host gave up on a message."""
        return any((await self._poison.get(None)).values())

    async def _count_owed(self) -> Owed:
        limit = asyncio.Semaphore(_PROPERTIES_AT_ONCE)

        async def owed_by(property_code: str) -> Owed:
            async with limit:
                return await self._owed_by(property_code)

        entries = await self._agenda.entries()
        return _sum(await asyncio.gather(*(owed_by(entry.key) for entry in entries)))

    async def _owed_by(self, property_code: str) -> Owed:
        """What a property owes; what is not to begin before a later time does not count."""
        now, works = self._clock.now(), list[Work]()
        try:
            async for work in self._store.works(property_code):
                if work.born_at <= now:
                    works.append(work)
                if len(works) == COUNTED:
                    break
        except OperationalError as error:
            _log.warning("%s: what it owes is not counted: %s", property_code, error)
        except Exception:  # noqa: BLE001 - a bug in one property's rows does not hide what the others owe
            _log.exception("%s: what it owes is not counted", property_code)
        return Owed(
            Counter(work.ask.step for work in works),
            min((work.born_at for work in works), default=None),
            min((work.due_at for work in works), default=None),
        )


def _sum(owed: Sequence[Owed]) -> Owed:
    steps = Counter[Step]()
    for each in owed:
        steps.update(each.steps)
    return Owed(
        steps,
        min((each.born_at for each in owed if each.born_at is not None), default=None),
        min((each.due_at for each in owed if each.due_at is not None), default=None),
    )


def _counted[T](count: Callable[[], Awaitable[T]], monotonic: Callable[[], float]) -> Cache[None, T]:
    async def read(_: None, _before: T | None) -> T:
        return await count()

    return Cache(
        read,
        fresh_seconds=lambda _: FRESH_SECONDS,
        stale_seconds=_STALE_SECONDS,
        monotonic=monotonic,
    )
