"""What a local cloud consists of: every service with its configuration, derived from the layout."""

from pydantic import BaseModel

from localcloud.app_settings import APPS_FOLDER, app_settings, endpoint, present_apps, storage
from localcloud.azurite import Azurite
from localcloud.event_grid import EventGridConfig
from localcloud.function_host import FunctionHostConfig
from localcloud.gateway import GatewayConfig
from localcloud.layout import Layout, Region, url
from localcloud.resources import load_resources
from localcloud.simulators.simphony import SimphonyConfig
from localcloud.supervisor.forked_service import ForkedService
from localcloud.supervisor.forks import Forks
from localcloud.supervisor.keys import Keys
from localcloud.supervisor.service import Service
from localcloud.traffic_manager import Endpoint, TrafficManagerConfig


class Services:
    """All services of one local cloud, none of them started."""

    def __init__(self, layout: Layout, keys: Keys, forks: Forks) -> None:
        self._layout = layout
        self._keys = keys
        self._forks = forks
        regions = layout.regions
        self.storages = {region.name: self._storage(region) for region in regions}
        """Storage by the name of its region."""
        self.surroundings = [
            self._simphony(),
            *(self._event_grid(region) for region in regions),
            *(self._gateway(region) for region in regions),
        ]
        self.apps = {
            (region.name, app): self._app(region, app) for region in regions for app in present_apps()
        }
        """Function apps by the names of their region and themselves."""
        self.traffic_manager = self._traffic_manager()

    @property
    def forked(self) -> list[Service[ForkedService]]:
        """Every service that runs in a forked process."""
        return [self.traffic_manager, *self.surroundings, *self.apps.values()]

    def _storage(self, region: Region) -> Service[Azurite]:
        name = f"{region.name}-storage"
        folder = self._layout.folder(region) / "storage"
        log = self._layout.logs / f"{name}.log"
        return Service(
            name, Azurite(storage(self._layout, region), folder, log, self._layout.further_accounts)
        )

    def _forked(self, name: str, target: str, config: BaseModel, port: int) -> Service[ForkedService]:
        log = self._layout.logs / f"{name}.log"
        process = ForkedService(self._forks, target=f"{target}:serve", config=config, port=port, log=log)
        return Service(name, process)

    def _simphony(self) -> Service[ForkedService]:
        port = self._layout.simphony
        return self._forked("simphony", "localcloud.simulators.simphony", SimphonyConfig(port=port), port)

    def _event_grid(self, region: Region) -> Service[ForkedService]:
        port = self._layout.event_grid(region)
        config = EventGridConfig(
            port=port,
            key=self._keys.regions[region.name].events,
            connection_string=storage(self._layout, region).connection_string,
            topics=load_resources().topics,
            journal=self._layout.folder(region) / "event-grid.jsonl",
        )
        return self._forked(f"{region.name}-event-grid", "localcloud.event_grid", config, port)

    def _gateway(self, region: Region) -> Service[ForkedService]:
        port = self._layout.gateway(region)
        routes = {f"/v1/{app}": url(self._layout.app(region, app)) for app in present_apps()}
        routes["/health"] = url(self._layout.app(region, "orders"))
        config = GatewayConfig(region=region.name, port=port, routes=routes)
        return self._forked(f"{region.name}-gateway", "localcloud.gateway", config, port)

    def _app(self, region: Region, app: str) -> Service[ForkedService]:
        port = self._layout.app(region, app)
        config = FunctionHostConfig(
            app=app,
            app_dir=APPS_FOLDER / app,
            region=region.name,
            port=port,
            settings=app_settings(self._layout, region, app, self._keys),
        )
        return self._forked(f"{region.name}-{app}", "localcloud.function_host", config, port)

    def _traffic_manager(self) -> Service[ForkedService]:
        port = self._layout.traffic_manager
        endpoints = [
            Endpoint(
                name=region.name,
                url=endpoint(self._layout.gateway(region)),
                location=region.location,
                priority=region.number,
            )
            for region in self._layout.regions
        ]
        config = TrafficManagerConfig(port=port, endpoints=endpoints)
        return self._forked("traffic-manager", "localcloud.traffic_manager", config, port)
