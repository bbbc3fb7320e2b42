"""One local cloud from start to stop: what starts when, what it is doing, and what it is told."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager

import aiohttp

from localcloud.app_settings import endpoint, further_storages, storage, topic
from localcloud.azurite.process import Azurite, NodeMissingError
from localcloud.errors import LocalCloudError
from localcloud.layout import Layout, Region, url
from localcloud.supervisor.forked_service import ForkedService
from localcloud.supervisor.forks import Forks
from localcloud.supervisor.health import is_healthy, wait_until_healthy
from localcloud.supervisor.keys import Keys, load_keys
from localcloud.supervisor.provisioning import ProvisioningConfig
from localcloud.supervisor.service import Service
from localcloud.supervisor.services import Services
from localcloud.supervisor.status import AppStatus, RegionStatus, Status, StorageStatus

_logger = logging.getLogger(__name__)


class Cloud:
    """The processes of one local cloud."""

    def __init__(self, layout: Layout, say: Callable[[str], None]) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            layout: ports and folders.
            say: takes a line of progress.
        """
        self.layout = layout
        self.stop_requested = asyncio.Event()
        self.failure: str | None = None
        """Why the cloud cannot go on, once `stop_requested` is set by itself."""
        self._say = say
        self._forks = Forks()
        self._keys: Keys = load_keys(layout.data_dir, [region.name for region in layout.regions])
        self._services = Services(layout, self._keys, self._forks)
        self._watch: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Start everything and return when every region is healthy.

        Raises:
            LocalCloudError: something did not start; the message names it and its log.
        """
        self.layout.logs.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        services = self._services
        with self._phase("storage"):
            await self._forks.start(self.layout.logs / "fork_server.log")
            self._watch = asyncio.create_task(self._stop_when_forks_end())
            await _start_all(services.storages.values())
        with self._phase("tables, queues and containers"):
            await _all(self._provision(region) for region in self.layout.regions)
        with self._phase("function apps and what surrounds them"):
            await _start_all([*services.surroundings, *services.apps.values()])
        with self._phase("health of every region"):
            await wait_until_healthy(self._http, self._gateways)
        with self._phase("Traffic Manager"):
            await _start_all([services.traffic_manager])
        self._say(f"Ready after {time.monotonic() - begun:.1f} s.")

    async def stop(self) -> int:
        """Stop everything and return how many processes there were."""
        services = self._services
        count = self.process_count
        if self._watch:
            self._watch.cancel()
        await _all(service.stop() for service in services.forked)
        await _all(service.stop() for service in services.storages.values())
        await self._forks.close()
        if self._session:
            await self._session.close()
        return count

    @property
    def process_count(self) -> int:
        """How many services run."""
        pids = [service.pid for service in self._services.forked]
        pids += [service.pid for service in self._services.storages.values()]
        return sum(pid is not None for pid in pids)

    def get_app(self, region: str, app: str) -> Service[ForkedService]:
        """A function app of a region.

        Raises:
            LocalCloudError: there is none of that name.
        """
        try:
            return self._services.apps[region, app]
        except KeyError:
            known = ", ".join(f"{app} in {region}" for region, app in self._services.apps) or "none"
            raise LocalCloudError(f"There is no app {app} in {region}. There are: {known}.") from None

    async def get_status(self) -> Status:
        """What everything is doing now."""
        regions = self.layout.regions
        return Status(
            traffic_manager=endpoint(self.layout.traffic_manager),
            regions=await asyncio.gather(*map(self._get_region, regions)),
            simulators={"simphony": url(self.layout.simphony)},
            event_grid={region.name: topic(self.layout, region) for region in regions},
        )

    async def _get_region(self, region: Region) -> RegionStatus:
        account, further = storage(self.layout, region), further_storages(self.layout, region)
        return RegionStatus(
            name=region.name,
            endpoint=endpoint(self.layout.gateway(region)),
            healthy=await is_healthy(self._http, url(self.layout.gateway(region))),
            storage=StorageStatus(
                pid=self._services.storages[region.name].pid,
                **account.endpoints,
                connection_string=account.connection_string,
                further_accounts={name: each.connection_string for name, each in further.items()},
            ),
            apps=[
                AppStatus(name=app, pid=service.pid, state=service.state, restarts=service.restarts)
                for (home, app), service in self._services.apps.items()
                if home == region.name
            ],
        )

    @property
    def _http(self) -> aiohttp.ClientSession:
        self._session = self._session or aiohttp.ClientSession()
        return self._session

    @property
    def _gateways(self) -> dict[str, str]:
        """Regions whose health can be asked: those with an orders app, which answers it."""
        regions = [region for region in self.layout.regions if (region.name, "orders") in self._services.apps]
        return {region.name: url(self.layout.gateway(region)) for region in regions}

    async def _provision(self, region: Region) -> None:
        log = self.layout.logs / f"{region.name}-provisioning.log"
        further = further_storages(self.layout, region).values()
        config = ProvisioningConfig(
            connection_string=storage(self.layout, region).connection_string,
            further=tuple(address.connection_string for address in further),
            first_master=self.layout.regions[0].name,
        )
        fork = self._forks.fork("localcloud.supervisor.provisioning:serve", config, {}, log)
        await fork.exited.wait()
        if fork.code != 0:
            raise LocalCloudError(f"The resources of {region.name} were not created: see {log}")

    async def _stop_when_forks_end(self) -> None:
        await self._forks.ended.wait()
        self.failure = f"The fork server has ended by itself: see {self.layout.logs / 'fork_server.log'}"
        self.stop_requested.set()

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        seconds = time.monotonic() - begun
        _logger.info("started in %.2f s: %s", seconds, name)
        self._say(f"{seconds:5.1f} s  {name}")


async def _start_all(services: Iterable[Service[ForkedService] | Service[Azurite]]) -> None:
    await _all(_start(service) for service in services)


async def _start(service: Service[ForkedService] | Service[Azurite]) -> None:
    try:
        await service.start()
    except NodeMissingError as error:
        raise LocalCloudError(str(error)) from error
    except (OSError, RuntimeError) as error:  # a TimeoutError is an OSError
        why = str(error) or "it did not answer in time"
        raise LocalCloudError(f"{service.name} did not start: {why}; try again, or see its log") from error


async def _all(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Do everything at once; the first failure ends the rest."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except ExceptionGroup as errors:
        expected = errors.subgroup(LocalCloudError)
        raise expected.exceptions[0] if expected else errors from None
