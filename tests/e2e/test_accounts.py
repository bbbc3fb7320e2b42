"""Two storage accounts a region: a property is whole in one of them, and each takes its share."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

from azure.data.tables import TableClient
from tests.local_cloud import LocalCloud

from localcloud.app_settings import further_storages, storage
from localcloud.azurite import StorageAddress
from localcloud.resources import load_resources
from muneris.cloud.tables.spread import MAIN
from muneris.directory.accounts import choose_account


def accounts(cloud: LocalCloud) -> dict[str, StorageAddress]:
    """Those of the first region."""
    home = cloud.layout.regions[0]
    return {MAIN: storage(cloud.layout, home), **further_storages(cloud.layout, home)}


def has_rows(address: StorageAddress, table: str, code: str) -> bool:
    with TableClient.from_connection_string(address.connection_string, table) as client:
        return any(client.query_entities("PartitionKey eq @code", parameters={"code": code}))


def test_a_property_takes_orders_in_its_account_and_in_no_other(
    cloud: LocalCloud, restaurant: str, first_orders: Callable[[int], Path]
) -> None:
    known = accounts(cloud)
    codes = (f"SPR-EAD{number:02}" for number in count())
    other = next(code for code in codes if choose_account(code, known) != choose_account(restaurant, known))
    report = cloud.command("replay", str(first_orders(3)), "--property", other)
    assert (report["confirmed"], report["duplicate_checks"]) == (3, 0)
    for table in load_resources().tables_in_every_account:
        for code in (restaurant, other):
            found = {name for name, address in known.items() if has_rows(address, table, code)}
            assert found == {choose_account(code, known)}
