"""Holding, using and giving back stock for orders: what arrives together is decided together."""

from collections.abc import Sequence
from functools import partial

from muneris.cloud.tables import RowConflictError, RowExistsError
from muneris.cloud.tables.transaction import MAX_ROWS
from muneris.core.attempts import Attempts
from muneris.core.clock import Clock
from muneris.core.groups import Groups
from muneris.inventory import model
from muneris.inventory.known import KnownStock
from muneris.inventory.model import Command, Decisions, Hold, Outcome, StockCommand, StockLine
from muneris.inventory.publishing import Publishing
from muneris.inventory.store import Change, InventoryStore

MOST_TOGETHER = MAX_ROWS // 2
"""Commands in one group: half of a transaction's rows are for their holds, half for the items they share.

A group whose items are more goes in several transactions.
"""


class Holds:
    """Orders' holds on stock, and their rounds'.

    Commands of one property that arrive while others are carried out share the next transaction. They are
    decided one after the other, on the rows as this process remembers them; each row is written on the
    condition that it still is that version.
    """

    def __init__(
        self, store: InventoryStore, publishing: Publishing, clock: Clock, attempts: Attempts
    ) -> None:
        self._store = store
        self._publishing = publishing
        self._clock = clock
        self._attempts = attempts
        self._groups = Groups[str, StockCommand, Hold](self._carry_out, _fits, at_once=1)

    async def reserve(self, property_code: str, hold_id: str, lines: Sequence[StockLine]) -> Hold:
        """Hold stock, all or nothing; what was decided before is answered again."""
        asked = StockCommand(Command.RESERVE, hold_id, model.merged(lines))
        return await self._groups.join(property_code, asked)

    async def settle(self, property_code: str, hold_id: str, command: Command) -> Hold:
        """Consume or release a hold; done before, or given back before, it is answered as it is.

        Raises:
            ImpossibleCommandError: to consume what was never held.
        """
        return await self._groups.join(property_code, StockCommand(command, hold_id))

    async def _carry_out(self, property_code: str, commands: Sequence[StockCommand]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        while len(outcomes) < len(commands):
            known = KnownStock(self._store, property_code)
            attempt = partial(self._attempt, property_code, commands[len(outcomes) :], known)
            outcomes += await self._attempts.run(property_code, attempt)
        return outcomes

    async def _attempt(
        self, property_code: str, commands: Sequence[StockCommand], known: KnownStock
    ) -> Sequence[Outcome] | None:
        """The outcomes of as many commands as one transaction takes; None: another process was first."""
        now = self._clock.now()
        decisions = model.decide_together(commands, known, MAX_ROWS, now)
        while await known.make_sure_of(decisions):
            decisions = model.decide_together(commands, known, MAX_ROWS, now)
        try:
            await self._write(property_code, decisions, known)
        except RowConflictError as conflict:
            _doubt(decisions, known, conflict)
            return None
        return decisions.outcomes

    async def _write(self, property_code: str, decisions: Decisions, known: KnownStock) -> None:
        holds = [Change(each, known.holds.find(hold_id)) for hold_id, each in decisions.holds.items()]
        items = [Change(each, known.items.find(sku)) for sku, each in decisions.items.items()]
        if not holds:
            return
        try:
            await self._store.write(property_code, holds, items)
        finally:  # whose answer was lost may have happened
            self._publishing.notice(property_code, items)


def _fits(taken: Sequence[StockCommand], _: StockCommand) -> bool:
    return len(taken) < MOST_TOGETHER


def _doubt(decisions: Decisions, known: KnownStock, conflict: RowConflictError) -> None:
    """What a conflict puts in doubt: the holds taken to be new, or the versions of all the rest.

    And whatever an outcome only relied on: by the next attempt it may be otherwise.
    """
    known.holds.doubt(decisions.relied_on_holds)
    known.items.doubt(decisions.relied_on_items)
    new = {hold_id for hold_id in decisions.holds if known.holds.find(hold_id) is None}
    if isinstance(conflict, RowExistsError):
        known.holds.doubt(new)
        return
    known.holds.doubt(decisions.holds.keys() - new)
    known.items.doubt(decisions.items.keys())
