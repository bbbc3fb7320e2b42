"""How tenders pay a check: parts, tips, change."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from localcloud.simulators.simphony.check_request import RequestServiceCharge, RequestTender, returned
from localcloud.simulators.simphony.discounts import charge_row
from localcloud.simulators.simphony.money import ZERO, money
from localcloud.simulators.simphony.problems import refused_by_pos
from localcloud.simulators.simphony.terms import Tender, Terms, Tips
from localcloud.simulators.simphony.wire import Json


@dataclass
class Payment:
    """What tenders paid of an amount due, and the tips they brought, which are due as well."""

    due: Decimal
    paid: Decimal = ZERO
    tips: Decimal = ZERO
    rows: list[Json] = field(default_factory=list)
    tip_rows: list[Json] = field(default_factory=list)

    @property
    def left(self) -> Decimal:
        """What is still to pay, tips included; negative where change is given."""
        return self.due + self.tips - self.paid


def pay(tenders: Sequence[RequestTender], due: Decimal, terms: Terms, language: str) -> Payment:
    """Pay what is due; change is a negative tender.

    Raises:
        ProblemError: a tender is unknown, or brings a tip although it pays a part only.
    """
    payment = Payment(due)
    for wanted in tenders:
        tender = terms.get_tender(wanted.tender_id)
        if tender.type == "serviceTotal":
            payment.rows.append(_row(wanted, tender, ZERO, ZERO))
        else:
            _pay(payment, wanted, tender, terms, language)
    return payment


def _pay(payment: Payment, wanted: RequestTender, tender: Tender, terms: Terms, language: str) -> None:
    tip, total = money(wanted.charged_tip_total), money(wanted.total)
    if tip and tender.tips is Tips.CHARGED and tender.tip_charge_ref is not None:
        charge = RequestServiceCharge(service_charge_id=tender.tip_charge_ref, total=tip)
        row, _ = charge_row(charge, terms.get_service_charge(tender.tip_charge_ref), ZERO, language)
        payment.tip_rows.append(row)
        payment.tips += tip
    elif tip:
        total = max(total - tip, ZERO) if tender.tips is Tips.DROPPED and total else total
        tip = ZERO
    amount = total or max(payment.left, ZERO)
    if tip and amount < payment.left:
        raise refused_by_pos("general_pos_error", "A charged tip needs a tender that pays the whole check")
    payment.rows.append(_row(wanted, tender, amount, tip))
    payment.paid += amount
    if payment.left < 0:
        payment.rows.append(_row(wanted, tender, payment.left, ZERO))
        payment.paid += payment.left


def _row(wanted: RequestTender, tender: Tender, amount: Decimal, tip: Decimal) -> Json:
    return {
        "tenderId": tender.tender_id,
        "name": tender.name,
        "total": amount,
        "chargedTipTotal": tip,
        "referenceText": wanted.reference_text,
        "extensions": returned(wanted.extensions),
    }
