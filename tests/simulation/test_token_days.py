"""Twelve days with a dead master, a promotion, an Oracle that is away, lost answers and a region cut off."""

import logging

import pytest
from tests.simulation.seeded import virtual_time
from tests.simulation.seeded.virtual_time import START
from tests.simulation.token_days.world import DAYS, World

from muneris.replication.mastership import Mastership
from muneris.replication.outbox import Outbox
from muneris.replication.role import Role


async def lived(world: World) -> World:
    await world.live()
    return world


def run_for(seed: int) -> World:
    return virtual_time.run(lived(World(seed)))


def require_promises(world: World) -> None:
    assert world.gaps == []
    assert world.oracle.sent_too_late() == []
    ending = world.ending
    assert ending.in_need <= world.oracle.lost()
    assert ending.forked == set()
    first, *others = ending.sends.values()
    assert others == [first, first]


@pytest.mark.parametrize("seed", [1, 2])
def test_twelve_days_leave_no_region_without_a_token(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    world = run_for(seed)
    require_promises(world)
    assert world.looks > DAYS * 24 * 4
    assert world.oracle.refreshes > len(world.accounts)


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_twelve_days_leave_no_region_without_a_token(seed: int) -> None:
    require_promises(run_for(seed))


def test_the_days_show_that_two_act_as_master(monkeypatch: pytest.MonkeyPatch) -> None:
    async def always(mastership: Mastership) -> Role:
        del mastership
        return Role(1, "api1", START)

    monkeypatch.setattr(Mastership, "confirm", always)
    assert run_for(6).oracle.sent_too_late() != []


def test_the_days_show_that_the_queue_is_not_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def carry_nothing(outbox: Outbox, rows: object) -> None:
        del outbox, rows

    monkeypatch.setattr(Outbox, "_carry_all", carry_nothing)
    assert run_for(1).gaps != []
