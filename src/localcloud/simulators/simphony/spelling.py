"""How an installation writes a check: the points on which live answers differ (see `oddities`)."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, cast
from zoneinfo import ZoneInfo

from localcloud.simulators.simphony.check_request import RequestHeader
from localcloud.simulators.simphony.oddities import Oddities
from localcloud.simulators.simphony.problems import invalid
from localcloud.simulators.simphony.wire import Json

_LOCAL_TIMES = {"fireTime": "fire_time", "pickupTime": "pickup_time"}


def utc_time(moment: datetime, style: Literal["milliseconds", "ticks", "local"]) -> str:
    """A moment in UTC as a header carries it: 3 or 7 fractional digits, with or without its zone."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    if style == "ticks":
        return f"{utc.isoformat(timespec='microseconds')}0Z"
    return utc.isoformat(timespec="milliseconds") + ("Z" if style == "milliseconds" else "")


def utc_times(header: RequestHeader, zone: str, oddities: Oddities) -> dict[str, Json]:
    """The fire and pick-up times, which requests say in the property's local time, in UTC (Post a Check).

    Raises:
        ProblemError: one is no time.
    """
    wanted = {name: getattr(header, field) for name, field in _LOCAL_TIMES.items()}
    times: dict[str, Json] = {}
    for name, text in wanted.items():
        if text is not None:
            times[name] = utc_time(_moment(name, text, zone), oddities.open_time)
    return times


def _moment(name: str, text: str, zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"{name} must be a time such as 2030-05-04T12:30:00, not {text!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def spelled(document: Mapping[str, Json], oddities: Oddities) -> Mapping[str, Json]:
    """A check as this installation writes it."""
    changed = dict(document)
    if oddities.idempotency_id == "dashed":
        header = cast("Mapping[str, Json]", document["header"])
        changed["header"] = {**header, "idempotencyId": str(uuid.UUID(str(header["idempotencyId"])))}
    if oddities.tax_rate_id == "text" and "taxes" in document:
        taxes = cast("list[Mapping[str, Json]]", document["taxes"])
        changed["taxes"] = [{**each, "taxRateId": str(each["taxRateId"])} for each in taxes]
    if oddities.discount_sign == "positive" and "discounts" in document:
        changed |= _with_positive_discounts(document)
    if oddities.condiment_total == "of_one_unit" and "menuItems" in document:
        items = cast("list[Mapping[str, Json]]", document["menuItems"])
        changed["menuItems"] = [_with_condiments_of_one_unit(each) for each in items]
    return changed


def _with_positive_discounts(document: Mapping[str, Json]) -> dict[str, Json]:
    discounts = cast("list[Mapping[str, Decimal]]", document["discounts"])
    totals = cast("Mapping[str, Decimal]", document["totals"])
    return {
        "discounts": [{**each, "total": abs(each["total"])} for each in discounts],
        "totals": {**totals, "subtotalDiscountTotal": abs(totals["subtotalDiscountTotal"])},
    }


def _with_condiments_of_one_unit(item: Mapping[str, Json]) -> Mapping[str, Json]:
    condiments = cast("list[Mapping[str, Decimal]]", item["condiments"])
    one_unit = [{**each, "total": each["unitPrice"] * each["quantity"]} for each in condiments]
    return {**item, "condiments": one_unit}
