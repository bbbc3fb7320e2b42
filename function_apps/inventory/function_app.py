"""The inventory app: stock, recipes, and what is held for orders. Composition only."""

import azure.functions as func

from muneris.cloud.functions import functions_app, handle_event
from muneris.cloud.http import create_api
from muneris.cloud.http.app_health import health_router
from muneris.cloud.platform import Platform
from muneris.cloud.settings import CloudSettings
from muneris.directory import Directory
from muneris.inventory import api
from muneris.inventory.attempts import Attempts
from muneris.inventory.events import StockAnswers
from muneris.inventory.holds import Holds
from muneris.inventory.service import Inventory
from muneris.inventory.store import InventoryStore

settings = CloudSettings()
platform = Platform(settings, "inventory")
directory = Directory(platform.table("Directory"), settings.region, settings.regions)
store, attempts = InventoryStore(platform.property_table("Inventory", directory.account_of)), Attempts()
inventory = Inventory(store, platform.read_models, platform.clock, attempts)
answers = StockAnswers(Holds(store, attempts), platform.publisher)

app = functions_app(
    create_api(
        "inventory",
        api.router(inventory, directory, platform.authenticate),
        health_router("inventory", settings.region),
    ),
    settings.region,
)


@app.queue_trigger(arg_name="message", queue_name="inventory-inbox", connection="MUNERIS_STORAGE")
async def inbox(message: func.QueueMessage) -> None:
    """An order asks to hold, use or give back stock."""
    await handle_event(message, answers.answer)
