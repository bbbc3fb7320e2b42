"""Creates a region's tables, queues and containers, and names the first master; ends when that is done."""

import asyncio

from pydantic import BaseModel

from localcloud.resources import load_resources, provision
from muneris.cloud.tables.azure import AzureTable
from muneris.cloud.wire.account import storage_account
from muneris.cloud.wire.requests import Requests
from muneris.core.clock import SystemClock
from muneris.replication.mastership import appoint_first


class ProvisioningConfig(BaseModel, frozen=True):
    """The storage accounts to create them in: the main one, and those beside it."""

    connection_string: str
    further: tuple[str, ...] = ()
    first_master: str
    """The region that is master until another one is promoted."""


async def serve(config: ProvisioningConfig) -> None:
    """Do what is not done yet and return."""
    resources = load_resources()
    await asyncio.gather(
        provision(resources, config.connection_string),
        *(provision(resources.of_further_account, each) for each in config.further),
    )
    requests = Requests()
    try:
        table = AzureTable(storage_account(config.connection_string), "Master", requests)
        await appoint_first(table, config.first_master, SystemClock())
    finally:
        await requests.close()
