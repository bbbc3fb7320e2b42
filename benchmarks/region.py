"""Region api1 of a local cloud of its own: each process started when it is needed, all ended together."""

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import BaseModel
from tests.local_cloud import free_base_port

from benchmarks.direct import DirectConfig
from benchmarks.processes import MemoryUse, cpu_seconds, memory_use, own_cpu_seconds
from localcloud import staff
from localcloud.app_settings import APPS_FOLDER, app_settings, storage, topic
from localcloud.azurite import Azurite, StorageAddress
from localcloud.event_grid import EventGridConfig
from localcloud.function_host import FunctionHostConfig
from localcloud.layout import REGIONS, Layout, url
from localcloud.resources import load_resources
from localcloud.supervisor.forked_service import ForkedService
from localcloud.supervisor.forks import Forks
from localcloud.supervisor.keys import load_keys
from localcloud.supervisor.provisioning import ProvisioningConfig
from localcloud.supervisor.service import Service
from localcloud.supervisor.services import Services

STORAGE, EVENT_GRID = "storage", "event-grid"
_APP = "orders"
_TOKENS = 8
_LOG_END = 600
_INSTANCE = "#"
_NO_LIMIT = 10**9
_WITHOUT_SWEEPS = {"AzureWebJobs.sweep.Disabled": "true"}


