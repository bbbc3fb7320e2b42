"""The auth app: sessions, keys and companies. Composition only."""

import secrets

import azure.functions as func

from muneris.auth import api as auth_api
from muneris.auth.access_tokens import AccessTokens
from muneris.auth.service import GuestSessions
from muneris.auth.settings import AuthSettings
from muneris.auth.store import SessionStore
from muneris.cloud.functions import functions_app
from muneris.cloud.http import create_api
from muneris.cloud.http.app_health import health_router
from muneris.cloud.platform import Platform
from muneris.companies import api as companies_api
from muneris.companies.service import Companies
from muneris.companies.store import CompanyStore
from muneris.directory.composition import directory_of

settings = AuthSettings()
platform = Platform(settings, "auth")
region_settings = platform.table("Settings")
directory, outbox = directory_of(settings, platform)
access_tokens = AccessTokens(
    region_settings, settings.region, settings.signing_key.get_secret_value(), secrets.token_bytes
)
sessions = GuestSessions(SessionStore(platform.table("Sessions")), access_tokens, directory, platform.clock)
companies = Companies(CompanyStore(platform.table("Config"), outbox), directory, outbox)

app = functions_app(
    create_api(
        "auth",
        auth_api.router(sessions, access_tokens, platform.authenticate),
        companies_api.router(companies, platform.authenticate),
        health_router("auth", settings.region),
    ),
    settings.region,
)


@app.timer_trigger(schedule="*/30 * * * * *", arg_name="timer", run_on_startup=False, use_monitor=False)
async def sweep_directory(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the trigger's own argument
    """Carry company codes to the regions that were out of reach."""
    await outbox.sweep()
