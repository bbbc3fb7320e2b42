"""Sends what a function left in its output bindings."""

import json
from collections.abc import Mapping

from localcloud.function_host import message_encoding
from localcloud.function_host.bindings import RETURN, QueueOutput
from localcloud.function_host.message_encoding import MessageEncoding
from localcloud.function_host.payloads import HttpResponse, Json, Outcome, Output
from localcloud.function_host.storage import Storage, send_creating_queue


class QueueOutputs:
    """Queue output bindings of one app."""

    def __init__(self, storage: Storage, encoding: MessageEncoding) -> None:
        self._storage = storage
        self._encoding = encoding

    async def send(self, bindings: Mapping[str, QueueOutput], outcome: Outcome) -> None:
        """Send every value that has a queue, the return value included.

        Raises:
            AzureError: the queue does not take it.
            ValueError: a value that cannot be a message.
        """
        for name, binding in bindings.items():
            value = outcome.returned if name == RETURN else outcome.outputs.get(name)
            if value is None:
                continue
            queue = await self._storage.queue(binding.queue, binding.connection)
            for body in messages(value):
                await send_creating_queue(queue, message_encoding.encode(body, self._encoding))


def messages(value: Output) -> list[str | bytes]:
    """The bodies of an output value: a list is one message each, anything else is one.

    Raises:
        ValueError: an HTTP answer is no message.
    """
    if isinstance(value, HttpResponse):
        raise ValueError("A queue cannot take an HTTP answer: return a string.")  # noqa: TRY004 - a bad value
    if isinstance(value, bytes):
        return [value]
    return [_text(each) for each in value] if isinstance(value, list) else [_text(value)]


def _text(value: Json) -> str:
    if isinstance(value, dict) and value.keys() == {"id", "body"}:  # the library's form of a QueueMessage
        value = value["body"]
    return value if isinstance(value, str) else json.dumps(value)
