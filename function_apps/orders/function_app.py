"""The orders app: intake, the scheduler, and the way to Simphony. Composition only."""

from datetime import timedelta

import azure.functions as func

from muneris.cloud.agenda import REMEMBERED_FOR, Agenda
from muneris.cloud.functions import functions_app, handle_event
from muneris.cloud.http import create_api
from muneris.cloud.http.app_health import OtherApps, health_router
from muneris.cloud.platform import Platform
from muneris.cloud.sealing import Seal
from muneris.config.read_models import menu_read_model, property_read_model
from muneris.directory import Directory
from muneris.inventory.read_models import availability_read_model, recipe_read_model
from muneris.orders import api
from muneris.orders.changes import Changes
from muneris.orders.guests import GuestLimit
from muneris.orders.health import Health
from muneris.orders.posting import Posting
from muneris.orders.progress import Progress
from muneris.orders.queries import OrderQueries
from muneris.orders.read_models import ReadModels
from muneris.orders.scheduler import Scheduler
from muneris.orders.service import Intake
from muneris.orders.settings import OrdersSettings
from muneris.orders.store import OrderStore
from muneris.orders.targets import Targets
from muneris.simphony.composition import PointOfSaleOnDemand
from muneris.simphony.store import StoredTokens

settings = OrdersSettings()
platform = Platform(settings, "orders")
clock = platform.clock

directory = Directory(platform.table("Directory"), settings.region, settings.regions)
orders = platform.property_table("Orders", directory.account_of)
changes = Changes(orders)
store = OrderStore(orders, changes)
agenda = Agenda(platform.table("Agenda"), "region", clock, remembered=REMEMBERED_FOR)
targets = Targets(platform.table("Agenda"), clock)
scheduler = Scheduler(store, agenda, targets, platform.publisher, clock)

properties = property_read_model(platform.read_models)
read_models = ReadModels(
    homes=directory,
    properties=properties,
    menus=menu_read_model(platform.read_models),
    recipes=recipe_read_model(platform.read_models),
    availability=availability_read_model(platform.read_models),
)
guests = GuestLimit(store, settings.guest_open_orders)
intake = Intake(settings.region, store, agenda, scheduler, guests, read_models, clock)
queries = OrderQueries(store, read_models.homes, changes)
progress = Progress(store, scheduler, targets, clock)

seal = Seal(settings.sealing_key.get_secret_value())
point_of_sale = PointOfSaleOnDemand(
    properties,
    StoredTokens(platform.table("SimphonyTokens"), seal, clock),
    clock,
    deadline_seconds=settings.simphony_deadline_seconds,
    allow_local=settings.outbound_local,
)
posting = Posting(
    store,
    scheduler,
    targets,
    point_of_sale,
    clock,
    deadline=timedelta(seconds=settings.simphony_deadline_seconds),
)
parts = {**OtherApps(settings.apps, but="orders").checks, **platform.account_checks("Orders")}
health = Health(settings.region, platform.table("Settings"), platform.queues_answer, parts, targets)

app = functions_app(
    create_api(
        "orders",
        api.router(intake, queries, health, platform.authenticate),
        health_router("orders", settings.region),
    ),
    settings.region,
)


@app.queue_trigger(arg_name="message", queue_name="orders-inbox", connection="MUNERIS_STORAGE")
async def inbox(message: func.QueueMessage) -> None:
    """Inventory has answered."""
    await handle_event(message, progress.apply)


@app.queue_trigger(arg_name="message", queue_name="orders-post", connection="MUNERIS_STORAGE")
async def post(message: func.QueueMessage) -> None:
    """An order is to be posted to Simphony."""
    await handle_event(message, posting.post)


@app.timer_trigger(schedule="*/5 * * * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
async def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger's own argument
    """Send whatever orders still owe."""
    await scheduler.sweep()
