"""A local cloud's status as a table to read."""

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from localcloud.commands.overview import health
from localcloud.supervisor.service import State
from localcloud.supervisor.status import AppStatus, RegionStatus, Status

_ADDRESS_WIDTH = len("http://localhost:65535")


def status_table(status: Status) -> RenderableType:
    """Regions and their apps, with the addresses below."""
    address = Column("address", no_wrap=True, min_width=_ADDRESS_WIDTH)
    table = Table(
        "region",
        address,
        "health",
        "app",
        "state",
        "pid",
        "restarts",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for region in status.regions:
        for row in _rows(region):
            table.add_row(*row)
        table.add_section()
    return Group(table, addresses(status))


def addresses(status: Status) -> Text:
    """Where everything but the regions is reached."""
    lines = [f"Traffic Manager     {status.traffic_manager}"]
    lines += [f"{name.capitalize():<19} {address} (simulator)" for name, address in status.simulators.items()]
    lines += [f"Event Grid {region:<8} {address}" for region, address in status.event_grid.items()]
    return Text("\n".join(lines))


def _rows(region: RegionStatus) -> list[list[RenderableType]]:
    head: list[RenderableType] = [region.name, region.endpoint, health(region)]
    apps = [_app(app) for app in region.apps] or [[Text("none"), Text(""), Text(""), Text("")]]
    return [[*(head if number == 0 else ["", "", ""]), *app] for number, app in enumerate(apps)]


def _app(app: AppStatus) -> list[RenderableType]:
    style = "green" if app.state is State.RUNNING else "yellow"
    return [app.name, Text(app.state, style), str(app.pid or "-"), str(app.restarts)]
