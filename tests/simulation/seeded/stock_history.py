"""Short histories of stock that many want at once, recorded of the product over any table."""

import asyncio
import random
from dataclasses import dataclass
from decimal import Decimal
from math import inf

from tests.simulation.linearizability import Call
from tests.simulation.seeded.history import UNKNOWN, Journal
from tests.simulation.seeded.network import Net
from tests.simulation.seeded.processes import InventoryProcess
from tests.simulation.seeded.region import Plan, Region, record_homes

from muneris.cloud.tables.memory import MemoryTable
from muneris.core.operational import OperationalError
from muneris.inventory.model import Command, ImpossibleCommandError, StockLine

BUNS = 5
IMPOSSIBLE = "impossible"
_CODE = "NOR-00"
_HOLDS = 5
_SECONDS = 0.4
_COMMANDS = (Command.RESERVE, Command.RESERVE, Command.RELEASE, Command.CONSUME)


@dataclass(frozen=True)
class Asked:
    """What inventory is asked of one hold; `buns` are what a reserve takes."""

    command: Command
    hold_id: str
    buns: int = 0


@dataclass(frozen=True)
class Held:
    """A hold, as the reference knows it."""

    hold_id: str
    status: str
    buns: int = 0


def stock(holds: frozenset[Held], asked: Asked) -> tuple[frozenset[Held], str]:
    """What a command makes of the holds on so many buns, in the simplest way; and its answer."""
    hold = next((each for each in holds if each.hold_id == asked.hold_id), Held(asked.hold_id, ""))
    taken = sum(each.buns for each in holds if each.status in {"held", "consumed"})
    buns, answer = hold.buns, hold.status
    match asked.command, hold.status:
        case Command.RESERVE, "":
            buns, answer = asked.buns, "held" if taken + asked.buns <= BUNS else "rejected"
        case Command.RELEASE, "" | "held":
            answer = "released"
        case Command.RELEASE, "consumed":
            answer = "returned"
        case Command.CONSUME, "held":
            answer = "consumed"
        case Command.CONSUME, "" | "rejected":
            return holds, IMPOSSIBLE
    return holds - {hold} | {Held(asked.hold_id, answer, buns)}, answer


async def record(seed: int, table: type[MemoryTable]) -> list[Call[Asked, str]]:
    """Some holds that want the buns at once, in two processes over a bad network."""
    chance = random.Random(seed)  # noqa: S311 - the same history each time
    net, calls = Net(chance, Journal(), is_calm=True), list[Call[Asked, str]]()
    region = Region("api1", {_CODE: Plan(BUNS)}, net, table)
    await record_homes([region])
    await region.open()
    net.is_calm = False
    processes = [machine.process for machine in region.inventory if machine.process is not None]

    async def ask(asked: Asked) -> None:
        await asyncio.sleep(chance.uniform(0, _SECONDS))
        process, began = chance.choice(processes), _now()
        try:
            answer = await process.spawn(_carry_out(process, asked))
        except OperationalError:
            calls.append(Call(asked, began, inf, UNKNOWN))
        else:
            calls.append(Call(asked, began, _now(), answer))
        if asked.command is Command.RESERVE:  # tried again it is answered anew, from what became of the hold
            calls.append(Call(asked, began, calls[-1].ended, None))

    everything = [
        Asked(command, f"hold-{number}", 1 + number % 3 if command is Command.RESERVE else 0)
        for number in range(_HOLDS)
        for command in _COMMANDS
    ]
    await asyncio.gather(*map(ask, chance.sample(everything, len(everything))))
    net.is_calm = True
    return calls


async def _carry_out(process: InventoryProcess, asked: Asked) -> str:
    lines = [StockLine(sku="bun", quantity=Decimal(asked.buns))]
    try:
        if asked.command is Command.RESERVE:
            return (await process.holds.reserve(_CODE, asked.hold_id, lines)).status
        return (await process.holds.settle(_CODE, asked.hold_id, asked.command)).status
    except ImpossibleCommandError:
        return IMPOSSIBLE


def _now() -> float:
    return asyncio.get_running_loop().time()
