import json
from collections.abc import Mapping

import pytest

from localcloud.function_host.app_settings import SettingMissingError, connection_string, substitute
from localcloud.function_host.bindings import (
    Function,
    HttpTrigger,
    QueueOutput,
    QueueTrigger,
    TimerTrigger,
    Trigger,
    UnsupportedBindingError,
    read_function,
    triggered_by,
)
from localcloud.function_host.schedule import Schedule

HTTP_TRIGGER = {
    "direction": "IN",
    "type": "httpTrigger",
    "name": "req",
    "methods": ["GET", "POST"],
    "authLevel": "ANONYMOUS",
    "route": "/{*route}",
}


def read(*bindings: Mapping[str, object], **settings: str) -> Function[Trigger]:
    return read_function("f", "id", [json.dumps(each) for each in bindings], settings)


def test_http_trigger() -> None:
    function = read(HTTP_TRIGGER, {"direction": "OUT", "type": "http", "name": "$return"})
    assert function.trigger == HttpTrigger("req", "{*route}", frozenset({"GET", "POST"}), "anonymous")
    assert function.outputs == {}


def test_an_http_trigger_without_a_route_is_found_by_the_functions_name() -> None:
    assert read({"type": "httpTrigger", "name": "req"}).trigger == HttpTrigger(
        "req", "f", frozenset(), "function"
    )


def test_queue_trigger_and_output() -> None:
    function = read(
        {"type": "queueTrigger", "name": "msg", "queueName": "%IN%-queue", "connection": "DATA"},
        {"type": "queue", "name": "out", "queueName": "done"},
        IN="orders",
    )
    assert function.trigger == QueueTrigger("msg", "orders-queue", "DATA")
    assert function.outputs == {"out": QueueOutput("out", "done", "")}


def test_timer_trigger() -> None:
    timer = {
        "type": "timerTrigger",
        "name": "timer",
        "schedule": "%EVERY%",
        "runOnStartup": True,
        "useMonitor": False,
    }
    trigger = read(timer, EVERY="0 * * * * *").trigger
    assert trigger == TimerTrigger("timer", Schedule("0 * * * * *"), run_on_startup=True, use_monitor=False)


def test_functions_by_their_trigger() -> None:
    function = read(HTTP_TRIGGER)
    assert triggered_by(HttpTrigger, [function]) == [function]
    assert triggered_by(QueueTrigger, [function]) == []


def test_names_an_unknown_binding_and_its_function() -> None:
    with pytest.raises(UnsupportedBindingError, match="Function 'f' uses the binding type 'blobTrigger'"):
        read({"type": "blobTrigger", "name": "blob"})


def test_wants_exactly_one_trigger() -> None:
    with pytest.raises(UnsupportedBindingError, match="has 0 triggers"):
        read({"type": "http", "name": "$return"})
    with pytest.raises(UnsupportedBindingError, match="has 2 triggers"):
        read(HTTP_TRIGGER, HTTP_TRIGGER)


def test_names_a_missing_setting() -> None:
    with pytest.raises(SettingMissingError, match="The app setting 'QUEUE' is missing"):
        substitute("%QUEUE%", {})
    with pytest.raises(SettingMissingError, match="The storage connection 'DATA' is missing"):
        connection_string("DATA", {"AzureWebJobsStorage": "host"})


def test_connections() -> None:
    settings = {
        "AzureWebJobsStorage": "host",
        "DATA": "data",
        "OTHER": "plain",
        "AzureWebJobsOTHER": "prefixed",
    }
    names = ("", "DATA", "OTHER")
    assert [connection_string(name, settings) for name in names] == ["host", "data", "prefixed"]
