"""What a check costs: the menu's prices, inclusive tax, tenders and change. Exact decimals."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from localcloud.simulators.simphony.check_request import (
    CheckRequest,
    RequestCondiment,
    RequestItem,
    RequestTender,
    returned,
)
from localcloud.simulators.simphony.menus import Menu
from localcloud.simulators.simphony.wire import Json

_CENT = Decimal("0.01")
_ZERO = Decimal("0.00")
_INCLUSIVE_TAX_PERCENT = Decimal(25)


def money(amount: Decimal) -> Decimal:
    """An amount with two decimals, halves rounded up."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class PricedCheck:
    """The priced parts of a check, in the shape they are answered."""

    menu_items: Sequence[Json]
    tenders: Sequence[Json]
    subtotal: Decimal
    paid: Decimal

    @property
    def due(self) -> Decimal:
        """What is left to pay."""
        return self.subtotal - self.paid

    @property
    def is_closed(self) -> bool:
        """A check closes when its tenders cover what is due."""
        return bool(self.tenders) and self.due == 0

    @property
    def document(self) -> dict[str, Json]:
        """Everything of a check but its header and extensions."""
        return {
            "menuItems": self.menu_items,
            "comboMeals": [],
            "discounts": [],
            "serviceCharges": [],
            "taxes": [{"taxRateId": 1, "name": "VAT", "total": self._inclusive_tax}],
            "tenders": self.tenders,
            "totals": {
                "subtotal": self.subtotal,
                "subtotalDiscountTotal": _ZERO,
                "autoServiceChargeTotal": _ZERO,
                "serviceChargeTotal": _ZERO,
                "taxTotal": _ZERO,  # with inclusive tax the amount stands in taxes[] alone
                "paymentTotal": self.paid,
                "totalDue": self.due,
            },
        }

    @property
    def _inclusive_tax(self) -> Decimal:
        return money(self.subtotal * _INCLUSIVE_TAX_PERCENT / (100 + _INCLUSIVE_TAX_PERCENT))


_NOTHING = PricedCheck((), (), _ZERO, _ZERO)


def price(
    request: CheckRequest, menu: Menu, *, before: PricedCheck = _NOTHING, with_tenders: bool = True
) -> PricedCheck:
    """Price a request by a menu, together with what its check held before, which stays as it was.

    Raises:
        ProblemError: the menu does not sell something of it (`menu_item_invalid`).
    """
    items = list(before.menu_items)
    subtotal = before.subtotal
    for item in request.menu_items:
        document, cost = _price_item(item, menu, request.header.language)
        items.append(document)
        subtotal += cost
    tenders, paid = _pay(request.tenders if with_tenders else (), subtotal - before.paid)
    return PricedCheck(items, [*before.tenders, *tenders], subtotal, before.paid + paid)


def _price_item(item: RequestItem, menu: Menu, language: str) -> tuple[Json, Decimal]:
    offer = menu.get_item(item.key)
    total = money(offer.price * item.quantity)
    priced = [_price_condiment(condiment, item, menu, language) for condiment in item.condiments]
    document: dict[str, Json] = {
        "menuItemId": item.menu_item_id,
        "definitionSequence": item.definition_sequence,
        "name": offer.name_in(language),
        "quantity": item.quantity,
        "unitPrice": offer.price,
        "priceSequence": item.price_sequence,
        "total": total,
        "seat": item.seat,
        "referenceText": item.reference_text,
        "condiments": [each for each, _ in priced],
        "extensions": returned(item.extensions),
    }
    return document, total + sum((cost for _, cost in priced), _ZERO)


def _price_condiment(
    condiment: RequestCondiment, item: RequestItem, menu: Menu, language: str
) -> tuple[Json, Decimal]:
    """A condiment's quantity is per unit of its item; its total counts all units."""
    offer = menu.get_condiment(condiment.key)
    total = money(offer.price * condiment.quantity * item.quantity)
    document: dict[str, Json] = {
        "condimentId": condiment.condiment_id,
        "definitionSequence": condiment.definition_sequence,
        "name": offer.name_in(language),
        "quantity": condiment.quantity,
        "unitPrice": offer.price,
        "priceSequence": condiment.price_sequence,
        "total": total,
        "referenceText": condiment.reference_text,
    }
    return document, total


def _pay(tenders: Sequence[RequestTender], due: Decimal) -> tuple[list[Json], Decimal]:
    """The tenders as answered and what they pay; change is a negative tender."""
    rows: list[Json] = []
    paid = _ZERO
    for tender in tenders:
        amount = money(tender.total) or due - paid
        rows.append(_tender(tender, amount))
        paid += amount
    if paid > due:
        rows.append(_tender(tenders[-1], due - paid))
    return rows, min(paid, due)


def _tender(tender: RequestTender, amount: Decimal) -> Json:
    return {"tenderId": tender.tender_id, "total": amount, "referenceText": tender.reference_text}
