"""The terms of the demo restaurant, and of every site that is given no others: Danish, VAT included."""

from decimal import Decimal

from localcloud.simulators.simphony.terms import (
    Discount,
    ServiceCharge,
    TaxClass,
    TaxRate,
    TaxType,
    Tender,
    Terms,
    Tips,
)

_TIP = 903

DEMO_TERMS = Terms(
    tenders=(
        Tender(tender_id=10, name="Web card", tips=Tips.CHARGED, tip_charge_ref=_TIP),
        Tender(tender_id=61, name="Web paid", tips=Tips.CHARGED, tip_charge_ref=_TIP),
        Tender(tender_id=62, name="Voucher", tips=Tips.DROPPED),
        Tender(tender_id=63, name="Cash", tips=Tips.CHANGE),
        Tender(tender_id=90, name="Service total", type="serviceTotal"),
    ),
    tax_rates=(
        TaxRate(tax_rate_id=1, percentage=Decimal(25), tax_type=TaxType.INCLUDED, name={"en-US": "VAT"}),
        TaxRate(tax_rate_id=2, percentage=Decimal(0), tax_type=TaxType.DISABLED, name={"en-US": "Old VAT"}),
    ),
    tax_classes=(
        TaxClass(tax_class_id=1, active_tax_rate_refs=(1, 2)),
        TaxClass(tax_class_id=2, active_tax_rate_refs=()),
    ),
    discounts=(
        Discount(
            discount_id=31,
            name={"en-US": "Welcome 10 %", "da-DK": "Velkommen 10 %"},
            type="percentage",
            value=Decimal(10),
        ),
        Discount(
            discount_id=32,
            name={"en-US": "25 off", "da-DK": "25 kr. rabat"},
            type="amount",
            value=Decimal(25),
        ),
        Discount(discount_id=33, name={"en-US": "Open amount", "da-DK": "Åbent beløb"}, type="amount"),
    ),
    service_charges=(
        ServiceCharge(
            service_charge_id=901,
            name={"en-US": "Delivery", "da-DK": "Levering"},
            type="amount",
            value=Decimal(39),
        ),
        ServiceCharge(
            service_charge_id=902,
            name={"en-US": "Service 5 %", "da-DK": "Betjening 5 %"},
            type="percentage",
            value=Decimal(5),
        ),
        ServiceCharge(service_charge_id=_TIP, name={"en-US": "Tip", "da-DK": "Drikkepenge"}, type="amount"),
    ),
)
