"""Where everything of a local cloud listens and keeps its data: one rule, read by everybody."""

from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
PROJECT = Path(__file__).parents[2]
"""The checkout: function apps, infrastructure and the emulator's packages are found from here."""

APPS = ("auth", "config", "orders", "inventory", "sts_token_master")
"""The function apps of a region, in the order of their ports."""

_PORTS_PER_REGION = 10
_FIRST_APP_OFFSET = 4


@dataclass(frozen=True)
class Region:
    """One region: its place in the list (from 1), its name, its Azure location and country."""

    number: int
    name: str
    location: str
    country: str


REGIONS = (
    Region(1, "api1", "francecentral", "France"),
    Region(2, "api2", "germanywestcentral", "Germany"),
    Region(3, "api3", "northeurope", "Ireland"),
)


@dataclass(frozen=True)
class Layout:
    """Ports and folders of one local cloud, all derived from its base port and its data folder.

    `base_port` is Traffic Manager (HTTP, and DNS over UDP); +1 to +3 are the regions; +4 the Simphony
    simulator; +9 the supervisor. From +10 on, ten ports a region: blob, queue, table, Event Grid, apps.
    """

    base_port: int
    data_dir: Path
    region_count: int = len(REGIONS)
    storage_accounts: int = 1
    """How many storage accounts each region has."""

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions this local cloud runs."""
        return REGIONS[: self.region_count]

    @property
    def further_accounts(self) -> tuple[str, ...]:
        """The names of the storage accounts that a region has beside its main one."""
        return tuple(f"account{number}" for number in range(2, self.storage_accounts + 1))

    @property
    def traffic_manager(self) -> int:
        """Port of Traffic Manager: HTTP by TCP, DNS by UDP."""
        return self.base_port

    def gateway(self, region: Region) -> int:
        """Port of a region's gateway, the region's public address."""
        return self.base_port + region.number

    @property
    def simphony(self) -> int:
        """Port of the Simphony simulator: identity provider, API and `/sim` controls."""
        return self.base_port + 4

    @property
    def control(self) -> int:
        """Port of the supervisor's own interface."""
        return self.base_port + 9

    def _of_region(self, region: Region, offset: int) -> int:
        return self.base_port + _PORTS_PER_REGION * region.number + offset

    def storage(self, region: Region) -> tuple[int, int, int]:
        """Ports of a region's blob, queue and table service."""
        first = self._of_region(region, 0)
        return first, first + 1, first + 2

    def event_grid(self, region: Region) -> int:
        """Port of a region's Event Grid topics."""
        return self._of_region(region, 3)

    def app(self, region: Region, app: str) -> int:
        """Port of a function app, behind the region's gateway."""
        return self._of_region(region, _FIRST_APP_OFFSET + APPS.index(app))

    @property
    def all_ports(self) -> list[int]:
        """Every TCP port this local cloud listens on."""
        ports = [self.traffic_manager, self.simphony, self.control]
        for region in self.regions:
            ports += [self.gateway(region), *self.storage(region), self.event_grid(region)]
            ports += [self.app(region, app) for app in APPS]
        return sorted(ports)

    def folder(self, region: Region) -> Path:
        """A region's data folder."""
        return self.data_dir / region.name

    @property
    def logs(self) -> Path:
        """The folder of every process's log file."""
        return self.data_dir / "logs"


def url(port: int) -> str:
    """The loopback address of a port."""
    return f"http://{LOOPBACK}:{port}"
