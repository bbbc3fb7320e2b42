"""What a region's infrastructure holds: reads `infra/resources.json` and creates it in a storage account."""

import asyncio
from collections.abc import Awaitable, Iterable
from pathlib import Path
from typing import Annotated, Self

from azure.core.exceptions import ResourceExistsError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables.aio import TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from localcloud.errors import LocalCloudError
from localcloud.layout import PROJECT

DECLARATION = PROJECT / "infra" / "resources.json"

TableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]{2,62}$")]
"""Azure's rule "Understanding the Table service data model": 3 to 63 letters and digits, a letter first."""
LowerCaseName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", min_length=3, max_length=63)
]
"""Azure's rule for queues and containers: 3 to 63 lower-case letters, digits and single hyphens."""
EventGridName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{3,50}$")]
"""Azure's rule for Event Grid topics: 3 to 50 letters, digits and hyphens."""


class ResourceDeclarationError(LocalCloudError):
    """The declaration of resources is missing or wrong; the message says where and why."""


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Subscription(_Declared):
    """An Event Grid subscription that delivers to a storage queue; named as Azure's `eventSubscriptions`.

    Limits are Event Grid's "message delivery and retry": 1 to 30 attempts, 1 to 1440 minutes.
    """

    name: EventGridName
    queue_name: LowerCaseName
    included_event_types: tuple[str, ...] = Field(min_length=1)
    subject_begins_with: str = ""
    subject_ends_with: str = ""
    dead_letter_container: LowerCaseName
    max_delivery_attempts: int = Field(default=30, ge=1, le=30)
    event_time_to_live_in_minutes: int = Field(default=1440, ge=1, le=1440)


class Topic(_Declared):
    """An Event Grid custom topic, and who subscribes to it."""

    name: EventGridName
    subscriptions: tuple[Subscription, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        _refuse_repeated(each.name.lower() for each in self.subscriptions)
        return self


class Resources(_Declared):
    """Everything that infrastructure creates in a region, and the product never does.

    It is in the region's main storage account; `tables_in_every_account` are in each further one as well.
    """

    tables: tuple[TableName, ...]
    tables_in_every_account: tuple[TableName, ...] = ()
    queues: tuple[LowerCaseName, ...]
    containers: tuple[LowerCaseName, ...]
    topics: tuple[Topic, ...]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for names in (self.tables, self.queues, self.containers, [each.name for each in self.topics]):
            _refuse_repeated(name.lower() for name in names)
        return self

    @model_validator(mode="after")
    def _every_account_has_tables_of_the_main_one(self) -> Self:
        for name in self.tables_in_every_account:
            if name not in self.tables:
                raise ValueError(f"Add {name} to 'tables': the main account has it too.")
        return self

    @model_validator(mode="after")
    def _subscriptions_refer_to_what_is_declared(self) -> Self:
        for each in (subscription for topic in self.topics for subscription in topic.subscriptions):
            if each.queue_name not in self.queues:
                raise ValueError(f"Subscription {each.name}: add its queue {each.queue_name} to 'queues'.")
            container = each.dead_letter_container
            if container not in self.containers:
                raise ValueError(f"Subscription {each.name}: add its container {container} to 'containers'.")
        return self

    @property
    def of_further_account(self) -> "Resources":
        """What a storage account beside the main one holds."""
        return Resources(tables=self.tables_in_every_account, queues=(), containers=(), topics=())


def _refuse_repeated(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{name} is declared twice: keep one.")
        seen.add(name)


def load_resources(path: Path = DECLARATION) -> Resources:
    """Read and check a declaration.

    Raises:
        ResourceDeclarationError: it cannot be read, or it is not valid.
    """
    try:
        return Resources.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ResourceDeclarationError(f"Cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        raise ResourceDeclarationError(f"Correct {path}: {error}") from error


async def provision(resources: Resources, connection_string: str) -> None:
    """Create what is absent in a storage account; what exists stays as it is, with its data."""
    async with asyncio.TaskGroup() as services:
        services.create_task(_create_tables(resources.tables, connection_string))
        services.create_task(_create_queues(resources.queues, connection_string))
        services.create_task(_create_containers(resources.containers, connection_string))


async def _create_tables(names: tuple[str, ...], connection_string: str) -> None:
    service = TableServiceClient.from_connection_string(connection_string, transport=_transport())
    async with service, asyncio.TaskGroup() as creations:
        for name in names:
            creations.create_task(_unless_it_exists(service.create_table(name)))


async def _create_queues(names: tuple[str, ...], connection_string: str) -> None:
    service = QueueServiceClient.from_connection_string(connection_string, transport=_transport())
    async with service, asyncio.TaskGroup() as creations:
        for name in names:
            creations.create_task(_unless_it_exists(service.create_queue(name)))


async def _create_containers(names: tuple[str, ...], connection_string: str) -> None:
    service = BlobServiceClient.from_connection_string(connection_string, transport=_transport())
    async with service, asyncio.TaskGroup() as creations:
        for name in names:
            creations.create_task(_unless_it_exists(service.create_container(name)))


def _transport() -> AioHttpTransport:
    return AioHttpTransport(use_env_settings=False)


async def _unless_it_exists(creation: Awaitable[object]) -> None:
    try:
        await creation
    except ResourceExistsError:
        return
