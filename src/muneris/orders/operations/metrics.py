"""What waits, as Prometheus reads it (text-based exposition format 0.0.4)."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from muneris.orders.model import Step
from muneris.orders.operations.backlog import Count

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(count: Count, now: datetime) -> str:
    """The gauges of a region. A step that nobody owes is 0, so that its series does not end."""
    born_at = count.owed.born_at
    oldest = 0.0 if born_at is None else (now - born_at).total_seconds()
    steps = {str(step): count.owed.steps.get(step, 0) for step in Step}
    lines = [
        *_gauge("muneris_work_owed", "Steps that orders owe.", "step", steps),
        *_gauge("muneris_work_oldest_seconds", "Age of the oldest step that is owed.", "", {"": oldest}),
        *_gauge(
            "muneris_work_uncounted_properties",
            "Properties that owe more than was counted.",
            "",
            {"": count.owed.more},
        ),
        *_gauge("muneris_poison_messages", "Messages that failed too often.", "queue", count.poison),
        *_gauge(
            "muneris_orders_needing_attention",
            "Orders that cannot be settled from here.",
            "",
            {"": count.attention},
        ),
    ]
    return "\n".join([*lines, ""])


def _gauge(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} gauge"
    for value_of in sorted(values):
        labels = f'{{{label}="{value_of}"}}' if label else ""
        yield f"{name}{labels} {values[value_of]}"
