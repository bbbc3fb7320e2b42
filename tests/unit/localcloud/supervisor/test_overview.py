from rich.console import Console

from localcloud.commands.overview import overview
from localcloud.layout import APPS
from localcloud.supervisor.service import State
from localcloud.supervisor.status import AppStatus, RegionStatus, Status, StorageStatus

_QUIET = {"orders-inbox": 0, "orders-post": 0, "orders-post-poison": 0}


def region(number: int, *, healthy: bool = True, restarts: int = 0) -> RegionStatus:
    state = State.RUNNING if healthy else State.RESTARTING
    return RegionStatus(
        name=f"api{number}",
        endpoint=f"http://localhost:{7070 + number}",
        healthy=healthy,
        storage=StorageStatus(pid=11, blob="b", queue="q", table="t", connection_string="c"),
        apps=[AppStatus(name=app, pid=12, state=state, restarts=restarts) for app in APPS],
    )


def status(*regions: RegionStatus) -> Status:
    return Status(
        traffic_manager="http://localhost:7070",
        regions=list(regions),
        simulators={"simphony": "http://127.0.0.1:7074"},
        event_grid={each.name: "http://127.0.0.1:7083/topics/muneris" for each in regions},
    )


def shown(
    status: Status, queues: dict[str, dict[str, int]], tokens: dict[str, dict[str, int]] | None = None
) -> list[str]:
    console = Console(width=80)
    with console.capture() as lines:
        console.print(overview(status, queues, tokens or {}))
    return [line.rstrip() for line in lines.get().splitlines()]


def test_a_region_is_a_row() -> None:
    lines = shown(status(region(1), region(2)), {"api1": _QUIET, "api2": _QUIET | {"orders-post": 7}})
    assert lines == [
        "",
        " region  health   apps                                      queues",
        " ──────────────────────────────────────────────────────────────────────────────",
        " api1    healthy  ●auth ●config ●orders ●inventory ●tokens  0 waiting, 0 poison",
        " api2    healthy  ●auth ●config ●orders ●inventory ●tokens  7 waiting, 0 poison",
        "",
        "Traffic Manager       http://localhost:7070",
        "api1                  http://localhost:7071",
        "api2                  http://localhost:7072",
        "Simphony (simulator)  http://127.0.0.1:7074",
        "More: muneris status. Stop: Ctrl-C.",
    ]


def test_three_regions_in_trouble_fit_80_columns_and_20_rows() -> None:
    poisoned = {"orders-inbox": 999, "orders-inbox-poison": 2, "orders-post-poison": 1}
    troubled = [region(number, healthy=False, restarts=10) for number in (1, 2, 3)]
    tokens = {each.name: {"valid": 9, "refresh_due": 9, "sign_in_needed": 9} for each in troubled}
    lines = shown(status(*troubled), {each.name: poisoned for each in troubled}, tokens)
    assert (len(lines), max(map(len, lines)) <= 80) == (20, True)
    words = " ".join(lines).split()
    names = [app.replace("sts_token_master", "tokens") for app in APPS]
    assert [words.count(f"○{name}(10)") for name in names] == [3] * len(APPS)
    assert words.count("poison") == 3
    assert words.count("(orders-inbox,") == 3


def test_an_unreachable_storage_account_counts_nothing() -> None:
    assert "0 waiting, 0 poison" in " ".join(shown(status(region(1)), {}))


def test_the_tokens_of_every_region_are_a_line() -> None:
    tokens = {"api1": {"valid": 2}, "api2": {"valid": 1, "sign_in_needed": 1}}
    lines = shown(status(region(1), region(2)), {}, tokens)
    assert "Tokens api1: 2 valid api2: 1 valid 1 sign_in_needed" in lines


def test_regions_whose_tokens_stand_the_same_are_told_together() -> None:
    tokens = {"api1": {"valid": 2}, "api2": {"unreachable": 2}, "api3": {"valid": 2}}
    assert "Tokens api1 api3: 2 valid api2: 2 unreachable" in shown(status(region(1)), {}, tokens)
