"""The orders app: intake, the scheduler, and the way to Simphony. Composition only."""

from datetime import timedelta

import azure.functions as func

from muneris.cloud.agenda import REMEMBERED_FOR, Agenda
from muneris.cloud.functions import functions_app, handle_event
from muneris.cloud.http import create_api
from muneris.cloud.http.app_health import OtherApps, health_router
from muneris.cloud.platform import Platform
from muneris.cloud.queues import PoisonQueues
from muneris.cloud.sealing import Opener
from muneris.config.read_models import menu_read_model, property_read_model
from muneris.directory import Directory
from muneris.inventory.read_models import availability_read_model, recipe_read_model
from muneris.orders.changes import Changes
from muneris.orders.intake import api as intake_api
from muneris.orders.intake import rounds_api, switch_api
from muneris.orders.intake.acceptance import Acceptance
from muneris.orders.intake.calculator import Calculator
from muneris.orders.intake.guests import GuestLimit
from muneris.orders.intake.rounds import Rounds
from muneris.orders.intake.service import Intake
from muneris.orders.intake.slots import Slots
from muneris.orders.intake.switch import IntakeSwitch
from muneris.orders.life import api as life_api
from muneris.orders.life.commands import OrderCommands
from muneris.orders.life.posting import Posting
from muneris.orders.life.progress import Progress
from muneris.orders.life.scheduler import Scheduler
from muneris.orders.life.targets import Targets
from muneris.orders.operations import health_api, poison_api, work_api
from muneris.orders.operations.backlog import Backlog
from muneris.orders.operations.health import Health, Symptom, silent_simphony
from muneris.orders.operations.owed import OwedWork
from muneris.orders.read_models import ReadModels
from muneris.orders.reading import api as reading_api
from muneris.orders.reading.attention import AGENDA as ATTENTION
from muneris.orders.reading.attention import Attention
from muneris.orders.reading.listing import OrderList
from muneris.orders.reading.queries import OrderQueries
from muneris.orders.settings import OrdersSettings
from muneris.orders.store import OrderStore
from muneris.replication.tokens import StoredTokens
from muneris.simphony.composition import PointOfSaleOnDemand
from muneris.simphony.pre_check import PreCheck

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
acceptance = Acceptance(store, agenda, scheduler, guests, Slots(orders, store))
switch = IntakeSwitch(orders, clock)
queries = OrderQueries(store, read_models.homes, changes, OrderList(orders))
progress = Progress(store, scheduler, targets, clock, read_models.recipes)

attention = Attention(Agenda(platform.table("Agenda"), ATTENTION, clock), store)
opener = Opener(settings.sealing_key.get_secret_value())
point_of_sale = PointOfSaleOnDemand(
    properties,
    StoredTokens(platform.table("SimphonyTokens"), opener, clock),
    clock,
    deadline_seconds=settings.simphony_deadline_seconds,
    allow_local=settings.outbound_local,
)
calculator = Calculator(PreCheck(point_of_sale, clock))
intake = Intake(
    settings.region, store, switch, guests, acceptance,
    calculator=calculator, read_models=read_models, clock=clock,
)  # fmt: skip
posting = Posting(
    store,
    scheduler,
    targets,
    attention,
    point_of_sale,
    clock,
    deadline=timedelta(seconds=settings.simphony_deadline_seconds),
)
parts = {**OtherApps(settings.apps, but="orders").checks, **platform.account_checks("Orders")}
poison = PoisonQueues(platform.queues)
backlog = Backlog(store, agenda, attention, poison, clock)
symptoms = {
    "simphony": silent_simphony(targets),
    "work": Symptom("late", backlog.is_late),
    "poison": Symptom("some", backlog.has_poison),
}
health = Health(settings.region, platform.table("Settings"), platform.queues.answer, parts, symptoms)
rounds = Rounds(store, agenda, scheduler, read_models, clock)
commands = OrderCommands(store, agenda, scheduler, directory, clock)
owed = OwedWork(store, agenda, clock)

app = functions_app(
    create_api(
        "orders",
        intake_api.router(intake, platform.authenticate),
        health_api.router(health),
        health_router("orders", settings.region),
        life_api.router(commands, platform.authenticate),
        rounds_api.router(rounds, platform.authenticate),
        switch_api.router(switch, directory, platform.authenticate),
        poison_api.router(poison, platform.authenticate),
        work_api.router(owed, backlog, attention, directory, clock, platform.authenticate),
        reading_api.router(queries, platform.authenticate),
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
