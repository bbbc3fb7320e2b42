"""The one scheduler: whatever an order owes is sent, and sent again, until it is answered."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import batched, chain
from uuid import UUID

from muneris.cloud.agenda import Agenda
from muneris.cloud.events import Publisher
from muneris.cloud.tables import Row
from muneris.cloud.tables.table import PAGE
from muneris.core.clock import Clock
from muneris.core.operational import OperationalError
from muneris.orders.events import event_of
from muneris.orders.life import round_transitions, transitions
from muneris.orders.life.targets import Targets, target_of
from muneris.orders.model import Ask, Work, postponed
from muneris.orders.store import OrderStore

_log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)
PROBES = 3
"""How many asks a sweep sends to a silent target, whosever they are."""
PER_SWEEP = 200
"""How many asks a sweep sends to a target for one property: what waited does not come back as a burst."""
READ_PER_SWEEP = PAGE - 1
"""How many of a property's owed steps a sweep looks at, in one query; the next one goes on with the others.

So a long outage does not make sweeping cost as much as taking orders."""
PROPERTIES_AT_ONCE = 8
OFFERS_AT_ONCE = 1000
"""How much offered work may be on its way: while Event Grid hangs, the rest is left to the sweeper."""
EXPIRED_PER_SWEEP = 200
"""How many orders a sweep gives up: what one property gives up must not hold up what others owe."""
_ROWS_AT_ONCE = 100


class Scheduler:
    """Sends work: at once after the commit that began it, and by sweeping until it is answered."""

    def __init__(
        self,
        store: OrderStore,
        agenda: Agenda,
        targets: Targets,
        publisher: Publisher,
        clock: Clock,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._agenda = agenda
        self._targets = targets
        self._publisher = publisher
        self._clock = clock
        self._chance = chance
        self._offers: set[asyncio.Task[None]] = set()
        self._continue_at: dict[str, UUID] = {}

    def offer(self, works: Sequence[Work]) -> None:
        """Send work that was just committed, at once and once: what fails is left to the sweeper."""
        if len(self._offers) < OFFERS_AT_ONCE:
            offer = asyncio.create_task(_apart("what was just committed", self._send_now(works), None))
            self._offers.add(offer)
            offer.add_done_callback(self._offers.discard)

    async def quiet(self) -> None:
        """Wait until everything offered so far was sent, or left to the sweeper."""
        while self._offers:
            await asyncio.wait(self._offers)

    async def sweep(self) -> None:
        """Send everything that is due. One property's trouble is not another's."""
        await self._targets.states(fresh=True)
        limit = asyncio.Semaphore(PROPERTIES_AT_ONCE)

        async def owed_by(entry: Row) -> list[Work]:
            async with limit:
                return await _apart(entry.key, self._owed_by(entry), [])

        async def expire(work: Work) -> None:
            async with limit:
                await _apart(work.ask.property_code, self._expire(work), None)

        owed = await asyncio.gather(*(owed_by(entry) for entry in await self._agenda.entries()))
        now, wanted, expired = self._clock.now(), list[Work](), list[Work]()
        for work in chain.from_iterable(owed):
            (expired if work.is_expired(now) else wanted).append(work)
        by_target: dict[str | None, list[Work]] = defaultdict(list)
        for work in wanted:
            by_target[target_of(work.ask)].append(work)
        for target, works in by_target.items():
            await _apart(str(target), self._sweep_target(target, works), None)
        await asyncio.gather(*map(expire, expired[:EXPIRED_PER_SWEEP]))

    async def _owed_by(self, entry: Row) -> list[Work]:
        """What a property owes, or some of it in turn; one that owes nothing leaves the agenda."""
        start = self._continue_at.pop(entry.key, None)
        owed: list[Work] = []
        async for work in self._store.works(entry.key, start):
            if len(owed) == READ_PER_SWEEP:
                self._continue_at[entry.key] = work.ask.order_id
                break
            owed.append(work)
        if owed or start is not None or self._store.has_unreadable(entry.key):
            await self._agenda.touch(entry.key)
        else:
            await self._agenda.drop_settled(entry)
        return owed

    async def _expire(self, work: Work) -> None:
        """Give an order up that waited too long, unless Simphony was called for it since its row was read."""
        stored = await self._store.find(work.ask.property_code, work.ask.order_id)
        owed = await self._store.find_work(work.ask)  # after the order, whose version so tells of later calls
        now = self._clock.now()
        if stored is None or owed is None or not owed.is_expired(now):
            return
        order, of_round = stored.order, work.ask.round
        expired = (
            round_transitions.expired(order, of_round, now) if of_round else transitions.expired(order, now)
        )
        if expired is not None and await self._store.advance(stored, expired, work.ask) is not None:
            self.offer(expired.begun)

    async def _sweep_target(self, target: str | None, works: Sequence[Work]) -> None:
        silent = await self._is_silent(target, works)
        late = timedelta() if silent or target is None else await self._targets.lag(target)
        now = self._clock.now()
        again = now - min(late, LONGEST_PAUSE)
        due = sorted(
            (work for work in works if work.due_at <= (now if work.is_to_begin else again)),
            key=lambda work: work.due_at,
        )
        by_property: dict[str, list[Work]] = defaultdict(list)
        for work in due[:PROBES] if silent else due:
            by_property[work.ask.property_code].append(work)
        for code, some in by_property.items():
            await _apart(code, self._send_again(some[:PER_SWEEP], silent=silent), None)

    async def _send_again(self, works: Sequence[Work], *, silent: bool) -> None:
        for some in batched(works, _ROWS_AT_ONCE, strict=False):
            moved = [postponed(work, self.next_due(work, silent=silent)) for work in some]
            await self._send(await self._store.move(moved))

    async def _is_silent(self, target: str | None, works: Sequence[Work]) -> bool:
        if target is None:
            return False
        asked_again = [work.born_at for work in works if work.attempts > 0]
        if not asked_again:
            return await self._targets.is_silent(target)
        return await self._targets.notice_silence(target, min(asked_again))

    def next_due(self, work: Work, *, silent: bool) -> datetime:
        """When to send a step again, given whether its target is silent.

        Back-off grows with a row's attempts; not in a silence, where few are sent anyway, so that none
        lags behind once it ends.
        """
        pause = FIRST_PAUSE if silent else min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(work.attempts, 8))
        return self._clock.now() + pause * (0.75 + self._chance() / 2)

    async def _send_now(self, works: Sequence[Work]) -> None:
        await self._send([work for work in works if not await self._is_known_silent(work)])

    async def _is_known_silent(self, work: Work) -> bool:
        target = target_of(work.ask)
        return target is not None and await self._targets.is_silent(target)

    async def _send(self, works: Sequence[Work]) -> None:
        if not works:
            return
        await self._publisher.publish([event_of(work) for work in works])
        told: dict[str, list[Ask]] = defaultdict(list)
        for work in works:
            if work.ask.step.is_tell:
                told[work.ask.property_code].append(work.ask)
        for done in told.values():
            await self._store.finish(done)


async def _apart[T](whose: str, doing: Awaitable[T], otherwise: T) -> T:
    """Do one part of many; its failure is logged, and is not the others'. The rows are swept again."""
    try:
        return await doing
    except OperationalError as error:
        _log.warning("%s: left to the next sweep: %s", whose, error)
    except Exception:  # noqa: BLE001 - an entry point: a bug in one property's rows is not the others'
        _log.exception("%s: left to the next sweep", whose)
    return otherwise
