from rich.console import Console

from localcloud.commands.live_view import describe
from localcloud.commands.status_table import status_table
from localcloud.supervisor.service import State
from localcloud.supervisor.status import AppStatus, RegionStatus, Status, StorageStatus

STATUS = Status(
    traffic_manager="http://localhost:7070",
    regions=[
        RegionStatus(
            name="api1",
            endpoint="http://localhost:7071",
            healthy=True,
            storage=StorageStatus(pid=11, blob="b", queue="q", table="t", connection_string="c"),
            apps=[
                AppStatus(name="auth", pid=12, state=State.RUNNING, restarts=0),
                AppStatus(name="orders", pid=None, state=State.STOPPED, restarts=3),
            ],
        )
    ],
    simulators={"simphony": "http://127.0.0.1:7074"},
    event_grid={"api1": "http://127.0.0.1:7083/topics/muneris"},
)


def test_every_app_is_shown() -> None:
    console = Console(width=80)
    with console.capture() as shown:
        console.print(status_table(STATUS))
    words = shown.get().split()
    assert words[words.index("api1") :][:11] == [
        *("api1", "http://localhost:7071", "healthy", "auth", "running", "12", "0"),
        *("orders", "stopped", "-", "3"),
    ]


def test_each_region_and_app_is_a_line() -> None:
    assert describe(STATUS) == [
        "api1 http://localhost:7071 healthy",
        "api1 auth running, pid 12, 0 restarts",
        "api1 orders stopped, pid -, 3 restarts",
    ]
