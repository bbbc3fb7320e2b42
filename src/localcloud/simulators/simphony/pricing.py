"""What a check comes to: lines, discounts, service charges, taxes, tenders. Exact decimals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Self

from localcloud.simulators.simphony.check_request import CheckRequest, RequestDiscount, RequestServiceCharge
from localcloud.simulators.simphony.demo_terms import DEMO_TERMS
from localcloud.simulators.simphony.discounts import charge_row, discount_row
from localcloud.simulators.simphony.lines import LinePricing, add_up
from localcloud.simulators.simphony.menu import Menu
from localcloud.simulators.simphony.money import ZERO
from localcloud.simulators.simphony.payment import pay
from localcloud.simulators.simphony.taxes import Taxes, taxes
from localcloud.simulators.simphony.terms import Terms
from localcloud.simulators.simphony.wire import Json


@dataclass(frozen=True)
class PricedCheck:
    """The priced parts of a check, in the shape they are answered; sales by tax class, before discounts."""

    terms: Terms = DEMO_TERMS
    menu_items: Sequence[Json] = ()
    combo_meals: Sequence[Json] = ()
    discounts: Sequence[Json] = ()
    service_charges: Sequence[Json] = ()
    tenders: Sequence[Json] = ()
    sales: Mapping[int, Decimal] = field(default_factory=dict)
    discount: Decimal = ZERO
    service: Decimal = ZERO
    automatic_service: Decimal = ZERO
    paid: Decimal = ZERO
    is_tendered: bool = False
    """Whether a tender that pays is on it; a `serviceTotal` does not."""

    @cached_property
    def subtotal(self) -> Decimal:
        """What its items cost."""
        return sum(self.sales.values(), ZERO)

    @cached_property
    def taxes(self) -> Taxes:
        """The taxes on its items."""
        return taxes(self.terms, self.sales, self.discount)

    @property
    def total(self) -> Decimal:
        """Everything it comes to."""
        return self.subtotal + self.discount + self.service + self.automatic_service + self.taxes.added

    @property
    def due(self) -> Decimal:
        """What is left to pay."""
        return self.total - self.paid

    @property
    def is_closed(self) -> bool:
        """A check closes when its tenders cover what is due."""
        return self.is_tendered and self.due == 0

    @property
    def document(self) -> dict[str, Json]:
        """Everything of a check but its header and extensions."""
        return {
            "menuItems": self.menu_items,
            "comboMeals": self.combo_meals,
            "discounts": self.discounts,
            "serviceCharges": self.service_charges,
            "taxes": self.taxes.rows,
            "tenders": self.tenders,
            "totals": {
                "subtotal": self.subtotal,
                "subtotalDiscountTotal": self.discount,
                "autoServiceChargeTotal": self.automatic_service,
                "serviceChargeTotal": self.service,
                "taxTotal": self.taxes.added,  # an inclusive tax stands in taxes[] alone
                "paymentTotal": self.paid,
                "totalDue": self.due,
            },
        }

    def emptied(self) -> Self:
        """As it is once everything was taken off."""
        return type(self)(self.terms)


NOTHING = PricedCheck()


def price(
    request: CheckRequest,
    menu: Menu,
    *,
    terms: Terms = DEMO_TERMS,
    before: PricedCheck = NOTHING,
    with_tenders: bool = True,
    with_prefixes: bool = False,
) -> PricedCheck:
    """Price a request by a menu, together with what its check held before, which stays as it was.

    Raises:
        ProblemError: the revenue center does not sell something of it, or not so.
    """
    lines = LinePricing(menu, terms, request.header.language, with_prefixes=with_prefixes)
    check = _with_lines(replace(before, terms=terms), request, lines)
    new_sales = check.subtotal - before.subtotal
    check = _with_discounts(check, request, new_sales)
    check = _with_charges(check, request, new_sales)
    return _with_tenders(check, request) if with_tenders else check


def _with_lines(check: PricedCheck, request: CheckRequest, pricing: LinePricing) -> PricedCheck:
    items = [pricing.price_item(item) for item in request.menu_items]
    combos = [pricing.price_combo(combo) for combo in request.combo_meals]
    return replace(
        check,
        menu_items=[*check.menu_items, *(each.document for each in items)],
        combo_meals=[*check.combo_meals, *(each.document for each in combos)],
        sales=add_up(check.sales, *(each.sales for each in (*items, *combos))),
    )


def _with_discounts(check: PricedCheck, request: CheckRequest, new_sales: Decimal) -> PricedCheck:
    """Automatic discounts are on what came new; those asked for on what the check comes to."""
    automatic = [each for each in check.terms.discounts if each.is_automatic and new_sales]
    wanted = [
        *((RequestDiscount(discount_id=each.discount_id), new_sales) for each in automatic),
        *((each, check.subtotal) for each in request.discounts),
    ]
    rows, amount = list(check.discounts), check.discount
    for each, base in wanted:
        kind = check.terms.get_discount(each.discount_id)
        left = min(base, check.subtotal + amount)
        row, reduction = discount_row(each, kind, left, request.header.language)
        rows.append(row)
        amount += reduction
    return replace(check, discounts=rows, discount=amount)


def _with_charges(check: PricedCheck, request: CheckRequest, new_sales: Decimal) -> PricedCheck:
    language = request.header.language
    rows, service, automatic_service = list(check.service_charges), check.service, check.automatic_service
    for kind in check.terms.service_charges:
        if kind.is_automatic and new_sales:
            wanted = RequestServiceCharge(service_charge_id=kind.service_charge_id)
            row, amount = charge_row(wanted, kind, new_sales, language)
            rows.append(row)
            automatic_service += amount
    for wanted in request.service_charges:
        kind = check.terms.get_service_charge(wanted.service_charge_id)
        row, amount = charge_row(wanted, kind, check.subtotal + check.discount, language)
        rows.append(row)
        service += amount
    return replace(check, service_charges=rows, service=service, automatic_service=automatic_service)


def _with_tenders(check: PricedCheck, request: CheckRequest) -> PricedCheck:
    payment = pay(request.tenders, check.due, check.terms, request.header.language)
    paying = [each for each in request.tenders if check.terms.get_tender(each.tender_id).type == "payment"]
    return replace(
        check,
        tenders=[*check.tenders, *payment.rows],
        service_charges=[*check.service_charges, *payment.tip_rows],
        service=check.service + payment.tips,
        paid=check.paid + payment.paid,
        is_tendered=check.is_tendered or bool(paying),
    )
