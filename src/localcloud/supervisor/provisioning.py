"""Creates a region's tables, queues and containers; ends when they exist."""

import asyncio

from pydantic import BaseModel

from localcloud.resources import load_resources, provision


class ProvisioningConfig(BaseModel, frozen=True):
    """The storage accounts to create them in: the main one, and those beside it."""

    connection_string: str
    further: tuple[str, ...] = ()


async def serve(config: ProvisioningConfig) -> None:
    """Create what is absent and return."""
    resources = load_resources()
    await asyncio.gather(
        provision(resources, config.connection_string),
        *(provision(resources.of_further_account, each) for each in config.further),
    )
