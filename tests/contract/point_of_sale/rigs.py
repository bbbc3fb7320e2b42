"""A point of sale and what a test does to it besides calling it."""

from dataclasses import dataclass
from typing import Literal, Protocol

from tests.point_of_sale import FakePointOfSale
from tests.simphony import ManualClock, Simulation

from muneris.simphony.service import PointOfSale

type Fault = Literal["loses_answer", "loses_request"]
"""Until it is repaired every call is carried out, or not, and nothing of it comes back."""


class Rig(Protocol):
    """One implementation, wired."""

    clock: ManualClock

    @property
    def pos(self) -> PointOfSale | FakePointOfSale:
        """What is called."""
        ...

    async def pay(self, check_ref: str) -> None:
        """A check is paid at the till."""
        ...

    async def spoil(self, fault: Fault) -> None:
        """From now on calls fail."""
        ...

    async def repair(self) -> None:
        """They no longer do."""
        ...


@dataclass
class FakeRig:
    clock: ManualClock
    pos: FakePointOfSale

    async def pay(self, check_ref: str) -> None:
        self.pos.close(check_ref)

    async def spoil(self, fault: Fault) -> None:
        self.pos.mood = self.pos.round_mood = self.pos.void_mood = fault
        self.pos.look_ups_fail = True

    async def repair(self) -> None:
        self.pos.mood = self.pos.round_mood = self.pos.void_mood = "takes"
        self.pos.look_ups_fail = False


@dataclass
class SimulatorRig:
    simulation: Simulation
    clock: ManualClock
    pos: PointOfSale

    async def pay(self, check_ref: str) -> None:
        await self.simulation.close_check(check_ref)

    async def spoil(self, fault: Fault) -> None:
        kind = {"loses_answer": "drop_answer", "loses_request": "disconnect"}[fault]
        await self.simulation.break_it(kind=kind, path_prefix="/api")

    async def repair(self) -> None:
        await self.simulation.repair_it()
