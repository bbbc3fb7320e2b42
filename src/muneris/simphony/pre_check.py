"""An order priced by Simphony before it is accepted, where a property wants that and Simphony is quick.

Intake waits for it as long as the property's budget, and never fails because of it: with no answer the cached
menu's price stands, and the order says which of the two priced it.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from muneris.core.clock import Clock
from muneris.core.operational import OperationalError
from muneris.simphony.errors import CheckRefusedError, SimphonyError
from muneris.simphony.held import Calculated, CheckTotals
from muneris.simphony.model import NewCheck

_log = logging.getLogger(__name__)

_NOT_FOR_SALE = frozenset({"menu_item_not_available", "menu_item_invalid"})
"""Refusals that are about what is ordered (`posDetails`); of any other the order itself may be free."""


class Calculates(Protocol):
    """Simphony, as far as it prices."""

    async def calculate(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Calculated:
        """What a check would come to."""
        ...


@dataclass(frozen=True)
class PreChecked:
    """What Simphony says an order comes to before its tip; `refusal`: what it will not sell of it.

    With neither the cached menu's price stands.
    """

    totals: CheckTotals | None = None
    refusal: str | None = None


_UNKNOWN = PreChecked()


class PreCheck:
    """Asks the calculator within a budget."""

    def __init__(self, point_of_sale: Calculates, clock: Clock) -> None:
        self._point_of_sale = point_of_sale
        self._clock = clock

    async def price(self, property_code: str, new_check: NewCheck, budget: timedelta) -> PreChecked:
        """What Simphony says of a check that may be posted, if it says so within the budget."""
        # Later than the budget: a call that ends by its own deadline counts against its property.
        deadline = self._clock.now() + 2 * budget
        try:
            async with asyncio.timeout(budget.total_seconds()):  # reading its token counts, too
                calculated = await self._point_of_sale.calculate(property_code, new_check, deadline)
        except CheckRefusedError as refusal:
            return _refused(property_code, refusal)
        except (SimphonyError, OperationalError, TimeoutError) as error:
            _log.info("%s: the menu prices an order, the calculator did not: %r", property_code, error)
            return _UNKNOWN
        return PreChecked(calculated.totals)


def _refused(property_code: str, refusal: CheckRefusedError) -> PreChecked:
    codes = {each.code for each in refusal.pos_details}
    if codes & _NOT_FOR_SALE:
        return PreChecked(refusal=str(refusal))
    _log.warning("%s: the calculator refuses an order: %s", property_code, refusal)
    return _UNKNOWN
