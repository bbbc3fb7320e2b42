"""What a local cloud says about itself: the document of `muneris status --json`."""

from pydantic import BaseModel

from localcloud.supervisor.service import State


class AppStatus(BaseModel, frozen=True):
    """One function app of a region; `pid` is null while it does not run."""

    name: str
    pid: int | None
    state: State
    restarts: int


class StorageStatus(BaseModel, frozen=True):
    """Storage of a region: addresses of its main account, connection strings of further ones, by name."""

    pid: int | None
    blob: str
    queue: str
    table: str
    connection_string: str
    further_accounts: dict[str, str] = {}


class RegionStatus(BaseModel, frozen=True):
    """One region; `healthy` is what Traffic Manager would find: its `/health` answers 200."""

    name: str
    endpoint: str
    healthy: bool
    storage: StorageStatus
    apps: list[AppStatus]


class Status(BaseModel, frozen=True):
    """A whole local cloud; addresses are URLs, null where there is no such thing."""

    traffic_manager: str
    regions: list[RegionStatus]
    simulators: dict[str, str]
    mailbox: str | None = None
    event_grid: dict[str, str]