class Region:
    """Its processes by name, and what one needs to call it."""

    def __init__(self, folder: Path) -> None:
        base = free_base_port(len(REGIONS))
        self.layout = Layout(base, folder, 1)
        self._spare = iter(range(Layout(base, folder).storage(REGIONS[1])[0], base + 10 * len(REGIONS)))
        self._region = self.layout.regions[0]
        self._keys = load_keys(folder, [self.name])
        self._forks = Forks()
        self._processes: dict[str, Service[Azurite] | Service[ForkedService]] = {}
        self.storage = self.address
        """Where its storage really is, even if the apps are sent through something in between."""

    @property
    def name(self) -> str:
        """The region's name."""
        return self._region.name

    @property
    def gateway(self) -> int:
        """The port of its gateway."""
        return self.layout.gateway(self._region)

    @property
    def auth(self) -> str:
        """The address of its auth app."""
        return url(self.layout.app(self._region, "auth"))

    @property
    def orders(self) -> int:
        """The port of its orders app."""
        return self.layout.app(self._region, _APP)

    @property
    def event_grid(self) -> int:
        """The port where its apps look for Event Grid."""
        return self.layout.event_grid(self._region)

    @property
    def simphony(self) -> str:
        """The address of the Simphony simulator."""
        return url(self.layout.simphony)

    @property
    def topic(self) -> str:
        """The status page of its Event Grid topic."""
        return topic(self.layout, self._region)

    @property
    def address(self) -> StorageAddress:
        """Where its apps reach its storage."""
        return storage(self.layout, self._region)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the orders app, as the local cloud makes them."""
        return app_settings(self.layout, self._region, _APP, self._keys)

    def tokens(self) -> list[str]:
        """Access tokens of staff, each another one."""
        return [staff.issue_token(self._keys.staff) for _ in range(_TOKENS)]

    def spare_ports(self, count: int) -> list[int]:
        """Ports that nothing else is given."""
        return [next(self._spare) for _ in range(count)]

    async def start_storage(self, address: StorageAddress | None = None) -> None:
        """Start its storage: where its apps look for it, unless an address is given."""
        self.storage = address or self.address
        self.layout.logs.mkdir(parents=True, exist_ok=True)
        await self._forks.start(self.layout.logs / "fork_server.log")
        azurite = Azurite(self.storage, self.layout.folder(self._region), self.layout.logs / "storage.log")
        await self._start(Service(STORAGE, azurite))
        await self._provision()

    async def start_event_grid(self, port: int, *, delivering: bool = True) -> None:
        """Start Event Grid on a port; unless it delivers, it keeps whatever it takes."""
        config = EventGridConfig(
            port=port,
            key=self._keys.regions[self.name].events,
            connection_string=self.address.connection_string,
            topics=load_resources().topics,
            journal=self.layout.data_dir / "event-grid.jsonl",
        )
        if not delivering:
            config = config.model_copy(update={"concurrency": 0, "most_waiting": _NO_LIMIT})
        await self._start_forked(EVENT_GRID, "localcloud.event_grid:serve", config, port)

    async def start(self, *names: str) -> None:
        """Start services as the local cloud does; without names, all that do not run, but Traffic Manager."""
        services = Services(self.layout, self._keys, self._forks)
        known = {_short(each.name): each for each in [*services.surroundings, *services.apps.values()]}
        wanted = names or [name for name in known if name not in self._processes]
        await asyncio.gather(*(self._start(known[name]) for name in wanted))

    async def start_direct(self, name: str, **settings: str) -> int:
        """Serve the HTTP side of the orders app by a plain ASGI server; its port."""
        [port] = self.spare_ports(1)
        config = DirectConfig(app_dir=APPS_FOLDER / _APP, port=port, settings=self.settings | settings)
        await self._start_forked(name, "benchmarks.direct:serve", config, port)
        return port

    async def start_instances(self, name: str, count: int, **settings: str) -> list[int]:
        """Serve it by several processes, which `cpu` counts as one; their ports."""
        names = [f"{name}{_INSTANCE}{number}" for number in range(count)]
        return [await self.start_direct(each, **settings) for each in names]

    async def start_host(self, name: str, app: str = _APP) -> int:
        """Serve an app by the local function host, without the sweeper; its port."""
        [port] = self.spare_ports(1)
        config = FunctionHostConfig(
            app=app,
            app_dir=APPS_FOLDER / app,
            region=self.name,
            port=port,
            settings=app_settings(self.layout, self._region, app, self._keys) | _WITHOUT_SWEEPS,
        )
        await self._start_forked(name, "localcloud.function_host:serve", config, port)
        return port

    async def stop_one(self, name: str) -> None:
        """End one process."""
        await self._processes[name].stop()

    async def stop(self) -> None:
        """End everything that was started."""
        await asyncio.gather(*(each.stop() for name, each in self._processes.items() if name != STORAGE))
        await self._forks.close()
        if STORAGE in self._processes:
            await self._processes[STORAGE].stop()

    def pids(self) -> Mapping[str, int]:
        """The processes that run."""
        pids = {name: each.pid for name, each in self._processes.items()}
        return {name: pid for name, pid in pids.items() if pid is not None}

    def cpu(self) -> Mapping[str, float]:
        """CPU seconds of each process so far, or of all instances of one; `load` is this one."""
        used = defaultdict(float, load=own_cpu_seconds())
        for name, pid in self.pids().items():
            used[name.partition(_INSTANCE)[0]] += cpu_seconds(pid)
        return used

    def memory(self) -> Mapping[str, MemoryUse]:
        """What each process has."""
        return {name: memory_use(pid) for name, pid in self.pids().items()}

    async def _provision(self) -> None:
        account = self.address.connection_string
        config = ProvisioningConfig(connection_string=account, first_master=self.name)
        log = self.layout.logs / "provisioning.log"
        fork = self._forks.fork("localcloud.supervisor.provisioning:serve", config, {}, log)
        await fork.exited.wait()
        if fork.code != 0:
            raise RuntimeError("the resources were not created")

    async def _start_forked(self, name: str, target: str, config: BaseModel, port: int) -> None:
        log = self.layout.logs / f"{name}.log"
        process = ForkedService(self._forks, target=target, config=config, port=port, log=log)
        await self._start(Service(name, process))

    async def _start(self, service: Service[Azurite] | Service[ForkedService]) -> None:
        self._processes[_short(service.name)] = service
        await service.start()


def _short(name: str) -> str:
    return name.removeprefix(f"{REGIONS[0].name}-")


@asynccontextmanager
async def running_region() -> AsyncIterator[Region]:
    """A region in which nothing runs yet; whatever was started in it ends with the block.

    An error that leaves the block takes the ends of the processes' logs with it, which are gone then.
    """
    with tempfile.TemporaryDirectory(prefix="muneris-bench-") as folder:
        region = Region(Path(folder))
        try:
            yield region
        except Exception as error:
            for log in sorted(region.layout.logs.glob("*.log")):
                error.add_note(f"{log.name}: {log.read_text(errors='replace')[-_LOG_END:]}")
            raise
        finally:
            await region.stop()
