"""The settings of an app's host.json (version 2.0) that matter here.

Defaults and limits are those of the Functions host and of the storage queues extension 5.x.
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic.alias_generators import to_camel

_OVERRIDE = "AzureFunctionsJobHost__"
_TIME_SPAN = re.compile(
    r"(?:(?P<days>\d+)\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{2}):(?P<seconds>\d{2}(?:\.\d+)?)"
)


class HostJsonError(Exception):
    """host.json is missing or wrong."""


def time_span_seconds(text: object) -> object:
    """Seconds of a .NET time span such as `00:00:02.5` or `1.00:00:00`; anything else is left as it is."""
    found = _TIME_SPAN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return text
    hours = int(found["days"] or 0) * 24 + int(found["hours"])
    return hours * 3600 + int(found["minutes"]) * 60 + float(found["seconds"])


Seconds = Annotated[float, BeforeValidator(time_span_seconds)]


class _Section(BaseModel, frozen=True, alias_generator=to_camel, populate_by_name=True):
    """Keys are camelCase in the file; unknown ones belong to parts of the host that are not here."""


class QueueOptions(_Section, frozen=True):
    """`extensions.queues`: durations in seconds."""

    batch_size: int = Field(default=16, ge=1, le=32)
    new_batch_threshold: int | None = Field(default=None, ge=0)
    max_dequeue_count: int = Field(default=5, ge=1)
    visibility_timeout: Seconds = Field(default=0.0, ge=0)
    max_polling_interval: Seconds = Field(default=60.0, ge=0.1)
    message_encoding: Literal["base64", "none"] = "base64"

    @property
    def fetch_below(self) -> int:
        """More messages are fetched while at most this many run."""
        if self.new_batch_threshold is not None:
            return self.new_batch_threshold
        return self.batch_size // 2 * (os.process_cpu_count() or 1)


class HttpOptions(_Section, frozen=True):
    """`extensions.http`."""

    route_prefix: str = "api"


class _Extensions(_Section, frozen=True):
    http: HttpOptions = HttpOptions()
    queues: QueueOptions = QueueOptions()


class HostJson(_Section, frozen=True):
    """An app's host.json."""

    version: Literal["2.0"]
    extensions: _Extensions = _Extensions()


def read_host_json(app_dir: Path, settings: Mapping[str, str]) -> HostJson:
    """Read `host.json`; a setting `AzureFunctionsJobHost__a__b` overrides its key `a.b`, as in Azure.

    Raises:
        HostJsonError: the file is missing, is no JSON, or a value is out of its range.
    """
    file = app_dir / "host.json"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        for name, value in settings.items():
            if name.startswith(_OVERRIDE):
                _override(document, name.removeprefix(_OVERRIDE).split("__"), value)
        return HostJson.model_validate(document)
    except (OSError, ValueError, ValidationError) as error:
        raise HostJsonError(f"{file} cannot be used: {error}") from error


def _override(document: dict[str, object], path: list[str], value: str) -> None:
    *parents, last = path
    for parent in parents:
        child = document.setdefault(parent, {})
        if not isinstance(child, dict):
            raise ValueError(f"'{parent}' is no object")  # noqa: TRY004 - reported with the other bad values
        document = child
    document[last] = value
