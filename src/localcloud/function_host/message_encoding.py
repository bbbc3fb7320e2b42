"""How a queue message's text carries its bytes (host.json `extensions.queues.messageEncoding`)."""

import base64
import binascii
from typing import Literal

type MessageEncoding = Literal["base64", "none"]


class UndecodableMessageError(Exception):
    """A message's text is not in the configured encoding."""


def encode(body: str | bytes, encoding: MessageEncoding) -> str:
    """The text to send for a body.

    Raises:
        ValueError: with encoding `none`, bytes that are no UTF-8.
    """
    if encoding == "base64":
        return base64.b64encode(body.encode() if isinstance(body, str) else body).decode()
    return body if isinstance(body, str) else body.decode()


def decode(text: str, encoding: MessageEncoding) -> str | bytes:
    """The body of a received text: a string where it is UTF-8, else bytes.

    Raises:
        UndecodableMessageError: it should be base64 and is not.
    """
    if encoding == "none":
        return text
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UndecodableMessageError(
            "The message is no base64: send it encoded, or set messageEncoding to 'none' in host.json."
        ) from error
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body
