"""The tables of `docs/scale.md`, as the model says them."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from benchmarks import instance, prices
from benchmarks.model.bill import MILLION
from benchmarks.model.capacity import (
    SWEEP_SECONDS,
    Layout,
    LimitExceededError,
    Load,
    calls_at_once,
    most_borne,
    require_possible,
    usages,
)
from benchmarks.model.cases import REGIONS, Case, cases
from benchmarks.model.limits import CHANGES, TABLE_ACCOUNT, Lever, Limit
from benchmarks.model.order_cost import Function, OrderCost
from muneris.orders.life.calls import CALLS_AT_ONCE
from muneris.orders.life.scheduler import READ_PER_SWEEP

GROUPS = (1, 4, 16)
"""Orders of a property that may share a transaction."""
_QUOTED = 2
"""The case whose price and refusal are quoted."""
_HOURS_A_MONTH = 730
_WHOLE_FROM = 10
_WHOLE_DOLLARS_FROM = 1000


def tables(cost: OrderCost) -> str:
    """All tables, in Markdown."""
    read = cases(cost)
    loads = [case for case in read if case.find_refusal() is None]
    return "\n\n".join(
        (
            _short(cost, loads),
            _life(cost),
            _first(cost),
            _plans(cost, loads),
            _refused(read),
            _shares(loads),
            _silence(cost),
            _bills(loads),
            _limits(cost),
        )
    )


def _life(cost: OrderCost) -> str:
    head = (
        "step",
        "function",
        "table",
        "transactions",
        "rows",
        "point reads",
        "events",
        "CPU ms",
        "takes ms",
    )
    rows: list[Sequence[object]] = [
        (
            step.name, step.function, step.table, step.transactions, step.rows, step.point_reads, step.events,
            step.cpu_ms, step.takes_ms,
        )
        for step in cost.steps
    ]  # fmt: skip
    cpu = f"{sum(step.cpu_ms for step in cost.steps):.1f}"
    rows.append(("**in all**", "", "", cost.transactions, cost.rows, cost.point_reads, cost.events, cpu, ""))
    grouped = "; ".join(f"{group}: {cost.table_requests(group):.1f}" for group in GROUPS)
    return _section(
        "What an order costs",
        f"Counts: {cost.counts}. Times: {cost.times}. As of {cost.as_of}.",
        _table(head, rows),
        f"Besides: {cost.deliveries()} deliveries, {cost.queue_operations} queue operations.",
        "Requests to tables an order makes, by how many orders of its property share each transaction on"
        f" `Orders`: {grouped}. Its rows stay {cost.rows}.",
    )


def _full_at(cost: OrderCost) -> Mapping[Limit, Load]:
    """The load at which a region as built reaches each limit that orders count for, the smallest first."""
    template = Load(1, REGIONS)
    borne = {
        usage.limit: Load(rate, REGIONS)
        for usage in usages(cost, template, Layout())
        if (rate := most_borne(cost, usage.limit, template, Layout())) is not None
    }
    return {limit: borne[limit] for limit in sorted(borne, key=lambda each: borne[each].orders_per_second)}


def _short(cost: OrderCost, loads: Sequence[Case]) -> str:
    full_at = _full_at(cost)
    first, *_ = full_at
    of_property = next(limit for limit in full_at if limit.lever is Lever.PARTITIONS)
    region, store = _number(full_at[first].region_rate), _number(full_at[of_property].busy_rate)
    posted = _number(CALLS_AT_ONCE / cost.takes_ms("orders-post") * 1000)
    dollars = _number(sum(loads[_QUOTED].bill.values()))
    return _section(
        "In short",
        f"* A region as built takes {region} orders a second; then {first.name} is full.\n"
        f"* A property takes {store}; then {of_property.name} is full. Each instance gives its Simphony"
        f" {CALLS_AT_ONCE} calls at once, {posted} orders a second: it posts so many only if its unit runs"
        " enough instances.\n"
        f"* A million orders cost some {dollars} US dollars; one by one, each alone, at most"
        f" {_number(_lone(cost))} for instances.",
    )


def _lone(cost: OrderCost) -> float:
    """US dollars for the instances of a million orders that come one by one: a second at least is charged."""
    seconds = sum(max(1.0, step.takes_ms / 1000) for step in cost.steps)
    return prices.ON_DEMAND_GB_SECONDS.of(MILLION * seconds * instance.GB)


def _first(cost: OrderCost) -> str:
    rows = [
        (limit.name, _number(load.region_rate), _number(load.busy_rate))
        for limit, load in _full_at(cost).items()
    ]
    return _section(
        "What is full first",
        "A region as built, with one storage account and a third of the stores.",
        _table(("what is full", "orders/s of the region", "orders/s of a busy store"), rows),
    )


def _plans(cost: OrderCost, loads: Sequence[Case]) -> str:
    queues = len(cost.functions) - 1
    rows = [
        _row("orders/s of all stores", loads, lambda case: case.orders_per_second),
        _row("of a busy store", loads, lambda case: case.up.busy_rate),
        _row("of another store", loads, lambda case: case.up.quiet_rate),
        _row(
            "not taken while a region is down and nothing has moved", loads, lambda case: case.up.region_rate
        ),
        _row("**a region** must be able to carry", loads, lambda case: case.moved.region_rate),
        _row(
            "calls at once of an instance for a busy store",
            loads,
            lambda case: calls_at_once(case.cost, case.moved, case.layout),
        ),
        _row("so many it may make (`CALLS_AT_ONCE`)", loads, lambda case: CALLS_AT_ONCE * case.layout.calls),
        _row("partitions of a busy property", loads, lambda case: case.layout.partitions),
        _row("scale units, and topics", loads, lambda case: case.layout.units),
        _row("queues, poison queues aside", loads, lambda case: queues * case.layout.units),
        _row("storage accounts", loads, lambda case: case.layout.accounts),
        _row("subscriptions", loads, lambda case: case.layout.subscriptions),
        *(_running(loads, function) for function in cost.functions),
        _row("all instances, two regions carrying", loads, lambda case: case.region_instances(case.moved)),
        _row("all instances, three up", loads, lambda case: case.region_instances(case.up)),
        _row("**a busy store's Simphony**: calls at once", loads, _calls),
        ("**more than one**", *(", ".join(case.layout.levers) or "nothing" for case in loads)),
    ]
    changes = "\n".join(f"* {lever}: {change}" for lever, change in CHANGES.items())
    return _section(
        "What each load needs", _table(_head(loads), rows), "What changes with more than one of:", changes
    )


def _running(loads: Sequence[Case], function: Function) -> Sequence[str]:
    return _row(f"instances of `{function}`", loads, lambda case: case.instances(function))


def _calls(case: Case) -> float:
    return case.up.busy_rate * case.cost.takes_ms("orders-post") / 1000


def _refused(read: Iterable[Case]) -> str:
    refusals = [f"* {case.name}: {refusal}" for case in read if (refusal := case.find_refusal())]
    return _section("What no layout bears", "\n".join(refusals) or "Nothing of this.")


def _silence(cost: OrderCost) -> str:
    """A sweep when every Simphony of a region as built has been silent for long."""
    stores = Load(1, REGIONS).region_stores
    rows = stores * READ_PER_SWEEP
    seconds = (stores * cost.sweep_ms_a_property + rows * cost.sweep_ms_a_row) / 1000
    return _section(
        "When every Simphony is silent",
        f"Once each store of a region as built owes {READ_PER_SWEEP:,} steps, a sweep looks at"
        f" {_number(rows)} rows. That takes {_number(seconds)} s of CPU, so sweeps come that seldom, not"
        f" every {SWEEP_SECONDS:.0f} s, and read {_number(rows / seconds)} entities a second of the"
        f" {TABLE_ACCOUNT.most:,.0f} that the account's tables take. What is owed is repeated that much"
        " later, and a silence ends that much later. Intake goes on, and what is asked at once with it.",
    )


def _shares(loads: Sequence[Case]) -> str:
    built = [usages(case.cost, case.moved, Layout()) for case in loads]
    planned = [usages(case.cost, case.moved, case.layout) for case in loads]
    rows = [
        (
            before[0].limit.name,
            *(f"{was.share:,.0%} → {is_.share:.0%}" for was, is_ in zip(before, after, strict=True)),
        )
        for before, after in zip(zip(*built, strict=True), zip(*planned, strict=True), strict=True)
    ]
    return _section(
        "How full each limit is",
        "Of a region when two carry: as built with one storage account, and as planned.",
        _table(_head(loads), rows),
        f"Of {loads[_QUOTED].name} on a region as built the model says:",
        f"> {_refusal(loads[_QUOTED])}",
    )


def _refusal(case: Case) -> str:
    try:
        require_possible(case.cost, case.moved, Layout())
    except LimitExceededError as refusal:
        return str(refusal)
    return "It is possible."


def _bills(loads: Sequence[Case]) -> str:
    items = loads[0].bill
    rows = [
        *(_row(item, loads, lambda case, item=item: case.bill[item], _dollars) for item in items),  # type: ignore[misc] # a default binds it
        _row("**a million orders**", loads, lambda case: sum(case.bill.values()), _dollars),
        _row("an hour of this load", loads, lambda case: case.hourly, _dollars),
        _row("a month of it, day and night", loads, lambda case: case.hourly * _HOURS_A_MONTH, _dollars),
    ]
    return _section(
        "What it costs", "US dollars for a million orders, three regions up.", _table(_head(loads), rows)
    )


def _limits(cost: OrderCost) -> str:
    rows = [
        (limit.name, f"{limit.most:,.0f} {limit.unit}", limit.source, limit.lever or "nothing")
        for limit in (usage.limit for usage in usages(cost, Load(1), Layout()))
    ]
    return _section("The limits", _table(("what", "takes", "as said by", "raised by more"), rows))


def _section(title: str, *parts: str) -> str:
    return "\n\n".join((f"### {title}", *parts))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE_FROM or value == int(value) else f"{value:.2g}"


def _dollars(value: float) -> str:
    return f"{value:,.0f}" if value >= _WHOLE_DOLLARS_FROM else f"{value:,.2f}"


def _head(loads: Iterable[Case]) -> Sequence[str]:
    return ("", *(case.name for case in loads))


def _row(
    name: str,
    loads: Iterable[Case],
    value: Callable[[Case], float],
    said: Callable[[float], str] = _number,
) -> Sequence[str]:
    return (name, *(said(value(case)) for case in loads))


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
