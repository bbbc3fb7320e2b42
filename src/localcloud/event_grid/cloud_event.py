"""CloudEvents 1.0 in JSON, as publishers send them."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, model_validator

BATCH = "application/cloudevents-batch+json"
SINGLE = "application/cloudevents+json"


def _is_rfc3339(value: str) -> str:
    if datetime.fromisoformat(value).tzinfo is None:
        raise ValueError("add the offset from UTC, or Z")
    return value


NonEmpty = Annotated[str, Field(min_length=1)]
Timestamp = Annotated[str, AfterValidator(_is_rfc3339)]


class CloudEvent(BaseModel):
    """One event; extension attributes are kept. Attributes that were not sent stay unset."""

    model_config = ConfigDict(frozen=True, extra="allow")

    specversion: Literal["1.0"]
    id: NonEmpty
    source: NonEmpty
    type: NonEmpty
    subject: str | None = None
    time: Timestamp | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None
    data: JsonValue = None
    data_base64: str | None = None

    @model_validator(mode="after")
    def _has_one_kind_of_data(self) -> Self:
        if {"data", "data_base64"} <= self.model_fields_set:
            raise ValueError("send data or data_base64, not both")
        return self


_batch: TypeAdapter[tuple[CloudEvent, ...]] = TypeAdapter(tuple[CloudEvent, ...])


def parse(body: bytes, content_type: str) -> tuple[CloudEvent, ...]:
    """The events of a publish request.

    Raises:
        ValueError: the content type is neither a CloudEvent's nor a batch's, or an event is not valid.
    """
    if content_type == BATCH:
        return _batch.validate_json(body)
    if content_type == SINGLE:
        return (CloudEvent.model_validate_json(body),)
    raise ValueError(f"This topic takes CloudEvents 1.0 in JSON: send Content-Type {BATCH} or {SINGLE}.")
