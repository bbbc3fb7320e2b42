"""A property's Simphony: checked at once when it is set, then kept without the password."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from pydantic import BaseModel, Field

from muneris.config.model import SimphonySettings, connected
from muneris.config.problems import SIMPHONY_CHECK_FAILED
from muneris.config.publishing import Publishing
from muneris.config.service import Properties
from muneris.config.store import PropertyStore
from muneris.simphony.errors import SimphonyError
from muneris.simphony.menu import SimphonyMenu
from muneris.simphony.model import Account, Connection, Location, RevenueCenter, Tokens


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

    async def get_menu(self, connection: Connection, bearer: str) -> SimphonyMenu:
        """The revenue center's menu."""
        ...


class KeptTokens(Protocol):
    """Where an account's tokens are kept."""

    async def get_token(self, account: str, *, fresh: bool = False) -> Tokens:
        """An account's tokens; `fresh` reads them from where they are stored, not from memory."""
        ...

    async def keep_tokens(self, account: str, tokens: Tokens) -> None:
        """Put an account's newest tokens in the place of the older ones."""
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


_NOT_REACHED = Finding(ok=False, detail="Not checked: there is no token.")


class SimphonyConnections:
    """Connects properties to Simphony."""

    def __init__(
        self,
        properties: Properties,
        store: PropertyStore,
        publishing: Publishing,
        simphony: Simphony,
        tokens: KeptTokens,
    ) -> None:
        self._properties = properties
        self._store = store
        self._publishing = publishing
        self._simphony = simphony
        self._tokens = tokens

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
        await self._tokens.keep_tokens(connection.account, tokens)
        document = settings.model_dump_json(exclude={"password"})
        await self._store.change(code, lambda known: connected(known, connection), document)
        await self._publishing.publish_soon(code)
        return findings

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
