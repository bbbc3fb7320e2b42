"""What Simphony answers that a check holds (Checks API, POST checks).

Oracle's page gives names and types. What live systems add or leave out must not make a posted check
unreadable: all but `subtotal` and `total_due` is optional, and odd values read as none.
"""

from decimal import Decimal

from pydantic import AliasChoices, Field

from muneris.simphony.node import (
    LenientAmount,
    LenientFlag,
    LenientNumber,
    LenientRef,
    LenientSum,
    LenientText,
    Node,
    Nodes,
    OneNode,
    Texts,
)


class Extension(Node):
    """Data that a client attached to a check or to an item of it."""

    app_name: LenientText = ""
    data_name: LenientText = ""
    data: LenientText = ""


class HeldDiscount(Node):
    """A discount on a check or an item. The sign of `total` is not documented."""

    discount_id: LenientNumber = None
    name: LenientText = ""
    total: LenientAmount = None
    is_automatic: LenientFlag = False


class HeldCondiment(Node):
    """A condiment. Whether its `total` counts the units of its item is not documented."""

    condiment_id: LenientNumber = None
    definition_sequence: LenientNumber = None
    quantity: LenientAmount = None
    name: LenientText = ""
    unit_price: LenientAmount = None
    total: LenientAmount = None
    is_default: LenientFlag = False


class CheckItem(Node):
    """An item."""

    menu_item_id: LenientNumber = None
    definition_sequence: LenientNumber = None
    price_sequence: LenientNumber = None
    name: LenientText = ""
    quantity: LenientAmount = None
    unit_price: LenientAmount = None
    total: LenientAmount = None
    reference_text: LenientText = ""
    condiments: Nodes[HeldCondiment] = ()
    item_discounts: Nodes[HeldDiscount] = ()
    extensions: Nodes[Extension] = ()


class HeldCombo(Node):
    """A combo meal: what it is sold as, its main item and its sides."""

    combo_meal_id: LenientNumber = None
    combo_item: OneNode[CheckItem] = None
    main_item: OneNode[CheckItem] = None
    side_items: Nodes[CheckItem] = ()
    extensions: Nodes[Extension] = ()


class HeldServiceCharge(Node):
    """A service charge; a tip is posted as one that its tender is linked to."""

    service_charge_id: LenientNumber = None
    name: LenientText = ""
    total: LenientAmount = None


class HeldTax(Node):
    """A tax. Inclusive ones stand here and not in the totals, so these do not add up to them."""

    tax_rate_id: LenientRef = ""
    name: LenientText = ""
    total: LenientAmount = None


class HeldTender(Node):
    """A payment. Change is a tender of its own with a negative `total`."""

    tender_id: LenientNumber = None
    name: LenientText = ""
    total: LenientAmount = None
    charged_tip_total: LenientAmount = None
    reference_text: LenientText = ""


class CheckTotals(Node):
    """A check's amounts in the location's currency. `tax_total` leaves inclusive taxes out."""

    subtotal: Decimal
    subtotal_discount_total: LenientSum = Decimal(0)
    auto_service_charge_total: LenientSum = Decimal(0)
    service_charge_total: LenientSum = Decimal(0)
    tax_total: LenientSum = Decimal(0)
    payment_total: LenientSum = Decimal(0)
    total_due: Decimal

    @property
    def whole(self) -> Decimal:
        """What the check comes to, tips included: what is paid of it and what is still due."""
        return self.payment_total + self.total_due


class Calculated(Node):
    """What the calculator says a check would come to; nothing of it is stored."""

    menu_items: Nodes[CheckItem] = ()
    combo_meals: Nodes[HeldCombo] = ()
    discounts: Nodes[HeldDiscount] = ()
    service_charges: Nodes[HeldServiceCharge] = ()
    taxes: Nodes[HeldTax] = ()
    totals: CheckTotals


class PrintedLines(Node):
    """A check as it is printed; the lines stand under `lines` in the older guide, `items` in the newer."""

    lines: Texts = Field(default=(), validation_alias=AliasChoices("lines", "items"))
