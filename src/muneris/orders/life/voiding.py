"""Checks of cancelled orders are voided, where Simphony allows it."""

import logging
from datetime import datetime
from typing import Protocol

from muneris.core.clock import Clock
from muneris.core.operational import OperationalError
from muneris.orders.life import transitions
from muneris.orders.life.answers import Answers
from muneris.orders.life.calls import Calls, Claimed
from muneris.orders.model import Ask, Work
from muneris.orders.store import OrderStore
from muneris.orders.stored import StoredOrder
from muneris.simphony.errors import (
    CheckRefusedError,
    LookUpFailedError,
    NotSentError,
    OutcomeUnknownError,
    ReadFailedError,
)
from muneris.simphony.model import CheckState

_log = logging.getLogger(__name__)


class VoidsChecks(Protocol):
    """Simphony, as orders take their checks back."""

    async def void_check(self, property_code: str, check_ref: str, deadline: datetime) -> None:
        """Void a check; nothing of it is under way after the deadline.

        Raises:
            CheckRefusedError: its state does not allow it.
            SimphonyError: see `muneris.simphony.errors`.
        """
        ...

    async def find_check_state(self, property_code: str, check_ref: str) -> CheckState | None:
        """What became of a check; None if Simphony does not know it, or has no word for it that we know.

        Raises:
            ReadFailedError: there is no answer to rely on.
            NotSentError: as little.
        """
        ...


class Voiding:
    """Voids checks. Voiding one twice does no harm; a refusal is believed only if the check is not void."""

    def __init__(
        self, store: OrderStore, calls: Calls, answers: Answers, point_of_sale: VoidsChecks, clock: Clock
    ) -> None:
        self._store = store
        self._calls = calls
        self._answers = answers
        self._point_of_sale = point_of_sale
        self._clock = clock

    async def void(self, ask: Ask) -> None:
        """Carry out an ask to void.

        Raises:
            OperationalError: storage does not answer; the ask will be repeated.
        """
        stored = await self._store.find(ask.property_code, ask.order_id)
        work = await self._store.find_work(ask)  # after the order, whose version so tells of later claims
        if work is None or stored is None or stored.order.check is None or self._calls.is_claimed(work):
            return
        check_ref = stored.order.check.check_ref
        if work.first_sent_at is not None and not await self._is_open(stored, work, check_ref):
            return
        claimed = await self._calls.claim(stored, stored.order, work)
        if claimed is not None:
            await self._call(claimed, check_ref)

    async def _is_open(self, stored: StoredOrder, work: Work, check_ref: str) -> bool:
        """Whether the check of a void whose outcome is unknown is still to be voided; else it is settled."""
        state = await self._find_state(stored, work, check_ref)
        if state == "voided":
            await self._voided(stored, work.ask)
        elif state == "closed":
            await self._refused(stored, work.ask, "the check is closed")
        return state == "open"

    async def _call(self, claimed: Claimed, check_ref: str) -> None:
        stored, work = claimed.stored, claimed.work
        try:
            await self._point_of_sale.void_check(stored.order.property_code, check_ref, claimed.until)
        except CheckRefusedError as refusal:
            await self._believe(claimed, check_ref, str(refusal))
        except (NotSentError, OperationalError) as error:  # storage is only read before the call
            _log.warning("order %s waits for its void: %s", stored.order.order_id, error)
            await self._calls.postpone(claimed.before, error)
        except OutcomeUnknownError as error:
            _log.warning("the check of order %s may be void: %s", stored.order.order_id, error)
            await self._calls.leave_unknown(stored, work, error)
        else:
            await self._voided(stored, work.ask)
            await self._answers.heard(work.ask)

    async def _believe(self, claimed: Claimed, check_ref: str, refusal: str) -> None:
        """A refusal of a check that is void already, by an earlier call or by hand, is none."""
        stored, before = claimed.stored, claimed.before
        looked_at = self._clock.now()
        state = await self._find_state(stored, before, check_ref)
        if state == "voided":
            await self._voided(stored, before.ask)
        elif state is not None and (
            before.first_sent_at is None or await self._calls.wait_until_over(before, looked_at)
        ):
            await self._refused(stored, before.ask, refusal)

    async def _find_state(self, stored: StoredOrder, work: Work, check_ref: str) -> CheckState | None:
        """The check's state; None: it is not known, and is looked at again later."""
        try:
            state = await self._point_of_sale.find_check_state(stored.order.property_code, check_ref)
        except (ReadFailedError, NotSentError) as error:
            _log.warning("order %s waits: its check cannot be looked up: %s", stored.order.order_id, error)
            await self._calls.leave_unknown(stored, work, error)
            return None
        await self._answers.heard(work.ask)
        if state is None:
            unknown = LookUpFailedError(f"Simphony does not know what became of check {check_ref}")
            await self._calls.leave_unknown(stored, work, unknown)
        return state

    async def _voided(self, stored: StoredOrder, ask: Ask) -> None:
        now = self._clock.now()
        await self._answers.apply(
            ask, lambda order: transitions.cancellation_done(order, now, "simphony"), stored
        )

    async def _refused(self, stored: StoredOrder, ask: Ask, detail: str) -> None:
        now = self._clock.now()
        await self._answers.apply(ask, lambda order: transitions.void_refused(order, detail, now), stored)
