"""What is posted to Simphony: an order on a check of its own, or a round on its order's check."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, Protocol

from muneris.core.clock import from_rfc3339
from muneris.orders.differences import to_keep
from muneris.orders.life import round_transitions, transitions
from muneris.orders.life.answers import Decide
from muneris.orders.life.voiding import VoidsChecks
from muneris.orders.model import Advance, CheckReference, Order, Status
from muneris.orders.priced import PricedLine
from muneris.orders.round import Round, RoundStatus
from muneris.simphony.comparison import differences
from muneris.simphony.errors import NotSentError, ReadFailedError
from muneris.simphony.model import Check, CheckCondiment, CheckLine, NewCheck, NewRound, NewWrite

CLOCK_SKEW = timedelta(minutes=15)
"""How far the restaurant's clock may be behind ours: a look-up begins that much before the order."""
_REFERENCE_DIGITS = 20


class PointOfSale(VoidsChecks, Protocol):
    """Simphony, as orders use it."""

    async def post_check(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Check:
        """Open a check; nothing of it is under way after the deadline.

        What it holds otherwise than asked for stands in its `differences`.

        Raises:
            SimphonyError: see `muneris.simphony.errors`.
        """
        ...

    async def find_check(
        self, property_code: str, references: Collection[str], since: datetime
    ) -> Check | None:
        """The check whose name or order id is one of these, or None only if Simphony has none.

        What was asked for is not known here: its `differences` are empty.
        """
        ...

    async def post_round(self, property_code: str, new_round: NewRound, deadline: datetime) -> Check:
        """Add to an open check; deadline and differences as those of `post_check`.

        Raises:
            SimphonyError: see `muneris.simphony.errors`.
        """
        ...

    async def find_round(self, property_code: str, check_ref: str, reference: str) -> Check | None:
        """The check with the round of that reference, or None only if it surely does not hold it.

        As `find_check`.
        """
        ...


class Posted(Protocol):
    """What is posted. `Decide`d is what its answer makes of the order."""

    def awaits_first_call(self, order: Order) -> bool:
        """Whether Simphony was never called for it."""
        ...

    def begun(self, order: Order, now: datetime) -> Order | None:
        """The order as somebody is about to call for it; None: nobody may."""
        ...

    async def call(self, order: Order, deadline: datetime) -> Check:
        """Post it; its idempotency id is the same on every repeat."""
        ...

    async def find(self, order: Order) -> Check | None:
        """The check that holds it, compared with it, or None only if Simphony surely has none."""
        ...

    def accepted(self, order: Order, check: Check, now: datetime) -> Advance | None:
        """Simphony holds it."""
        ...

    def called_off(self, order: Order, now: datetime) -> Advance | None:
        """Its order was cancelled, and Simphony surely does not hold it."""
        ...

    async def refused(self, order: Order, detail: str, now: datetime) -> Decide:
        """Simphony will not have it."""
        ...


@dataclass(frozen=True)
class PostedOrder:
    """An order."""

    point_of_sale: PointOfSale

    def awaits_first_call(self, order: Order) -> bool:
        """As `Posted`."""
        return order.status is Status.RESERVED

    def begun(self, order: Order, now: datetime) -> Order | None:
        """As `Posted`."""
        return transitions.posting_begun(order, now)

    async def call(self, order: Order, deadline: datetime) -> Check:
        """As `Posted`."""
        return await self.point_of_sale.post_check(order.property_code, new_check(order), deadline)

    async def find(self, order: Order) -> Check | None:
        """As `Posted`."""
        found = await self.point_of_sale.find_check(
            order.property_code,
            (reference_of(order), str(order.order_id)),
            _called_from(order) - CLOCK_SKEW,
        )
        return found and _compared(new_check(order), found)

    def accepted(self, order: Order, check: Check, now: datetime) -> Advance | None:
        """As `Posted`."""
        held = CheckReference(check_ref=check.check_ref, check_number=check.check_number)
        return transitions.check_opened(order, held, now, to_keep(check.differences))

    def called_off(self, order: Order, now: datetime) -> Advance | None:
        """As `Posted`."""
        return transitions.cancellation_done(order, now, "orders")

    async def refused(self, order: Order, detail: str, now: datetime) -> Decide:  # noqa: ARG002 - as `Posted`
        """As `Posted`."""
        return lambda current: transitions.check_refused(current, detail, now)


@dataclass(frozen=True)
class PostedRound:
    """A round of an order."""

    point_of_sale: PointOfSale
    round_id: str

    def awaits_first_call(self, order: Order) -> bool:
        """As `Posted`."""
        found = round_transitions.find(order, self.round_id)
        return found is not None and found.status is RoundStatus.RESERVED

    def begun(self, order: Order, now: datetime) -> Order | None:
        """As `Posted`."""
        return round_transitions.posting_begun(order, self.round_id, now)

    async def call(self, order: Order, deadline: datetime) -> Check:
        """As `Posted`."""
        return await self.point_of_sale.post_round(
            order.property_code, new_round(order, self.round_id), deadline
        )

    async def find(self, order: Order) -> Check | None:
        """As `Posted`."""
        check_ref, reference = _check_ref_of(order), round_reference_of(order, self.round_id)
        found = await self.point_of_sale.find_round(order.property_code, check_ref, reference)
        return found and _compared(new_round(order, self.round_id), found)

    def accepted(self, order: Order, check: Check, now: datetime) -> Advance | None:
        """As `Posted`; of a total that a later round may be in nothing is told."""
        is_last = order.rounds[-1].id == self.round_id
        told = [each for each in check.differences if is_last or each.kind != "total"]
        return round_transitions.confirmed(order, self.round_id, now, differences=to_keep(told))

    def called_off(self, order: Order, now: datetime) -> Advance | None:
        """As `Posted`."""
        return round_transitions.rejected(order, self.round_id, round_transitions.ORDER_CANCELLED, now)

    async def refused(self, order: Order, detail: str, now: datetime) -> Decide:
        """As `Posted`; why is told apart for whoever wants to add to a check that is closed."""
        reason = "check_closed" if await self._is_closed(order) else "refused_by_simphony"
        return lambda current: round_transitions.rejected(current, self.round_id, reason, now, detail)

    async def _is_closed(self, order: Order) -> bool:
        try:
            state = await self.point_of_sale.find_check_state(order.property_code, _check_ref_of(order))
        except (ReadFailedError, NotSentError):
            return False
        return state in {"closed", "voided"}


def _called_from(order: Order) -> datetime:
    """When Simphony was first called for it, at the earliest.

    An order for later may be days old by then, and a list of so many checks fails with any one of them.
    """
    posting = next((each.at for each in order.history if each.status is Status.POSTING), order.created_at)
    return from_rfc3339(posting)


def reference_of(order: Order) -> str:
    """The order's name in Simphony: 20 characters, the same however often it is posted."""
    return f"M{_digest(order)[: _REFERENCE_DIGITS - 1].upper()}"


def new_check(order: Order) -> NewCheck:
    """The check that holds the order; its idempotency id is the same on every repeat.

    A tender pays what was paid before; all else stays due, for the till to take. A tip goes with a tender;
    without one it is not on the check, which its differences say.
    """
    payment, tip = order.payment, Decimal(order.totals.tip)
    return NewCheck(
        idempotency_id=_digest(order)[-32:],
        reference=reference_of(order),
        order_id=str(order.order_id),
        order_type=order.fulfilment.type,
        table=order.fulfilment.table,
        lines=_check_lines(order.priced_lines),
        tender=payment.method if payment.status == "paid" else None,
        tender_reference=payment.reference,
        tip=tip,
        expected_total=Decimal(order.totals.total) - tip,
    )


def calculation(order: Order) -> NewCheck:
    """The same check for the calculator, which stores nothing: under an id that posts nothing, either."""
    return new_check(order).model_copy(update={"idempotency_id": _digest(order, "calculator")[-32:]})


def round_reference_of(order: Order, round_id: str) -> str:
    """The name of an order's round in Simphony: 20 characters, the same however often it is posted."""
    return f"R{_digest(order, round_id)[: _REFERENCE_DIGITS - 1].upper()}"


def new_round(order: Order, round_id: str) -> NewRound:
    """What a round adds to its order's check; its idempotency id is the same on every repeat.

    What the check comes to with it is known unless another round may be added meanwhile.
    """
    found: Round = next(each for each in order.rounds if each.id == round_id)
    before = Decimal(order.totals.total) - Decimal(order.totals.tip)
    is_alone = all(each.is_over for each in order.rounds if each is not found)
    return NewRound(
        check_ref=_check_ref_of(order),
        idempotency_id=_digest(order, round_id)[-32:],
        reference=round_reference_of(order, round_id),
        order_type=order.fulfilment.type,
        lines=_check_lines(found.priced_lines),
        expected_total=before + Decimal(found.total) if is_alone else None,
    )


def _compared(wanted: NewWrite, found: Check) -> Check:
    """A check that was looked up, with its differences, as one that was posted has them."""
    return found.model_copy(update={"differences": differences(wanted, found)})


def _check_ref_of(order: Order) -> str:
    """The check that a confirmed order is on: no other has rounds."""
    assert order.check is not None  # noqa: S101 - it is confirmed
    return order.check.check_ref


def _check_lines(lines: tuple[PricedLine, ...]) -> tuple[CheckLine, ...]:
    return tuple(
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
        for line in lines
    )


def _digest(order: Order, part: str | Literal[0] = 0) -> str:
    return hashlib.sha256(json.dumps([order.property_code, str(order.order_id), part]).encode()).hexdigest()
