"""Orders priced by Simphony's own calculator before they are accepted, where their property wants that."""

from datetime import timedelta

from muneris.orders.intake import pricing
from muneris.orders.intake.pricing import ITEM_UNAVAILABLE
from muneris.orders.life.posted import calculation
from muneris.orders.model import Order
from muneris.simphony.pre_check import PreCheck


class Calculator:
    """Prices orders within their property's budget.

    It costs each order one call to Simphony, and a read of its account's token where that is not remembered.
    """

    def __init__(self, pre_check: PreCheck) -> None:
        self._pre_check = pre_check

    async def priced(self, order: Order, budget: timedelta) -> Order:
        """The order with Simphony's totals, or with the menu's if there is no answer in time.

        Its lines keep the menu's prices.

        Raises:
            ProblemError: `item_unavailable`: Simphony does not sell something of it.
        """
        said = await self._pre_check.price(order.property_code, calculation(order), budget)
        if said.refusal is not None:
            raise ITEM_UNAVAILABLE(f"Not available: {said.refusal}.")
        if said.totals is None:
            return order
        totals = pricing.find_calculated(said.totals, order.totals.tip, order.totals.currency)
        if totals is None:
            return order
        return order.model_copy(update={"totals": totals, "priced_by": "simphony"})
