"""Orders go to Simphony: each confirmed one is on exactly one check."""

import asyncio
import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from muneris.cloud.events import Event
from muneris.core.clock import Clock, from_rfc3339
from muneris.core.operational import OperationalError
from muneris.orders import model
from muneris.orders.events import ask_of
from muneris.orders.model import Advance, Ask, CheckReference, Order, Work
from muneris.orders.scheduler import Scheduler
from muneris.orders.store import OrderStore, StoredOrder
from muneris.orders.targets import Targets, target_of
from muneris.simphony.errors import (
    CheckRefusedError,
    NotSentError,
    OutcomeUnknownError,
    ReadFailedError,
)
from muneris.simphony.model import Check, CheckCondiment, CheckLine, NewCheck

_log = logging.getLogger(__name__)

DUPLICATE_WINDOW = timedelta(seconds=300)
"""How long Simphony recognises a repeated id (STS Gen2 guide, Detecting Duplicate Requests)."""
CALL_WITHIN = timedelta(seconds=5)
"""A claim this old is not acted on: whoever held it may have slept through its end."""
CLOCK_SKEW = timedelta(minutes=15)
"""How far the restaurant's clock may be behind ours: a look-up begins that much before the order."""
TURN_WITHIN = timedelta(seconds=2)
"""How long an ask waits for its property's turn: a host slot that waits is one that no property has."""
MARGIN = timedelta(seconds=30)
"""How much longer than its last call's deadline a check may take to appear in Simphony's list."""
CALLS_AT_ONCE = 4
"""Calls a property's workstations are given at once."""
_REFERENCE_DIGITS = 20


