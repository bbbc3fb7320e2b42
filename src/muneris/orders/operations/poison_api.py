"""HTTP routes for operators: messages that failed too often, in every queue of the region."""

import base64
import json
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, JsonValue

from muneris.cloud.http import Authenticate, problem_responses
from muneris.cloud.http.staff import require_staff
from muneris.cloud.queues import MESSAGE_NOT_FOUND, QUEUE_NOT_FOUND, Message, PoisonQueues
from muneris.core.problems import FORBIDDEN

_NOT_THERE = problem_responses(FORBIDDEN, QUEUE_NOT_FOUND)
_GONE = problem_responses(FORBIDDEN, QUEUE_NOT_FOUND, MESSAGE_NOT_FOUND)
_EVENT = {"type": "muneris.check.post", "subject": "NOR-CPH01/orders/…", "id": "…-2-post", "data": {}}

Queue = Annotated[str, Path(examples=["orders-post"], description="Without its suffix `-poison`")]
MessageId = Annotated[str, Path(examples=["8f2a6c1e-5b7d-4c3a-9e10-2d4f6a8b0c1e"])]


class PoisonMessage(BaseModel):
    """A message that failed too often; `body` is its event, or its text if it holds none."""

    queue: str = Field(examples=["orders-post"])
    message_id: str = Field(examples=["8f2a6c1e-5b7d-4c3a-9e10-2d4f6a8b0c1e"])
    inserted_at: datetime = Field(examples=["2030-05-04T10:30:00Z"])
    expires_at: datetime = Field(examples=["2030-05-11T10:30:00Z"])
    body: JsonValue = Field(examples=[_EVENT])


class PoisonMessages(BaseModel):
    """Poison; of each queue the first 32 messages, because the service shows no more."""

    items: list[PoisonMessage]
    continuation: str | None = Field(default=None, examples=[None])
    lengths: dict[str, int] = Field(examples=[{"inventory-inbox": 0, "orders-inbox": 0, "orders-post": 1}])


class Redriven(BaseModel):
    """How many messages were put back."""

    redriven: int = Field(examples=[1])


class Dropped(BaseModel):
    """How many messages were removed."""

    dropped: int = Field(examples=[1])


def router(poison: PoisonQueues, authenticate: Authenticate) -> APIRouter:
    """The routes of poison."""
    routes = APIRouter(
        prefix="/v1/orders/poison", tags=["operators"], dependencies=[Depends(require_staff(authenticate))]
    )

    @routes.get("", summary="Poison of every queue", responses=problem_responses(FORBIDDEN))
    async def list_poison() -> PoisonMessages:
        """`lengths` are rough, and count what is hidden because somebody is at it."""
        lengths = await poison.lengths()
        listed = {queue: await poison.messages(queue) for queue in lengths if lengths[queue]}
        items = [_answer(queue, message) for queue, messages in listed.items() for message in messages]
        return PoisonMessages(items=items, lengths=dict(lengths))

    @routes.get("/{queue}/{message_id}", summary="A poison message", responses=_GONE)
    async def get_poison(queue: Queue, message_id: MessageId) -> PoisonMessage:
        """One of the first 32 of its queue."""
        return _answer(queue, await poison.get_message(queue, message_id))

    @routes.post("/{queue}/redrive", summary="Put all poison of a queue back", responses=_NOT_THERE)
    async def redrive_all(queue: Queue) -> Redriven:
        """At most 1,000 messages at a time."""
        return Redriven(redriven=await poison.redrive(queue))

    @routes.post("/{queue}/{message_id}/redrive", summary="Put a message back", responses=_GONE)
    async def redrive_one(queue: Queue, message_id: MessageId) -> Redriven:
        """Perhaps twice, never not at all: whoever reads it drops a duplicate."""
        return Redriven(redriven=await poison.redrive(queue, message_id))

    @routes.delete("/{queue}", summary="Remove all poison of a queue for good", responses=_NOT_THERE)
    async def drop_all(queue: Queue) -> Dropped:
        """At most 1,000 messages at a time."""
        return Dropped(dropped=await poison.drop(queue))

    @routes.delete("/{queue}/{message_id}", summary="Remove a message for good", responses=_GONE)
    async def drop_one(queue: Queue, message_id: MessageId) -> Dropped:
        """What it asked for is asked again, if an order still owes it."""
        return Dropped(dropped=await poison.drop(queue, message_id))

    return routes


def _answer(queue: str, message: Message) -> PoisonMessage:
    return PoisonMessage(
        queue=queue,
        message_id=message.id,
        inserted_at=message.inserted_at,
        expires_at=message.expires_at,
        body=_body(message.text),
    )


def _body(text: str) -> JsonValue:
    """What a text holds: events are JSON in base64, as Event Grid puts them into queues."""
    try:
        body: JsonValue = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, RecursionError):
        return text
    return body
