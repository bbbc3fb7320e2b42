"""The config app: properties, their Simphony and their menus. Composition only."""

import azure.functions as func

from muneris.cloud.agenda import Agenda
from muneris.cloud.functions import functions_app
from muneris.cloud.http import create_api
from muneris.cloud.http.app_health import health_router
from muneris.cloud.platform import Platform
from muneris.cloud.sealing import Seal
from muneris.companies.service import Companies
from muneris.companies.store import CompanyStore
from muneris.config import api
from muneris.config.menus import Menus
from muneris.config.publishing import AGENDA, Publishing
from muneris.config.service import Properties
from muneris.config.settings import ConfigSettings
from muneris.config.simphony_calls import SimphonyCalls
from muneris.config.simphony_connection import SimphonyConnections
from muneris.config.store import PropertyStore
from muneris.directory.composition import directory_of
from muneris.simphony.store import StoredTokens

settings = ConfigSettings()
platform = Platform(settings, "config")
directory, outbox = directory_of(settings, platform)
publications = Agenda(platform.table("Agenda"), AGENDA, platform.clock)
companies = Companies(CompanyStore(platform.table("Config"), outbox), directory, outbox)
store = PropertyStore(platform.table("Config"), publications, outbox)
publishing = Publishing(store, platform.read_models, publications)
properties = Properties(store, publishing, companies, directory, outbox)
simphony = SimphonyCalls(platform.clock, allow_local=settings.outbound_local)
tokens = StoredTokens(
    platform.table("SimphonyTokens"), Seal(settings.sealing_key.get_secret_value()), platform.clock
)
connections = SimphonyConnections(properties, store, publishing, simphony, tokens)
menus = Menus(properties, store, publishing, platform.read_models, simphony, tokens, platform.clock)

app = functions_app(
    create_api(
        "config",
        api.router(properties, connections, menus, platform.authenticate),
        health_router("config", settings.region),
    ),
    settings.region,
)


@app.timer_trigger(schedule="*/30 * * * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
async def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger's own argument
    """Publish what is still owed, and carry codes to the regions that were out of reach."""
    await publishing.sweep()
    await outbox.sweep()
