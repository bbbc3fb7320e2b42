"""The inventory app: stock, recipes, and what is held for orders. Composition only."""

import azure.functions as func

from muneris.cloud.agenda import REMEMBERED_FOR, Agenda
from muneris.cloud.functions import functions_app, handle_event
from muneris.cloud.http import create_api
from muneris.cloud.http.app_health import health_router
from muneris.cloud.platform import Platform
from muneris.cloud.settings import CloudSettings
from muneris.core.attempts import Attempts
from muneris.core.turns import Turns
from muneris.directory import Directory
from muneris.inventory import api
from muneris.inventory.events import StockAnswers
from muneris.inventory.holds import Holds
from muneris.inventory.movements import Movements
from muneris.inventory.publishing import Publishing
from muneris.inventory.service import Inventory
from muneris.inventory.store import InventoryStore
from muneris.inventory.upkeep import AGENDA, Upkeep

settings = CloudSettings()
platform = Platform(settings, "inventory")
directory = Directory(platform.table("Directory"), settings.region, settings.regions)
clock, attempts = platform.clock, Attempts("the stock of", turns=Turns())
agenda = Agenda(platform.table("Agenda"), AGENDA, clock, remembered=REMEMBERED_FOR)
store = InventoryStore(platform.property_table("Inventory", directory.account_of), agenda, clock)
publishing = Publishing(store, platform.read_models, clock)
inventory = Inventory(store, publishing, clock, attempts)
movements = Movements(store, publishing, clock, attempts)
answers = StockAnswers(Holds(store, publishing, clock, attempts), platform.publisher)
upkeep = Upkeep(store, publishing, agenda, clock)

app = functions_app(
    create_api(
        "inventory",
        api.router(inventory, movements, directory, platform.authenticate, clock),
        health_router("inventory", settings.region),
    ),
    settings.region,
)


@app.queue_trigger(arg_name="message", queue_name="inventory-inbox", connection="MUNERIS_STORAGE")
async def inbox(message: func.QueueMessage) -> None:
    """An order asks to hold, use or give back stock."""
    await handle_event(message, answers.answer)


@app.timer_trigger(schedule="0 */5 * * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
async def repair(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger's own argument
    """Publish what a crash left unpublished."""
    await upkeep.repair()


@app.timer_trigger(schedule="0 40 3 * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
async def purge(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger's own argument
    """Remove holds that settled long ago."""
    await upkeep.purge()