class PointOfSale(Protocol):
    """Simphony, as orders use it."""

    async def post_check(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Check:
        """Open a check; nothing of it is under way after the deadline.

        Raises:
            SimphonyError: see `muneris.simphony.errors`.
        """
        ...

    async def find_check(
        self, property_code: str, references: Collection[str], since: datetime
    ) -> Check | None:
        """The check whose name or order id is one of these, or None only if Simphony has none."""
        ...


@dataclass(frozen=True)
class _Claimed:
    """An order whose call is ours to make; `before` is its work as it was without that call.

    Nothing of the call may be under way after `until`.
    """

    order: Order
    etag: str
    work: Work
    before: Work
    until: datetime


class Posting:
    """Posts orders. `deadline` is the longest one call may be under way."""

    def __init__(
        self,
        store: OrderStore,
        scheduler: Scheduler,
        targets: Targets,
        point_of_sale: PointOfSale,
        clock: Clock,
        *,
        deadline: timedelta,
    ) -> None:
        self._store = store
        self._scheduler = scheduler
        self._targets = targets
        self._point_of_sale = point_of_sale
        self._clock = clock
        self._deadline = deadline
        self._turns: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(CALLS_AT_ONCE))

    async def post(self, event: Event) -> None:
        """Carry out an ask to post.

        It ends without a call if the ask was answered, if somebody else is calling, or if its property's
        turns are all taken: the sweeper asks again.

        Raises:
            ValueError: it is no ask.
            OperationalError: storage does not answer; the ask will be repeated.
        """
        ask = ask_of(event)
        turns = self._turns[ask.property_code]
        try:
            async with asyncio.timeout(TURN_WITHIN.total_seconds()):
                await turns.acquire()
        except TimeoutError:
            return
        try:
            await self._post(ask)
        finally:
            turns.release()

    async def _post(self, ask: Ask) -> None:
        claimed = await self._claim_recalled(ask) or await self._claim_stored(ask)
        if claimed is not None:
            await self._call(claimed)

    async def _claim_recalled(self, ask: Ask) -> _Claimed | None:
        """Claim the first call from memory. None: this process does not remember the order as it is now."""
        work, stored = self._store.recall_work(ask), self._store.recall(ask.property_code, ask.order_id)
        return None if work is None or stored is None else await self._claim(stored, work)

    async def _claim_stored(self, ask: Ask) -> _Claimed | None:
        """Claim a call for what is stored. None: nobody is to call now, or somebody else does."""
        work, stored = await asyncio.gather(
            self._store.find_work(ask), self._store.find(ask.property_code, ask.order_id)
        )
        if work is None or stored is None or self._is_claimed(work):
            return None
        if self._is_too_late_to_repeat(work):
            if not await self._is_absent(stored.order, stored.etag, work):
                return None
            work = replace(work, first_sent_at=None, last_deadline=None)
        return await self._claim(stored, work)

    def _is_claimed(self, work: Work) -> bool:
        return work.claimed_until is not None and work.claimed_until > self._clock.now()

    def _is_too_late_to_repeat(self, work: Work) -> bool:
        """Whether Simphony may no longer recognise a repeat before its answer."""
        if work.first_sent_at is None:
            return False
        return self._clock.now() + CALL_WITHIN + self._deadline > work.first_sent_at + DUPLICATE_WINDOW

    async def _is_absent(self, order: Order, etag: str, work: Work) -> bool:
        """Whether Simphony surely holds no check for the order; if it holds one the order is confirmed."""
        try:
            check = await self._point_of_sale.find_check(
                order.property_code,
                (reference_of(order), str(order.order_id)),
                from_rfc3339(order.created_at) - CLOCK_SKEW,
            )
        except (ReadFailedError, NotSentError) as error:
            _log.warning("order %s waits: its check cannot be looked up: %s", order.order_id, error)
            await self._postpone(work)
            return False
        await self._answered(work.ask)
        if check is not None:
            await self._apply(work.ask, etag, self._confirmed(order, check))
            return False
        believed_from = (work.last_deadline or self._clock.now()) + MARGIN
        if self._clock.now() < believed_from:
            await self._store.write_work(replace(work, due_at=believed_from))
            return False
        return True

    async def _claim(self, stored: StoredOrder, work: Work) -> _Claimed | None:
        """The right to call, written before the call; None: it is not ours, or no longer in time."""
        now = self._clock.now()
        order = model.posting_begun(stored.order, now)
        deadline = now + CALL_WITHIN + self._deadline
        calling = replace(
            work,
            first_sent_at=work.first_sent_at or now,
            last_deadline=deadline,
            claimed_until=deadline,
            due_at=deadline,
        )
        claimed = await self._store.claim_posting(stored, order, calling)
        if claimed is None or self._clock.now() - now > CALL_WITHIN:
            return None
        etag, calling = claimed
        return _Claimed(order, etag, calling, replace(work, etag=calling.etag), deadline)

    async def _call(self, claimed: _Claimed) -> None:
        order, work = claimed.order, claimed.work
        try:
            check = await self._point_of_sale.post_check(order.property_code, new_check(order), claimed.until)
        except CheckRefusedError as refusal:
            await self._refused(claimed, str(refusal))
            await self._answered(work.ask)
        except (NotSentError, OperationalError) as error:  # storage is only read before the call
            _log.warning("order %s waits for Simphony: %s", order.order_id, error)
            await self._postpone(claimed.before)
        except OutcomeUnknownError as error:
            _log.warning("order %s may be in Simphony: %s", order.order_id, error)
            await self._postpone(work)
        else:
            await self._apply(work.ask, claimed.etag, self._confirmed(order, check))
            await self._answered(work.ask)

    async def _refused(self, claimed: _Claimed, reason: str) -> None:
        """Believe a refusal, unless an earlier call may be why: its check's name would be taken."""
        order, before = claimed.order, claimed.before
        if before.first_sent_at is not None and not await self._is_absent(order, claimed.etag, before):
            return
        await self._apply(before.ask, claimed.etag, model.check_refused(order, reason, self._clock.now()))

    def _confirmed(self, order: Order, check: Check) -> Advance:
        reference = CheckReference(check_ref=check.check_ref, check_number=check.check_number)
        return model.check_opened(order, reference, self._clock.now())

    async def _apply(self, ask: Ask, etag: str, advance: Advance) -> None:
        """Nobody else moves a posting order on; should it fail, the repeat finds the check again."""
        if await self._store.advance(etag, ask, advance):
            self._scheduler.offer(advance.begun)

    async def _answered(self, ask: Ask) -> None:
        target = target_of(ask)
        if target is not None:
            await self._targets.answered(target)

    async def _postpone(self, work: Work) -> None:
        """Our call is over: the next one may begin when it is due, and not before."""
        target = target_of(work.ask)
        silent = target is not None and await self._targets.is_silent(target)
        due_at = self._scheduler.next_due(work, silent=silent)
        attempts = max(work.attempts, 1)  # the sweeper has counted its own
        await self._store.write_work(replace(work, due_at=due_at, attempts=attempts, claimed_until=None))


def reference_of(order: Order) -> str:
    """The order's name in Simphony: 20 characters, the same however often it is posted."""
    return f"M{_digest(order)[: _REFERENCE_DIGITS - 1].upper()}"


def new_check(order: Order) -> NewCheck:
    """The check that holds the order; its idempotency id is the same on every repeat."""
    return NewCheck(
        idempotency_id=_digest(order)[-32:],
        reference=reference_of(order),
        order_id=str(order.order_id),
        order_type=order.fulfilment.type,
        table=order.fulfilment.table,
        lines=tuple(
            CheckLine(
                menu_item_id=line.menu_item_id,
                definition_sequence=line.definition_sequence,
                price_sequence=line.price_sequence,
                quantity=line.quantity,
                note=line.note,
                condiments=tuple(
                    CheckCondiment(
                        condiment_id=each.condiment_id,
                        definition_sequence=each.definition_sequence,
                        quantity=each.quantity,
                    )
                    for each in line.condiments
                ),
            )
            for line in order.priced_lines
        ),
    )


def _digest(order: Order) -> str:
    return hashlib.sha256(json.dumps([order.property_code, str(order.order_id), 0]).encode()).hexdigest()
