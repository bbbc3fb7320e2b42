"""What is configured besides the menu: what is sold out, taxes, tenders, discounts (Configuration API)."""

from typing import NamedTuple

from muneris.simphony.node import NO_NAMES, LenientAmount, LenientNames, LenientRef, LenientText, Node, Nodes


class Versioned[T](NamedTuple):
    """An answer and the entity tag to ask for a newer one with, quotes included; None if none was sent."""

    value: T
    etag: str | None


class UnavailableDefinition(Node):
    """A definition that is sold out."""

    definition_sequence: int = 1


class UnavailableItem(Node):
    """An item of which something is sold out; all of it, if no definition is named."""

    menu_item_id: int
    definitions: Nodes[UnavailableDefinition] = ()


class UnavailableItems(Node):
    """What the POS cannot sell now. No call changes that: it is done at the till."""

    items: Nodes[UnavailableItem] = ()


class TaxClass(Node):
    """The rates that apply to what refers to the class."""

    tax_class_id: int
    active_tax_rate_refs: tuple[LenientRef, ...] = ()


class TaxRate(Node):
    """A rate. `tax_type` is from an open set: `includedPercent`, `addonPercent`, `disabled`."""

    tax_rate_id: LenientRef = ""
    percentage: LenientAmount = None
    tax_type: LenientText = ""
    name: LenientNames = NO_NAMES


class Taxes(Node):
    """The taxes of a revenue center."""

    tax_classes: Nodes[TaxClass] = ()
    tax_rates: Nodes[TaxRate] = ()


class Tender(Node):
    """A way to settle. One of type `serviceTotal` sends the order without paying it."""

    tender_id: int
    name: LenientNames = NO_NAMES
    type: LenientText = ""


class Discount(Node):
    """A discount; its value is open if there is none, or 0. `type` is `amount` or `percentage`."""

    discount_id: int
    name: LenientNames = NO_NAMES
    type: LenientText = ""
    value: LenientAmount = None


class ServiceCharge(Node):
    """A service charge, as a discount."""

    service_charge_id: int
    name: LenientNames = NO_NAMES
    type: LenientText = ""
    value: LenientAmount = None
