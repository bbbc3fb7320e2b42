"""A posted check compared with what was asked for: what differs is told, not hidden. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from muneris.simphony.held import CheckItem, HeldTender
from muneris.simphony.model import Check, CheckLine, Difference, NewRound, NewWrite

type _Sold = tuple[int, int]
"""An item and its definition. Which price a level gave it is the POS's own choice."""

_NOTHING = Decimal(0)


def differences(write: NewWrite, check: Check) -> tuple[Difference, ...]:
    """What a check holds otherwise than it was asked for, or not at all.

    A round is on its check with what was there before; so more of something is no difference, as it is on a
    check of our own. The sign of a discount is not documented and not compared. The POS answers 200 even if
    it dropped a tip or gave it back as change.
    """
    return (
        *_items(write, check),
        *_combos(write, check),
        *_condiments(write, check),
        *_discounts(write, check),
        *_service_charges(write, check),
        *_tip(write, check.tenders),
        *_total(write, check),
    )


def _items(write: NewWrite, check: Check) -> Iterator[Difference]:
    wanted, found = Counter[_Sold](), Counter[_Sold]()
    for line in write.lines:
        wanted[_sold(line)] += line.quantity
    for item in check.menu_items:
        found[_held(item)] += int(item.quantity or 0)
    return _counted("item", write, wanted, found)


def _combos(write: NewWrite, check: Check) -> Iterator[Difference]:
    wanted = Counter[_Sold]((each.combo_meal_id, 0) for each in write.combos)
    found = Counter[_Sold]((each.combo_meal_id or 0, 0) for each in check.combo_meals)
    return _counted("combo", write, wanted, found)


def _counted(
    kind: str, write: NewWrite, wanted: Counter[_Sold], found: Counter[_Sold]
) -> Iterator[Difference]:
    if isinstance(write, NewRound):
        found &= wanted
    for each in sorted(wanted.keys() | found.keys()):
        if wanted[each] != found[each]:
            yield _difference(kind, each[0], wanted[each], found[each])


def _condiments(write: NewWrite, check: Check) -> Iterator[Difference]:
    """Those that were left out; how often one is counted for several units of its item is not documented."""
    found = {(_held(item), each.condiment_id) for item in check.menu_items for each in item.condiments}
    wanted = {(_sold(line), each.condiment_id) for line in write.lines for each in line.condiments}
    for missing in sorted(wanted - found, key=repr):
        yield _difference("condiment", missing[1], 1, 0)


def _discounts(write: NewWrite, check: Check) -> Iterator[Difference]:
    found = {each.discount_id: each.total for each in check.discounts}
    for wanted in write.discounts:
        yield from _given("discount", wanted.discount_id, wanted.amount, found)


def _service_charges(write: NewWrite, check: Check) -> Iterator[Difference]:
    found = {each.service_charge_id: each.total for each in check.service_charges}
    for wanted in write.service_charges:
        yield from _given("service_charge", wanted.service_charge_id, wanted.amount, found)


def _given(
    kind: str, ref: int, amount: Decimal | None, found: dict[int | None, Decimal | None]
) -> Iterator[Difference]:
    if ref not in found:
        yield _difference(kind, ref, "any" if amount is None else _amount(amount), "none")
    elif amount is not None and abs(found[ref] or _NOTHING) != abs(amount):
        yield _difference(kind, ref, _amount(amount), _amount(found[ref] or _NOTHING))


def _tip(write: NewWrite, tenders: Sequence[HeldTender]) -> Iterator[Difference]:
    """A tip that was dropped, and change: we never pay more than we mean to."""
    found, change = _tips(tenders), -sum(_negative(tenders), _NOTHING)
    if write.tip > found:
        yield _difference("tip", "", _amount(write.tip), _amount(found))
    if change and write.tender:  # else somebody paid at the till
        yield _difference("change", "", _amount(_NOTHING), _amount(change))


def _total(write: NewWrite, check: Check) -> Iterator[Difference]:
    if write.expected_total is None:
        return
    wanted = write.expected_total + min(write.tip, _tips(check.tenders))
    if check.totals.whole != wanted:
        yield _difference("total", "", _amount(wanted), _amount(check.totals.whole))


def _tips(tenders: Iterable[HeldTender]) -> Decimal:
    return sum((each.charged_tip_total or _NOTHING for each in tenders), _NOTHING)


def _negative(tenders: Iterable[HeldTender]) -> Iterator[Decimal]:
    return (each.total for each in tenders if each.total is not None and each.total < 0)


def _sold(line: CheckLine) -> _Sold:
    return line.menu_item_id, line.definition_sequence


def _held(item: CheckItem) -> _Sold:
    return item.menu_item_id or 0, item.definition_sequence or 1


def _amount(amount: Decimal) -> str:
    return f"{amount:f}"


def _difference(kind: str, of: object, wanted: object, found: object) -> Difference:
    return Difference.model_validate(
        {"kind": kind, "of": str(of), "wanted": str(wanted), "found": str(found)}
    )
