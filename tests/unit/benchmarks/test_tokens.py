import logging

import pytest
from benchmarks.tokens import Accounts, measure_steps
from tests.tenants import REGIONS
from tests.token_regions import Storage

COUNT = 3


async def test_every_step_counts_its_calls() -> None:
    steps = await measure_steps({region: Storage() for region in REGIONS}, COUNT)
    assert [(each.accounts, each.own_calls, each.other_calls) for each in steps] == [
        (COUNT, 9.0, 6.0),
        (COUNT, pytest.approx(1 + 2 / COUNT), pytest.approx(2 + 4 / COUNT)),
        (COUNT, pytest.approx(14 + 2 / COUNT), pytest.approx(14 + 4 / COUNT)),
        (COUNT, pytest.approx(3 + 1 / COUNT), 2.0),
    ]
    assert all(each.seconds > 0 for each in steps)
    assert logging.root.manager.disable == logging.NOTSET


async def test_a_run_that_leaves_an_account_behind_is_no_measurement() -> None:
    accounts = Accounts({region: Storage() for region in REGIONS}, COUNT)
    await accounts.appoint()
    await accounts.sign_in()
    accounts.oracle.good.pop()
    accounts.clock.advance(days=5)
    with pytest.raises(RuntimeError, match="2 of 3 accounts are valid"):
        await accounts.run()


async def test_regions_that_are_not_alike_are_no_measurement() -> None:
    accounts = Accounts({region: Storage() for region in REGIONS}, COUNT)
    await accounts.appoint()
    with accounts.dead("api3"):
        await accounts.sign_in()
    with pytest.raises(RuntimeError, match="do not hold the same of api0"):
        await accounts.require_alike()
