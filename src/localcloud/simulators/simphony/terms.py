"""On what terms a revenue center sells: tenders, taxes, discounts, service charges, what is sold out."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Literal

from localcloud.simulators.simphony.controls import Control
from localcloud.simulators.simphony.menu_body import TextMap
from localcloud.simulators.simphony.problems import refused_by_pos
from localcloud.simulators.simphony.wire import Json


class TaxType(StrEnum):
    """How a rate is taken (Configuration API, Get Taxes)."""

    INCLUDED = "includedPercent"
    ADDON = "addonPercent"
    DISABLED = "disabled"


class TaxRate(Control):
    """A tax."""

    tax_rate_id: int
    percentage: Decimal
    tax_type: TaxType
    name: TextMap


class TaxClass(Control):
    """The taxes of a kind of items."""

    tax_class_id: int
    active_tax_rate_refs: tuple[int, ...]


class Tips(StrEnum):
    """What becomes of a tip on a tender; the answer is 200 every time."""

    CHARGED = "charged"
    """Posted as the service charge linked to the tender."""
    DROPPED = "dropped"
    """Zeroed, and the tender lowered by it."""
    CHANGE = "change"
    """Zeroed, and given back as change."""


class Tender(Control):
    """A way to pay; a `serviceTotal` sends the order without paying (Configuration API, Get Tenders).

    `tips` and `tip_charge_ref` are set where no client sees them: in EMC.
    """

    tender_id: int
    name: str
    type: Literal["payment", "serviceTotal"] = "payment"
    tips: Tips = Tips.DROPPED
    tip_charge_ref: int | None = None


class Discount(Control):
    """A discount on a check or an item; a value of 0 is open: the client says the amount."""

    discount_id: int
    name: TextMap
    type: Literal["amount", "percentage"]
    value: Decimal = Decimal(0)
    is_automatic: bool = False


class ServiceCharge(Control):
    """A service charge; a value of 0 is open: the client says the amount."""

    service_charge_id: int
    name: TextMap
    type: Literal["amount", "percentage"]
    value: Decimal = Decimal(0)
    is_automatic: bool = False


class SoldOutDefinition(Control):
    """A definition that is sold out."""

    definition_sequence: int = 1


class SoldOut(Control):
    """An item of which definitions are sold out."""

    menu_item_id: int
    definitions: tuple[SoldOutDefinition, ...] = (SoldOutDefinition(),)


_SEEN_IN_EMC_ALONE = {"is_automatic", "tips", "tip_charge_ref"}


class Terms(Control):
    """Everything but the menu that decides what a check comes to."""

    tenders: tuple[Tender, ...] = ()
    tax_rates: tuple[TaxRate, ...] = ()
    tax_classes: tuple[TaxClass, ...] = ()
    default_tax_class: int = 1
    """The class of items that name none."""
    discounts: tuple[Discount, ...] = ()
    service_charges: tuple[ServiceCharge, ...] = ()
    sold_out: tuple[SoldOut, ...] = ()

    @cached_property
    def _tenders(self) -> Mapping[int, Tender]:
        return {each.tender_id: each for each in self.tenders}

    @cached_property
    def _discounts(self) -> Mapping[int, Discount]:
        return {each.discount_id: each for each in self.discounts}

    @cached_property
    def _service_charges(self) -> Mapping[int, ServiceCharge]:
        return {each.service_charge_id: each for each in self.service_charges}

    @cached_property
    def rates_of_class(self) -> Mapping[int, tuple[TaxRate, ...]]:
        """The rates that are taken on each tax class."""
        rates = {each.tax_rate_id: each for each in self.tax_rates}
        return {
            each.tax_class_id: tuple(
                rates[ref]
                for ref in each.active_tax_rate_refs
                if ref in rates and rates[ref].tax_type is not TaxType.DISABLED
            )
            for each in self.tax_classes
        }

    @cached_property
    def _sold_out(self) -> frozenset[tuple[int, int]]:
        return frozenset(
            (item.menu_item_id, definition.definition_sequence)
            for item in self.sold_out
            for definition in item.definitions
        )

    def get_tender(self, number: int) -> Tender:
        """A tender.

        Raises:
            ProblemError: there is none of that number.
        """
        return _get(self._tenders, number, "tender")

    def get_discount(self, number: int) -> Discount:
        """A discount.

        Raises:
            ProblemError: there is none of that number.
        """
        return _get(self._discounts, number, "discount")

    def get_service_charge(self, number: int) -> ServiceCharge:
        """A service charge.

        Raises:
            ProblemError: there is none of that number.
        """
        return _get(self._service_charges, number, "service charge")

    def require_available(self, item: int, definition: int) -> None:
        """Let pass what is not sold out.

        Raises:
            ProblemError: it is (`menu_item_not_available`).
        """
        if (item, definition) in self._sold_out:
            raise refused_by_pos("menu_item_not_available", f"Menu item {item} is not available")


def _get[T](known: Mapping[int, T], number: int, what: str) -> T:
    if number not in known:
        raise refused_by_pos("general_pos_error", f"No {what} {number}")
    return known[number]


def as_items(things: tuple[Control, ...]) -> list[Json]:
    """As the configuration collections answer them."""
    return [each.model_dump(by_alias=True, exclude=_SEEN_IN_EMC_ALONE, exclude_none=True) for each in things]
