"""The config app: properties, their Simphony and their menus. Composition only."""

import azure.functions as func

from muneris.cloud.agenda import Agenda
from muneris.cloud.functions import functions_app
from muneris.cloud.http import create_api
from muneris.cloud.http.app_health import health_router
from muneris.cloud.platform import Platform
from muneris.companies.service import Companies
from muneris.companies.store import CompanyStore
from muneris.config import api
from muneris.config.menu_source import MenuSource
from muneris.config.menu_status import MenuStatuses
from muneris.config.menu_upkeep import CONNECTED, AskedRefreshes, MenuUpkeep
from muneris.config.menus import Menus
from muneris.config.publishing import AGENDA, Publishing
from muneris.config.service import Properties
from muneris.config.settings import ConfigSettings
from muneris.config.simphony_calls import SimphonyCalls
from muneris.config.simphony_connection import SimphonyConnections
from muneris.config.store import PropertyStore
from muneris.config.subscriptions import Subscriptions
from muneris.config.webhooks import ToldMessages, Webhooks
from muneris.directory.composition import directory_of
from muneris.replication.composition import token_keeper_of

settings = ConfigSettings()
platform = Platform(settings, "config")
directory, outbox = directory_of(settings, platform)
publications = Agenda(platform.table("Agenda"), AGENDA, platform.clock)
companies = Companies(CompanyStore(platform.table("Config"), outbox), directory, outbox)
store = PropertyStore(platform.table("Config"), publications, outbox)
publishing = Publishing(store, platform.read_models, publications)
properties = Properties(store, publishing, companies, directory, outbox)
simphony = SimphonyCalls(platform.clock, allow_local=settings.outbound_local)
tokens = token_keeper_of(settings, platform)
connected = Agenda(platform.table("Agenda"), CONNECTED, platform.clock)
secret = settings.webhook_secret.get_secret_value().encode() if settings.webhook_secret else None
subscriptions = (
    Subscriptions(store, connected, simphony, tokens, settings.webhook_url, secret)
    if secret and settings.webhook_url
    else None
)
connections = SimphonyConnections(properties, store, publishing, simphony, tokens, connected, subscriptions)
menus = Menus(
    properties,
    store,
    publishing,
    platform.read_models,
    MenuSource(simphony, tokens, platform.read_models),
    MenuStatuses(platform.table("Config")),
    platform.clock,
)
asked = AskedRefreshes(platform.table("Agenda"), platform.clock)
upkeep = MenuUpkeep(menus, connected, asked)
webhooks = Webhooks(properties, ToldMessages(platform.table("Config")), asked, secret, platform.clock)

app = functions_app(
    create_api(
        "config",
        api.router(properties, connections, menus, webhooks, platform.authenticate),
        health_router("config", settings.region),
    ),
    settings.region,
)


@app.timer_trigger(schedule="*/30 * * * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
async def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger's own argument
    """Publish what is still owed, and carry codes to the regions that were out of reach."""
    await publishing.sweep()
    await outbox.sweep()


@app.timer_trigger(schedule="15,45 * * * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
async def refresh_asked_menus(timer: func.TimerRequest) -> None:  # noqa: ARG001 - as above
    """Read the menus that Simphony says have changed."""
    await upkeep.refresh_asked()


@app.timer_trigger(schedule="0 */15 * * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
async def refresh_menus(timer: func.TimerRequest) -> None:  # noqa: ARG001 - as above
    """Read what has changed in the menus of this region's properties."""
    await upkeep.refresh_all()


@app.timer_trigger(schedule="0 20 3 * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
async def renew_subscriptions(timer: func.TimerRequest) -> None:  # noqa: ARG001 - as above
    """See that Simphony tells this region of changes."""
    if subscriptions is not None:
        await subscriptions.renew_all()
