"""Orders and their rounds go to Simphony: each confirmed one is on exactly one check."""

import logging
from dataclasses import replace
from datetime import timedelta

from muneris.cloud.events import Event
from muneris.core.clock import Clock
from muneris.core.operational import OperationalError
from muneris.orders.events import ask_of
from muneris.orders.life import transitions
from muneris.orders.life.answers import Answers
from muneris.orders.life.calls import Calls, Claimed
from muneris.orders.life.posted import PointOfSale, Posted, PostedOrder, PostedRound
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.life.targets import Targets
from muneris.orders.life.voiding import Voiding
from muneris.orders.model import Ask, Status, Step, Work
from muneris.orders.reading.attention import Attention
from muneris.orders.store import OrderStore
from muneris.orders.stored import StoredOrder
from muneris.simphony.errors import (
    CheckGoneError,
    CheckRefusedError,
    NotSentError,
    OutcomeUnknownError,
    ReadFailedError,
)
from muneris.simphony.model import Check

_log = logging.getLogger(__name__)


class Posting:
    """Carries out what Simphony is asked. `deadline` is the longest one call may be under way."""

    def __init__(
        self,
        store: OrderStore,
        scheduler: Scheduler,
        targets: Targets,
        attention: Attention,
        point_of_sale: PointOfSale,
        clock: Clock,
        *,
        deadline: timedelta,
    ) -> None:
        self._store = store
        self._point_of_sale = point_of_sale
        self._posted_order = PostedOrder(point_of_sale)
        self._clock = clock
        self._answers = Answers(store, scheduler, targets)
        self._calls = Calls(store, scheduler, targets, attention, clock, deadline)
        self._voiding = Voiding(store, self._calls, self._answers, point_of_sale, clock)

    async def post(self, event: Event) -> None:
        """Carry out an ask to post a check, or to void one.

        It ends without a call if the ask was answered, if somebody else is calling, or if its property's
        turns are all taken: the sweeper asks again.

        Raises:
            ValueError: it is no ask.
            OperationalError: storage does not answer; the ask will be repeated.
        """
        ask = ask_of(event)
        async with self._calls.turn(ask.property_code) as is_ours:
            if not is_ours:
                return
            if ask.step is Step.VOID:
                await self._voiding.void(ask)
            else:
                await self._post(ask)

    async def _post(self, ask: Ask) -> None:
        posted = PostedRound(self._point_of_sale, ask.round) if ask.round else self._posted_order
        claimed = await self._claim_recalled(posted, ask) or await self._claim_stored(posted, ask)
        if claimed is not None:
            await self._call(posted, claimed)

    async def _claim_recalled(self, posted: Posted, ask: Ask) -> Claimed | None:
        """Claim the first call from memory. None: this process does not remember the order as it is now."""
        work, stored = self._store.recall_work(ask), self._store.recall(ask.property_code, ask.order_id)
        if work is None or stored is None or not posted.awaits_first_call(stored.order):
            return None
        return await self._claim(posted, stored, work)

    async def _claim_stored(self, posted: Posted, ask: Ask) -> Claimed | None:
        """Claim a call for what is stored. None: nobody is to call now, or somebody else does."""
        stored = await self._store.find(ask.property_code, ask.order_id)
        work = await self._store.find_work(ask)  # after the order, whose version so tells of later claims
        if work is None or stored is None or self._calls.is_claimed(work):
            return None
        if stored.order.status is Status.CANCELLING:
            await self._call_off(posted, stored, work)
            return None
        if not await self._is_absent(posted, stored, work):
            return None
        absent = replace(work, first_sent_at=None, last_deadline=None)
        if work != absent and absent.is_expired(self._clock.now()):
            await self._calls.leave_to_expire(absent)
            return None
        if transitions.is_in_vain(absent):
            lost = OutcomeUnknownError(f"{absent.calls_lost} calls got lost, and Simphony has nothing of it")
            await self._calls.leave_to_a_person(stored, work, lost)
            return None
        return await self._claim(posted, stored, absent)

    async def _call_off(self, posted: Posted, stored: StoredOrder, work: Work) -> None:
        """End the post of an order that was cancelled: it is not called for again, only looked up."""
        if await self._is_absent(posted, stored, work):
            now = self._clock.now()
            await self._answers.apply(work.ask, lambda order: posted.called_off(order, now), stored)

    async def _is_absent(self, posted: Posted, stored: StoredOrder, work: Work) -> bool:
        """Whether Simphony surely does not hold it; if it does the order moves on.

        Looked at before every repeat: not every site recognises one, and none for longer than 300 s (STS Gen2
        guide, Detecting Duplicate Requests).
        """
        if work.first_sent_at is None:
            return True
        order, looked_at = stored.order, self._clock.now()
        try:
            check = await posted.find(order)
        except (ReadFailedError, NotSentError) as error:
            _log.warning("order %s waits: its check cannot be looked up: %s", order.order_id, error)
            if isinstance(error, CheckGoneError):
                await self._answers.heard(work.ask)
            await self._calls.leave_unknown(stored, work, error)
            return False
        await self._answers.heard(work.ask)
        if check is None:
            return await self._calls.wait_until_over(work, looked_at)
        if check.state == "voided":
            await self._refused(posted, stored, work.ask, f"check {check.check_number} was voided")
        else:
            await self._accepted(posted, stored, work.ask, check)
        return False

    async def _claim(self, posted: Posted, stored: StoredOrder, work: Work) -> Claimed | None:
        order = posted.begun(stored.order, self._clock.now())
        return None if order is None else await self._calls.claim(stored, order, work)

    async def _call(self, posted: Posted, claimed: Claimed) -> None:
        stored, work = claimed.stored, claimed.work
        order = stored.order
        try:
            check = await posted.call(order, claimed.until)
        except CheckRefusedError as refusal:
            await self._refused(posted, stored, work.ask, str(refusal))
            await self._answers.heard(work.ask)
        except (NotSentError, OperationalError) as error:  # storage is only read before the call
            _log.warning("order %s waits for Simphony: %s", order.order_id, error)
            await self._calls.postpone(claimed.before, error)
        except OutcomeUnknownError as error:
            _log.warning("order %s may be in Simphony: %s", order.order_id, error)
            await self._calls.leave_unknown(stored, work, error)
        else:
            await self._accepted(posted, stored, work.ask, check)
            await self._answers.heard(work.ask)

    async def _accepted(self, posted: Posted, stored: StoredOrder, ask: Ask, check: Check) -> None:
        now = self._clock.now()
        await self._answers.apply(ask, lambda order: posted.accepted(order, check, now), stored)

    async def _refused(self, posted: Posted, stored: StoredOrder, ask: Ask, detail: str) -> None:
        refused = await posted.refused(stored.order, detail, self._clock.now())
        await self._answers.apply(ask, refused, stored)
