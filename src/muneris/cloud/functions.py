"""The Functions entry: an app's HTTP behind the guard, and its queue messages as events."""

import logging
from collections.abc import Awaitable, Callable

import azure.functions as func
from fastapi import FastAPI

from muneris.cloud.events import Event, read_event
from muneris.cloud.http.guard import Guard
from muneris.core.operational import OperationalError

_log = logging.getLogger(__name__)


def functions_app(api: FastAPI, region: str) -> func.AsgiFunctionApp:
    """The Functions app that serves an API on every path. Who may call is the API's own business.

    An app's queue and timer triggers are added to the object it returns.
    """
    return func.AsgiFunctionApp(
        app=Guard(api, region), http_auth_level=func.AuthLevel.ANONYMOUS, function_name="http"
    )


async def handle_event(message: func.QueueMessage, handle: Callable[[Event], Awaitable[None]]) -> None:
    """React to the event in a queue message.

    An outage around us ends it without an answer, and whoever asked will ask again: the dequeue count and
    the poison queue are for bugs.

    Raises:
        Exception: a bug, or a message that holds no event we know; the host counts it towards poison.
    """
    event = read_event(message.get_body())
    try:
        await handle(event)
    except OperationalError as error:
        _log.warning("%s %s is left to be asked again: %s", event.type, event.id, error)
