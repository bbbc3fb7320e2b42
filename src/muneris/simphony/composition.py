"""The point of sale of an app that posts checks, opened by its first call."""

from collections.abc import Collection
from datetime import datetime
from functools import cached_property
from typing import Protocol

from muneris.core.clock import Clock
from muneris.simphony.bearers import TokenSource
from muneris.simphony.client import SimphonyClient, open_session
from muneris.simphony.errors import NotConfiguredError
from muneris.simphony.held import Calculated
from muneris.simphony.model import Check, CheckState, Connection, NewCheck, NewRound
from muneris.simphony.service import PointOfSale


class Connected(Protocol):
    """Whatever may have a connection to Simphony: a published property."""

    @property
    def simphony(self) -> Connection | None:
        """Its connection, or None."""
        ...

    @property
    def time_zone(self) -> str:
        """The IANA name of its time zone."""
        ...


class PublishedProperties(Protocol):
    """Where properties are read."""

    async def find(self, property_code: str) -> Connected | None:
        """The property, or None."""
        ...


class PublishedConnections:
    """The connections of published properties."""

    def __init__(self, properties: PublishedProperties) -> None:
        self._properties = properties

    async def get_connection(self, property_code: str) -> Connection:
        """A property's connection.

        Raises:
            NotConfiguredError: it has none.
        """
        found = await self._properties.find(property_code)
        if found is None or found.simphony is None:
            raise NotConfiguredError(f"{property_code} is not connected to Simphony: connect it in config")
        return found.simphony.model_copy(update={"time_zone": found.time_zone})


class PointOfSaleOnDemand:
    """A `PointOfSale` whose session is opened by the first call: a session belongs to the running loop."""

    def __init__(
        self,
        properties: PublishedProperties,
        tokens: TokenSource,
        clock: Clock,
        *,
        deadline_seconds: float,
        allow_local: bool,
    ) -> None:
        self._connections = PublishedConnections(properties)
        self._tokens = tokens
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._allow_local = allow_local

    async def post_check(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Check:
        """As `PointOfSale.post_check`."""
        return await self._opened.post_check(property_code, new_check, deadline)

    async def post_round(self, property_code: str, new_round: NewRound, deadline: datetime) -> Check:
        """As `PointOfSale.post_round`."""
        return await self._opened.post_round(property_code, new_round, deadline)

    async def void_check(self, property_code: str, check_ref: str, deadline: datetime) -> None:
        """As `PointOfSale.void_check`."""
        await self._opened.void_check(property_code, check_ref, deadline)

    async def find_check(
        self, property_code: str, references: Collection[str], since: datetime
    ) -> Check | None:
        """As `PointOfSale.find_check`."""
        return await self._opened.find_check(property_code, references, since)

    async def find_round(self, property_code: str, check_ref: str, reference: str) -> Check | None:
        """As `PointOfSale.find_round`."""
        return await self._opened.find_round(property_code, check_ref, reference)

    async def find_check_state(self, property_code: str, check_ref: str) -> CheckState | None:
        """As `PointOfSale.find_check_state`."""
        return await self._opened.find_check_state(property_code, check_ref)

    async def calculate(self, property_code: str, new_check: NewCheck, deadline: datetime) -> Calculated:
        """As `PointOfSale.calculate`."""
        return await self._opened.calculate(property_code, new_check, deadline)

    async def get_printed(self, property_code: str, check_ref: str) -> tuple[str, ...]:
        """As `PointOfSale.get_printed`."""
        return await self._opened.get_printed(property_code, check_ref)

    async def find_connected(self, property_code: str) -> bool | None:
        """As `PointOfSale.find_connected`."""
        return await self._opened.find_connected(property_code)

    @cached_property
    def _opened(self) -> PointOfSale:
        client = SimphonyClient(open_session(), allow_local=self._allow_local)
        return PointOfSale(client, self._tokens, self._connections, self._clock, self._deadline_seconds)
