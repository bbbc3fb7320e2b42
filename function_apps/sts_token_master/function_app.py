"""The token master app: keeps Oracle accounts signed in, in one region for all. Composition only."""

import azure.functions as func

from muneris.cloud.functions import functions_app
from muneris.cloud.http import create_api
from muneris.cloud.http.app_health import health_router
from muneris.cloud.platform import Platform
from muneris.replication import api
from muneris.replication.composition import means_of
from muneris.replication.identity import Identity
from muneris.replication.master import TokenMaster
from muneris.replication.settings import TokenMasterSettings

settings = TokenMasterSettings()
platform = Platform(settings, api.APP)
identity = Identity(platform.clock, allow_local=settings.outbound_local)
means = means_of(settings, platform, identity)
master = TokenMaster(means, platform.publisher)

app = functions_app(
    create_api(
        api.APP,
        api.router(settings.region, means, platform.authenticate),
        health_router(api.APP, settings.region),
    ),
    settings.region,
)


@app.timer_trigger(schedule=settings.token_schedule, arg_name="timer", run_on_startup=False)
async def refresh(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger's own argument
    """As the master, look at every account."""
    await master.run()


@app.timer_trigger(schedule="0 */15 * * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
async def catch_up(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger's own argument
    """Carry over what other regions are owed; as the master, repeat what failed."""
    await master.catch_up()
