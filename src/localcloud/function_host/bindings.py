"""A function's bindings, read from what the worker library reports."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from localcloud.function_host.app_settings import substitute
from localcloud.function_host.schedule import Schedule

RETURN = "$return"
"""The name of the binding that takes a function's return value."""


class UnsupportedBindingError(Exception):
    """A function uses a binding that this host does not have."""


@dataclass(frozen=True)
class HttpTrigger:
    """`route` without the prefix; empty `methods` means any; `auth_level` in lower case."""

    parameter: str
    route: str
    methods: frozenset[str]
    auth_level: str


@dataclass(frozen=True)
class QueueTrigger:
    """Runs for every message of `queue`."""

    parameter: str
    queue: str
    connection: str


@dataclass(frozen=True)
class TimerTrigger:
    """Runs on a schedule; `use_monitor` None lets the schedule's period decide."""

    parameter: str
    schedule: Schedule
    run_on_startup: bool
    use_monitor: bool | None


@dataclass(frozen=True)
class QueueOutput:
    """Values that a function sets are sent to `queue`."""

    name: str
    queue: str
    connection: str


type Trigger = HttpTrigger | QueueTrigger | TimerTrigger


@dataclass(frozen=True)
class Function[T: Trigger]:
    """One function of the app; `id` is the worker library's."""

    name: str
    id: str
    trigger: T
    outputs: Mapping[str, QueueOutput]


def triggered_by[T: Trigger](kind: type[T], functions: Iterable[Function[Trigger]]) -> list[Function[T]]:
    """The functions that have this kind of trigger."""
    return [
        Function(function.name, function.id, function.trigger, function.outputs)
        for function in functions
        if isinstance(function.trigger, kind)
    ]


def read_function(
    name: str, function_id: str, raw_bindings: Sequence[str], settings: Mapping[str, str]
) -> Function[Trigger]:
    """Read a function from its bindings in JSON (the format of function.json).

    Raises:
        UnsupportedBindingError: a trigger or binding that this host does not have.
        SettingMissingError: a `%name%` without a setting.
        ScheduleError: a timer's schedule is wrong.
    """
    triggers: list[Trigger] = []
    outputs: dict[str, QueueOutput] = {}
    for text in raw_bindings:
        raw = json.loads(text)
        match raw["type"]:
            case "httpTrigger":
                triggers.append(_http_trigger(raw, name, settings))
            case "queueTrigger":
                triggers.append(QueueTrigger(raw["name"], *_queue(raw, settings)))
            case "timerTrigger":
                triggers.append(_timer_trigger(raw, settings))
            case "queue":
                outputs[raw["name"]] = QueueOutput(raw["name"], *_queue(raw, settings))
            case "http":
                pass  # the answer of an HTTP trigger
            case other:
                raise UnsupportedBindingError(
                    f"Function '{name}' uses the binding type '{other}', which this host does not have: "
                    "httpTrigger, queueTrigger, timerTrigger and queue output are available."
                )
    if len(triggers) != 1:
        raise UnsupportedBindingError(f"Function '{name}' has {len(triggers)} triggers: give it exactly one.")
    return Function(name, function_id, triggers[0], outputs)


def _http_trigger(raw: Mapping[str, object], function: str, settings: Mapping[str, str]) -> HttpTrigger:
    methods = raw.get("methods") or []
    assert isinstance(methods, list)  # noqa: S101 - the worker library writes it
    return HttpTrigger(
        parameter=str(raw["name"]),
        route=substitute(str(raw.get("route") or function), settings).strip("/"),
        methods=frozenset(str(method).upper() for method in methods),
        auth_level=str(raw.get("authLevel", "function")).lower(),
    )


def _queue(raw: Mapping[str, object], settings: Mapping[str, str]) -> tuple[str, str]:
    return substitute(str(raw["queueName"]), settings), str(raw.get("connection") or "")


def _timer_trigger(raw: Mapping[str, object], settings: Mapping[str, str]) -> TimerTrigger:
    monitor = raw.get("useMonitor")
    return TimerTrigger(
        parameter=str(raw["name"]),
        schedule=Schedule(substitute(str(raw["schedule"]), settings)),
        run_on_startup=raw.get("runOnStartup") is True,
        use_monitor=monitor if isinstance(monitor, bool) else None,
    )
