"""The restaurant's own switch: open, busy or paused."""

import logging
import math
import time
from collections.abc import Callable

from pydantic import ValidationError

from muneris.cloud.tables import Table, Transaction
from muneris.core.cache import Cache
from muneris.core.clock import Clock
from muneris.core.operational import OperationalError
from muneris.core.validation import refuse_invalid
from muneris.orders.intake.timing import OPEN, IntakeState

FRESH_SECONDS = 4.0
"""How soon every process goes by what was said."""
_ROW = "intake"

_log = logging.getLogger(__name__)


class IntakeSwitch:
    """How the properties of the region take orders: row `intake` in each one's partition of `Orders`.

    Every order asks; what is known is read again ahead of its time, so that nobody waits for that. A switch
    that cannot be read is where it was last seen, else open: intake stays up.
    """

    def __init__(
        self, table: Table, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._table = table
        self._clock = clock
        self._states = Cache[str, IntakeState](
            self._read,
            fresh_seconds=lambda _: FRESH_SECONDS,
            stale_seconds=math.inf,
            monotonic=monotonic,
        )

    async def get(self, property_code: str) -> IntakeState:
        """How a property takes orders now, as of at most `FRESH_SECONDS` ago."""
        try:
            said = await self._states.get(property_code)
        except OperationalError as error:
            _log.warning("%s: taken to be open: %s", property_code, error)
            return OPEN
        return said.at(self._clock.now())

    def expect(self, property_code: str) -> None:
        """Begin to read how a property takes orders, unless that is known; nobody waits here."""
        self._states.expect(property_code)

    async def put(self, property_code: str, state: IntakeState) -> None:
        """Say how a property takes orders from now on.

        Raises:
            ProblemError: `invalid_request`: it would be over at once.
            OperationalError: it is not known to be said; saying it again is harmless.
        """
        if state.until is not None and state.until <= self._clock.now():
            raise refuse_invalid([("until", "is in the past")])
        said = {"State": state.model_dump_json()}
        await self._table.transact(Transaction(property_code).upsert(_ROW, said))
        await self._states.get(property_code, fresh=True)

    async def _read(self, property_code: str, _before: IntakeState | None) -> IntakeState:
        row = await self._table.find(property_code, _ROW)
        try:
            return OPEN if row is None else IntakeState.model_validate_json(row.text("State"))
        except ValidationError as error:  # a newer version wrote it
            raise OperationalError(f"the switch says what is not known: {error}") from error
