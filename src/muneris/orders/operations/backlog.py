"""How far a region is behind: what its orders owe, what is poison, and what needs attention."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from muneris.cloud.agenda import Agenda
from muneris.cloud.queues import PoisonQueues
from muneris.cloud.tables.table import PAGE
from muneris.core.cache import Cache
from muneris.core.clock import Clock
from muneris.core.operational import OperationalError
from muneris.orders.model import Step, Work
from muneris.orders.reading.attention import Attention
from muneris.orders.store import OrderStore

_log = logging.getLogger(__name__)

FRESH_SECONDS = 15.0
"""How old a count may be."""
LATE_AFTER = timedelta(seconds=60)
"""A step that is due for longer is late: the sweeper looks every 5 s."""
COUNTED = PAGE - 1
"""Steps that are counted of one property, in one query: the first, whose orders are the oldest."""
LOOKED_AT = 50
"""Properties that are looked at for one count, in turn: of the others it is known what they owed before.

So a count costs so many queries at most, however many properties a long outage leaves with work."""
_STALE_SECONDS = 120.0
_PROPERTIES_AT_ONCE = 8


@dataclass(frozen=True)
class Owed:
    """What orders owe, by step; when the oldest was born and was due, None if there is none.

    `more`: how many properties owe more than was counted.
    """

    steps: Mapping[Step, int]
    born_at: datetime | None
    due_at: datetime | None
    more: int = 0

    def after(self, passed: timedelta) -> "Owed":
        """The same some time later, if it is as far behind as it was."""
        return self if self.due_at is None else replace(self, due_at=self.due_at + passed)


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
        self._looks: dict[str, tuple[datetime, Owed]] = {}
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

        async def look(property_code: str) -> None:
            async with limit:
                owed = await self._find_owed_by(property_code)
            before = self._looks.pop(property_code, None)
            if owed is not None:
                self._looks[property_code] = self._clock.now(), owed  # the last to be looked at again
            elif before is not None:
                self._looks[property_code] = before

        codes = dict.fromkeys(entry.key for entry in await self._agenda.entries())
        self._looks = {code: seen for code, seen in self._looks.items() if code in codes}
        in_turn = [*(code for code in codes if code not in self._looks), *self._looks]
        await asyncio.gather(*map(look, in_turn[:LOOKED_AT]))
        now = self._clock.now()
        return _sum([owed.after(now - looked_at) for looked_at, owed in self._looks.values()])

    async def _find_owed_by(self, property_code: str) -> Owed | None:
        """What a property owes, None: it cannot be read. What is to begin at a later time does not count."""
        now, read, more = self._clock.now(), list[Work](), 0
        try:
            async for work in self._store.works(property_code):
                if len(read) == COUNTED:
                    more = 1
                    break
                read.append(work)
        except OperationalError as error:
            _log.warning("%s: what it owes is not counted: %s", property_code, error)
            return None
        except Exception:  # noqa: BLE001 - a bug in one property's rows does not hide what the others owe
            _log.exception("%s: what it owes is not counted", property_code)
            return None
        works = [work for work in read if work.born_at <= now]
        return Owed(
            Counter(work.ask.step for work in works),
            min((work.born_at for work in works), default=None),
            min((work.due_at for work in works), default=None),
            more,
        )


def _sum(owed: Sequence[Owed]) -> Owed:
    steps = Counter[Step]()
    for each in owed:
        steps.update(each.steps)
    return Owed(
        steps,
        min((each.born_at for each in owed if each.born_at is not None), default=None),
        min((each.due_at for each in owed if each.due_at is not None), default=None),
        sum(each.more for each in owed),
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
