"""Pricing an order never holds it up, and says nothing of a property that would have answered later."""

from datetime import timedelta
from decimal import Decimal

from tests.simphony import PROPERTY_CODE, OneConnection, Simulation, StoredTokens, new_check

from muneris.simphony.circuits import Circuits, Patience
from muneris.simphony.client import SimphonyClient
from muneris.simphony.pre_check import PreCheck, PreChecked
from muneris.simphony.service import PointOfSale

QUICK, AMPLE = timedelta(milliseconds=20), timedelta(seconds=10)


async def test_whoever_stops_waiting_does_not_blame_the_property(simulation: Simulation) -> None:
    circuits = Circuits(Patience(failures=1))
    client = SimphonyClient(simulation.session, allow_local=True, circuits=circuits)
    tokens = StoredTokens(simulation.tokens, simulation.bearer)
    pos = PointOfSale(client, tokens, OneConnection(simulation.connection), simulation.clock)
    pre_check = PreCheck(pos, simulation.clock)
    await simulation.break_it(kind="delay", seconds=60, path_prefix="/api/v1/checks/calculator")
    for _ in range(3):
        assert await pre_check.price(PROPERTY_CODE, new_check(), QUICK) == PreChecked()
    await simulation.repair_it()
    priced = await pre_check.price(PROPERTY_CODE, new_check(), AMPLE)
    assert priced.totals is not None
    assert priced.totals.whole == Decimal("190.00")
    assert await simulation.check_count() == 0


async def test_a_property_that_is_left_alone_is_not_waited_for(simulation: Simulation) -> None:
    circuits = Circuits(Patience(failures=1, first_pause=60))
    client = SimphonyClient(simulation.session, allow_local=True, circuits=circuits)
    tokens = StoredTokens(simulation.tokens, simulation.bearer)
    pos = PointOfSale(client, tokens, OneConnection(simulation.connection), simulation.clock)
    await simulation.break_it(kind="refuse", path_prefix="/api/v1/checks", count=1)
    pre_check = PreCheck(pos, simulation.clock)
    assert await pre_check.price(PROPERTY_CODE, new_check(), AMPLE) == PreChecked()
    asked = len(simulation.asked)
    assert await pre_check.price(PROPERTY_CODE, new_check(), AMPLE) == PreChecked()
    assert len(simulation.asked) == asked
