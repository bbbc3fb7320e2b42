"""Creates a region's tables, queues and containers; ends when they exist."""

from pydantic import BaseModel

from localcloud.resources import load_resources, provision


class ProvisioningConfig(BaseModel, frozen=True):
    """The storage account to create them in."""

    connection_string: str


async def serve(config: ProvisioningConfig) -> None:
    """Create what is absent and return."""
    await provision(load_resources(), config.connection_string)
