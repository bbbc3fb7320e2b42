import json
import logging

import azure.functions as func
import pytest

from muneris.cloud.events import Event
from muneris.cloud.functions import functions_app, handle_event
from muneris.cloud.http import create_api
from muneris.cloud.http.app_health import health_router
from muneris.cloud.tables import TableUnavailableError
from muneris.core.operational import OperationalError

EVENT = Event("muneris.orders.submitted", "NOR-CPH01/1", "1-1", {"a": 1})
MESSAGE = func.QueueMessage(
    body=json.dumps(
        {"type": EVENT.type, "subject": EVENT.subject, "id": EVENT.id, "data": EVENT.data}
    ).encode()
)


class Consumer:
    """Keeps the events it was given, then raises what it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.received: list[Event] = []
        self._error = error

    async def __call__(self, event: Event) -> None:
        self.received.append(event)
        if self._error is not None:
            raise self._error


async def test_a_message_is_handled_as_its_event() -> None:
    consumer = Consumer()
    await handle_event(MESSAGE, consumer)
    assert consumer.received == [EVENT]


@pytest.mark.parametrize("error", [OperationalError("down"), TableUnavailableError("down")])
async def test_an_outage_ends_it_with_a_warning(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    consumer = Consumer(error)
    with caplog.at_level(logging.WARNING):
        await handle_event(MESSAGE, consumer)
    assert consumer.received == [EVENT]
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "muneris.orders.submitted 1-1 is left to be asked again: down")
    ]


async def test_a_bug_is_the_hosts_to_count() -> None:
    with pytest.raises(KeyError):
        await handle_event(MESSAGE, Consumer(KeyError("bug")))


async def test_a_message_without_an_event_is_the_hosts_to_count() -> None:
    consumer = Consumer()
    with pytest.raises(ValueError, match=r"."):
        await handle_event(func.QueueMessage(body=b"no event"), consumer)
    assert consumer.received == []


def test_an_app_serves_every_path_to_anyone() -> None:
    app = functions_app(create_api("auth", health_router("auth", "api1")), "api1")
    (function,) = app.get_functions()
    assert function.get_function_name() == "http"
    trigger = function.get_trigger()
    assert trigger is not None
    bound = trigger.get_dict_repr()
    assert (bound["authLevel"], bound["route"]) == (func.AuthLevel.ANONYMOUS, "/{*route}")
