"""What the supervisor and its fork server say to each other: one JSON document a line."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter


class Fork(BaseModel, frozen=True):
    """Command: start a process that runs `target` ("module:serve") with `config`, a JSON document.

    `id` names this one process in every later message. `environment` is added to the inherited one.
    """

    kind: Literal["fork"] = "fork"
    id: int
    target: str
    config: str
    environment: dict[str, str] = {}
    log: str


class Signal(BaseModel, frozen=True):
    """Command: send a signal to a process; nothing happens if it has ended."""

    kind: Literal["signal"] = "signal"
    id: int
    number: int


class Forked(BaseModel, frozen=True):
    """Event: the process exists."""

    kind: Literal["forked"] = "forked"
    id: int
    pid: int


class Exited(BaseModel, frozen=True):
    """Event: the process has ended; `code` is its exit code, or minus the signal that ended it."""

    kind: Literal["exited"] = "exited"
    id: int
    pid: int
    code: int


Command = Annotated[Fork | Signal, Field(discriminator="kind")]
Event = Annotated[Forked | Exited, Field(discriminator="kind")]

commands: TypeAdapter[Fork | Signal] = TypeAdapter(Command)
events: TypeAdapter[Forked | Exited] = TypeAdapter(Event)


def to_line(message: BaseModel) -> bytes:
    """A message as it goes over the pipe."""
    return message.model_dump_json().encode() + b"\n"
