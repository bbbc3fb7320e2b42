"""What discounts and service charges come to."""

from decimal import Decimal

from localcloud.simulators.simphony.check_request import RequestDiscount, RequestServiceCharge, returned
from localcloud.simulators.simphony.menu import name_in
from localcloud.simulators.simphony.money import money, percent
from localcloud.simulators.simphony.problems import refused_by_pos
from localcloud.simulators.simphony.terms import Discount, ServiceCharge
from localcloud.simulators.simphony.wire import Json


def discount_row(
    wanted: RequestDiscount, discount: Discount, base: Decimal, language: str
) -> tuple[Json, Decimal]:
    """A discount as it is answered, and its amount, which is negative and never more than its base.

    Raises:
        ProblemError: it is open, and the request says no amount.
    """
    amount = -min(_amount(discount, abs(wanted.total), base), base)
    row: dict[str, Json] = {
        "discountId": discount.discount_id,
        "name": name_in(discount.name, language),
        "seat": wanted.seat,
        "referenceText": wanted.reference_text,
        "total": amount,
        "isAutomatic": discount.is_automatic,
        "extensions": returned(wanted.extensions),
    }
    return row, amount


def charge_row(
    wanted: RequestServiceCharge, charge: ServiceCharge, base: Decimal, language: str
) -> tuple[Json, Decimal]:
    """A service charge as it is answered, and its amount.

    Raises:
        ProblemError: it is open, and the request says no amount.
    """
    amount = _amount(charge, wanted.total, base)
    row: dict[str, Json] = {
        "serviceChargeId": charge.service_charge_id,
        "name": name_in(charge.name, language),
        "total": amount,
        "seat": wanted.seat,
        "referenceText": wanted.reference_text,
        "extensions": returned(wanted.extensions),
    }
    return row, amount


def _amount(kind: Discount | ServiceCharge, wanted: Decimal, base: Decimal) -> Decimal:
    """Fixed ones are computed whatever the client says; for open ones the client says it."""
    if kind.value:
        return percent(base, kind.value) if kind.type == "percentage" else money(kind.value)
    if not wanted:
        raise refused_by_pos("general_pos_error", "An open discount or service charge needs its total")
    return money(wanted)
