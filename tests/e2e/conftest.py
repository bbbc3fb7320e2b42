from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.e2e.token_account import Tokens, signed_in_and_refreshed
from tests.local_cloud import LocalCloud, running_cloud
from tests.sample_orders import sample_file

E2E_ORDERS = 150


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """One process runs all of them: they share a cloud, and two clouds would share two cores."""
    ours = [item for item in items if "tests/e2e" in item.nodeid]
    for item in ours:
        item.add_marker(pytest.mark.e2e)
        item.add_marker(pytest.mark.xdist_group("e2e"))
    yield
    if hasattr(config, "workerinput") and config.getoption("loadgroup", default=False):
        assert all(item.nodeid.endswith("@e2e") for item in ours), "xdist does not group tests"


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Three regions of two storage accounts each."""
    with running_cloud(tmp_path_factory.mktemp("cloud"), regions=3, storage_accounts=2) as running:
        yield running


@pytest.fixture(scope="session")
def first_orders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Makes a file of the sample's first orders: whole orders, as they come."""
    rows = sample_file(tmp_path_factory.mktemp("all")).read_text().splitlines()

    def write(count: int) -> Path:
        wanted = [row for row in rows[1:] if int(row.split("\t")[0]) <= count]
        file = tmp_path_factory.mktemp("first") / "orders.tsv"
        file.write_text("\n".join([rows[0], *wanted]) + "\n")
        return file

    return write


@pytest.fixture(scope="session")
def some_orders(first_orders: Callable[[int], Path]) -> Path:
    return first_orders(E2E_ORDERS)


@pytest.fixture(scope="session")
def restaurant(cloud: LocalCloud, first_orders: Callable[[int], Path]) -> str:
    """A property that lives in the first region and takes orders."""
    code = "HOM-E01"
    cloud.command("replay", str(first_orders(3)), "--property", code)
    return code


@pytest.fixture(scope="session")
def tokens(cloud: LocalCloud) -> Tokens:
    """A token that was refreshed. To be had before any promotion: after one, a master waits for minutes."""
    return signed_in_and_refreshed(cloud)
