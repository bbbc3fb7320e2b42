"""Makes sure that every port is free before anything is started."""

import asyncio
import errno
import socket
from collections.abc import Iterable

from localcloud.errors import LocalCloudError
from localcloud.layout import LOOPBACK, Layout

_PATIENCE_SECONDS = 3.0  # what a local cloud that was just killed needs to let go of its ports
_POLL_SECONDS = 0.1


async def wait_for_free_ports(layout: Layout, patience_seconds: float = _PATIENCE_SECONDS) -> None:
    """Return when every port of the layout is free.

    Raises:
        LocalCloudError: a port stays taken; the message names it.
    """
    try:
        async with asyncio.timeout(patience_seconds):
            while _find_taken(layout):  # noqa: ASYNC110 - nobody tells when a port becomes free
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise LocalCloudError(
            f"Port {_find_taken(layout)} is taken: stop what listens there, "
            "or choose other ports with --base-port."
        ) from None


def _find_taken(layout: Layout) -> int | None:
    """The first port that something else listens on, the base port before all others."""
    taken = _first_taken([layout.traffic_manager], socket.SOCK_DGRAM)
    return taken or _first_taken(layout.all_ports, socket.SOCK_STREAM)


def _first_taken(ports: Iterable[int], kind: socket.SocketKind) -> int | None:
    for port in ports:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:  # as servers do: connections that ended do not count
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise LocalCloudError(
                        f"Port {port} cannot be used ({error.strerror}): choose others with --base-port."
                    ) from None
                return port
    return None
