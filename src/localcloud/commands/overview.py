"""A running local cloud at a glance: three regions fit 80 columns and 20 rows, even in trouble."""

from collections import defaultdict
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
_SHOWN_AS = {"sts_token_master": "tokens"}


type TokenStates = Mapping[str, Mapping[str, int]]
"""Oracle accounts by how their tokens stand, by region."""


def overview(status: Status, queues: QueueLengths, tokens: TokenStates) -> RenderableType:
    """A row a region, and where to go from there; `muneris status` has the details."""
    table = Table("region", "health", "apps", "queues", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for region in status.regions:
        table.add_row(region.name, health(region), _apps(region), _lengths(queues.get(region.name, {})))
    below = Text("\n".join([*_addresses(status), "More: muneris status. Stop: Ctrl-C."]))
    return Group(table, *([_tokens(tokens)] if tokens else []), below)


def health(region: RegionStatus) -> Text:
    """Whether Traffic Manager would send callers to a region."""
    return Text("healthy", "green") if region.healthy else Text("unhealthy", "red")


def _apps(region: RegionStatus) -> Text:
    """Each app with a sign of its state, and how often it was restarted."""
    return Text(" ").join(map(_app, region.apps)) if region.apps else Text("none", "dim")


def _app(app: AppStatus) -> Text:
    runs = app.state is State.RUNNING
    name = _SHOWN_AS.get(app.name, app.name)
    text = Text.assemble((_RUNS, "green") if runs else (_RUNS_NOT, "yellow"), name)
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


def _tokens(tokens: TokenStates) -> Text:
    """How many accounts stand how, regions together that have the same; what is not valid stands out."""
    same: defaultdict[tuple[tuple[str, int], ...], list[str]] = defaultdict(list)
    for region, states in tokens.items():
        same[tuple(sorted(states.items(), reverse=True))].append(region)  # "valid" comes first
    parts = [Text("Tokens")]
    for counts, regions in same.items():
        parts.append(Text(f"{' '.join(regions)}:"))
        parts += [Text(f"{n} {state}", "" if state == "valid" else "yellow") for state, n in counts]
    return Text(" ").join(parts)


def _addresses(status: Status) -> list[str]:
    named = {
        "Traffic Manager": status.traffic_manager,
        **{region.name: region.endpoint for region in status.regions},
        **{f"{name.capitalize()} (simulator)": address for name, address in status.simulators.items()},
    }
    return [f"{name:<21} {address}" for name, address in named.items()]
