"""A running local cloud at a glance: three regions fit 80 columns and 16 rows, even in trouble."""

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from localcloud.supervisor.service import State
from localcloud.supervisor.status import AppStatus, RegionStatus, Status

type QueueLengths = Mapping[str, Mapping[str, int]]
"""Messages by queue, by region."""

_POISON = "-poison"
_RUNS, _RUNS_NOT = "●", "○"


def overview(status: Status, queues: QueueLengths) -> RenderableType:
    """A row a region, and where to go from there; `muneris status` has the details."""
    table = Table("region", "health", "apps", "queues", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for region in status.regions:
        table.add_row(region.name, health(region), _apps(region), _lengths(queues.get(region.name, {})))
    return Group(table, Text("\n".join([*_addresses(status), "More: muneris status. Stop: Ctrl-C."])))


def health(region: RegionStatus) -> Text:
    """Whether Traffic Manager would send callers to a region."""
    return Text("healthy", "green") if region.healthy else Text("unhealthy", "red")


def _apps(region: RegionStatus) -> Text:
    """Each app with a sign of its state, and how often it was restarted."""
    return Text(" ").join(map(_app, region.apps)) if region.apps else Text("none", "dim")


def _app(app: AppStatus) -> Text:
    runs = app.state is State.RUNNING
    text = Text.assemble((_RUNS, "green") if runs else (_RUNS_NOT, "yellow"), app.name)
    return text.append(f"({app.restarts})", "yellow") if app.restarts else text


def _lengths(lengths: Mapping[str, int]) -> Text:
    """Messages in all queues together; poison stands out and says where it came from."""
    poison = {queue: length for queue, length in lengths.items() if queue.endswith(_POISON) and length}
    waiting = sum(lengths.values()) - sum(poison.values())
    text = Text(f"{waiting} waiting, ")
    if not poison:
        return text.append("0 poison")
    origins = ", ".join(queue.removesuffix(_POISON) for queue in sorted(poison))
    return text.append(f"{sum(poison.values())} poison ({origins})", "bold red")


def _addresses(status: Status) -> list[str]:
    named = {
        "Traffic Manager": status.traffic_manager,
        **{region.name: region.endpoint for region in status.regions},
        **{f"{name.capitalize()} (simulator)": address for name, address in status.simulators.items()},
    }
    return [f"{name:<21} {address}" for name, address in named.items()]
