"""A property's Simphony: checked at once when it is set, then kept without the password."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, Field

from muneris.cloud.agenda import Agenda
from muneris.config.model import SimphonySettings, connected
from muneris.config.problems import SIMPHONY_CHECK_FAILED, SIMPHONY_NOT_CONNECTED
from muneris.config.publishing import Publishing
from muneris.config.service import Properties
from muneris.config.store import PropertyStore
from muneris.config.subscriptions import Subscriptions
from muneris.replication.accounts import Standing, State
from muneris.simphony.errors import SimphonyError
from muneris.simphony.model import Account, Connection, Tokens
from muneris.simphony.organization import Location, RevenueCenter


class Simphony(Protocol):
    """What config asks of Simphony; every call raises `SimphonyError` when it fails."""

    async def sign_in(self, account: Account, password: str) -> Tokens:
        """Tokens for an account's password."""
        ...

    async def get_location(self, connection: Connection, bearer: str) -> Location:
        """The location a connection names."""
        ...

    async def get_revenue_center(self, connection: Connection, bearer: str) -> RevenueCenter:
        """The revenue center a connection names."""
        ...


class KeptTokens(Protocol):
    """Where an account's tokens are kept."""

    async def get_token(self, account: str, *, fresh: bool = False) -> Tokens:
        """An account's tokens; `fresh` reads them from where they are stored, not from memory."""
        ...

    async def find_standing(self, account: str) -> Standing | None:
        """How an account stands; None: it was never signed in."""
        ...

    async def keep_tokens(self, account: Account, tokens: Tokens, password: str | None = None) -> None:
        """Put an account's newest tokens in the place of the older ones; keep a password that is given."""
        ...


class Finding(BaseModel, frozen=True):
    """How one check came out."""

    ok: bool = Field(examples=[True])
    detail: str = Field(examples=["Copenhagen (DKK)"])


class Findings(BaseModel, frozen=True):
    """How a connection was found."""

    token: Finding
    location: Finding
    revenue_center: Finding

    @property
    def failed(self) -> list[str]:
        """The names of what did not succeed."""
        return [name for name, finding in self if not finding.ok]


class AccountStatus(BaseModel, frozen=True):
    """How the tokens of a property's Oracle account stand.

    `sign_in_needed`: nothing refreshes them any more, and in `days_left` they expire; set Simphony again.
    """

    state: State = Field(examples=["valid"])
    expires_at: datetime = Field(examples=["2030-05-18T12:00:00Z"])
    days_left: int = Field(examples=[9])
    password_expires_soon: bool = Field(examples=[False])


_NOT_REACHED = Finding(ok=False, detail="Not checked: there is no token.")


class SimphonyConnections:
    """Connects properties to Simphony; `menus` is the agenda of those whose menus are kept up to date.

    `subscriptions` is None where Simphony cannot call this region.
    """

    def __init__(
        self,
        properties: Properties,
        store: PropertyStore,
        publishing: Publishing,
        simphony: Simphony,
        tokens: KeptTokens,
        menus: Agenda,
        subscriptions: Subscriptions | None,
    ) -> None:
        self._properties = properties
        self._store = store
        self._publishing = publishing
        self._simphony = simphony
        self._tokens = tokens
        self._menus = menus
        self._subscriptions = subscriptions

    async def connect(self, code: str, settings: SimphonySettings) -> Findings:
        """Check the settings against Simphony and keep them if all is well.

        Raises:
            ProblemError: `property_not_found`, `property_in_another_region`, or `simphony_check_failed`
                with the findings; then nothing is kept.
        """
        await self._properties.get(code)
        findings, tokens = await self._check(settings)
        if tokens is None or findings.failed:
            raise SIMPHONY_CHECK_FAILED(
                f"Correct the settings of: {', '.join(findings.failed)}.", **findings.model_dump()
            )
        connection = settings.connection
        await self._tokens.keep_tokens(settings.account, tokens, settings.kept_password)
        document = settings.model_dump_json(exclude={"password"})
        await self._menus.touch(code)
        await self._store.change(code, lambda known: connected(known, connection), document)
        await self._publishing.publish_soon(code)
        if self._subscriptions is not None:
            await self._subscriptions.try_to_renew(code)
        return findings

    async def get_status(self, code: str) -> AccountStatus:
        """How the account of a property stands.

        Raises:
            ProblemError: `property_not_found`, `property_in_another_region` or `simphony_not_connected`.
        """
        connection = (await self._properties.get(code)).simphony
        standing = None if connection is None else await self._tokens.find_standing(connection.account)
        if standing is None:
            raise SIMPHONY_NOT_CONNECTED(f"Set the Simphony of {code} first.")
        return AccountStatus(
            state=standing.state,
            expires_at=standing.expires_at,
            days_left=standing.days_left,
            password_expires_soon=standing.password_expires_soon,
        )

    async def _check(self, settings: SimphonySettings) -> tuple[Findings, Tokens | None]:
        try:
            tokens = await self._simphony.sign_in(settings.account, settings.password.get_secret_value())
        except SimphonyError as error:
            token = Finding(ok=False, detail=str(error))
            return Findings(token=token, location=_NOT_REACHED, revenue_center=_NOT_REACHED), None
        connection = settings.connection
        bearer = tokens.bearer_for(connection)

        async def location() -> str:
            found = await self._simphony.get_location(connection, bearer)
            return f"{found.name} ({found.currency})"

        async def revenue_center() -> str:
            return (await self._simphony.get_revenue_center(connection, bearer)).name

        findings = Findings(
            token=Finding(ok=True, detail="Signed in."),
            location=await _find_out(location),
            revenue_center=await _find_out(revenue_center),
        )
        return findings, tokens


async def _find_out(check: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(ok=True, detail=await check())
    except SimphonyError as error:
        return Finding(ok=False, detail=str(error))
