"""Calls to Simphony for what orders owe: whose they are to make, and when again."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from muneris.core.clock import Clock
from muneris.orders.life import round_transitions, transitions
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.life.targets import Targets, target_of
from muneris.orders.model import Order, Work
from muneris.orders.reading.attention import Attention
from muneris.orders.store import OrderStore
from muneris.orders.stored import StoredOrder
from muneris.simphony.errors import SeveralChecksError, SimphonyError, TokenRejectedError

_log = logging.getLogger(__name__)

CALL_WITHIN = timedelta(seconds=5)
"""A claim this old is not acted on: whoever held it may have slept through its end."""
TURN_WITHIN = timedelta(seconds=2)
"""How long an ask waits for its property's turn: a host slot that waits is one that no property has."""
MARGIN = timedelta(seconds=30)
"""How much longer than its last call's deadline a call may take to show in what Simphony answers.

It also bears that connecting (10 s at most) may precede all the time that Simphony takes.
"""
CALLS_AT_ONCE = 4
"""Calls a property's workstations are given at once."""


@dataclass(frozen=True)
class Claimed:
    """An order whose call is ours to make; `before` is its work as it was without that call.

    Nothing of the call may be under way after `until`.
    """

    stored: StoredOrder
    work: Work
    before: Work
    until: datetime


class Calls:
    """The right to call. `deadline` is the longest one call may be under way."""

    def __init__(
        self,
        store: OrderStore,
        scheduler: Scheduler,
        targets: Targets,
        attention: Attention,
        clock: Clock,
        deadline: timedelta,
    ) -> None:
        self._store = store
        self._scheduler = scheduler
        self._targets = targets
        self._attention = attention
        self._clock = clock
        self._longest = CALL_WITHIN + deadline
        self._turns: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CALLS_AT_ONCE))

    @asynccontextmanager
    async def turn(self, property_code: str) -> AsyncIterator[bool]:
        """One of a property's turns; False: they are all taken."""
        turns = self._turns[property_code]
        try:
            async with asyncio.timeout(TURN_WITHIN.total_seconds()):
                await turns.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            turns.release()

    def is_claimed(self, work: Work) -> bool:
        """Whether somebody may be calling for it now."""
        return work.claimed_until is not None and work.claimed_until > self._clock.now()

    async def claim(self, stored: StoredOrder, order: Order, work: Work) -> Claimed | None:
        """The right to call for `work`, written with `order` as it is then, before the call.

        None: it is not ours, or no longer in time.
        """
        now = self._clock.now()
        until = now + self._longest
        calling = replace(
            work,
            first_sent_at=work.first_sent_at or now,
            calls_lost=work.calls_lost + 1,
            last_deadline=until,
            claimed_until=until,
            due_at=until,
        )
        claimed = await self._store.claim_call(stored, order, calling)
        if claimed is None or self._clock.now() - now > CALL_WITHIN:
            return None
        ours, calling = claimed
        return Claimed(ours, calling, replace(work, etag=calling.etag), until)

    async def wait_until_over(self, work: Work, looked_at: datetime) -> bool:
        """Whether all that earlier calls came to was there to be seen at a look; else it is due again then.

        `looked_at`: when the look was begun. What it shows may be older than its answer.
        """
        over_at = (work.last_deadline or looked_at) + MARGIN
        if looked_at >= over_at:
            return True
        await self._store.write_work(replace(work, due_at=over_at, claimed_until=None))
        return False

    async def leave_to_expire(self, work: Work) -> None:
        """It is no longer wanted, and nothing of it is in Simphony: the sweeper gives it up."""
        await self._store.write_work(replace(work, due_at=self._clock.now(), claimed_until=None))

    async def postpone(self, work: Work, error: Exception) -> None:
        """Our call is over: the next one may begin when it is due, and not before.

        A token that is refused is refused to every order of the property until somebody sees to it.
        """
        if isinstance(error, TokenRejectedError):
            _log.error("token_rejected: property %s: %s", work.ask.property_code, error)
        target = target_of(work.ask)
        silent = target is not None and await self._targets.is_silent(target)
        due_at = self._scheduler.next_due(work, silent=silent)
        attempts = max(work.attempts, 1)  # the sweeper has counted its own
        await self._store.write_work(replace(work, due_at=due_at, attempts=attempts, claimed_until=None))

    async def leave_unknown(self, stored: StoredOrder, work: Work, error: SimphonyError) -> None:
        """What became of earlier calls is still not known: later it may be, or a person is to settle it."""
        now = self._clock.now()
        if isinstance(error, SeveralChecksError) or transitions.is_unsettled(work, now):
            await self.leave_to_a_person(stored, work, error)
        else:
            await self.postpone(work, error)

    async def leave_to_a_person(self, stored: StoredOrder, work: Work, error: SimphonyError) -> None:
        """Nobody calls for it any more until a person says what became of it, or wants it tried again.

        It is left as it was when `work` was read, so that no call can have been claimed since.
        """
        now = self._clock.now()
        order = stored.order
        _log.error("order %s needs attention: %s", order.order_id, error)
        await self._attention.announce(order.property_code, order.order_id)
        left_in_doubt = round_transitions.left_in_doubt if work.ask.round else transitions.left_in_doubt
        doubt = left_in_doubt(order, work, str(error), now)
        if doubt is not None and await self._store.advance(stored, doubt, work.ask) is not None:
            self._scheduler.offer(doubt.begun)
