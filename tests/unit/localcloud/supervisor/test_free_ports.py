import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localcloud.errors import LocalCloudError
from localcloud.layout import LOOPBACK, Layout
from localcloud.supervisor.free_ports import wait_for_free_ports


@contextmanager
def _listening(kind: socket.SocketKind) -> Iterator[int]:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((LOOPBACK, 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        yield taken.getsockname()[1]


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
async def test_a_taken_port_is_named(kind: socket.SocketKind, tmp_path: Path) -> None:
    with _listening(kind) as port:
        refusal = f"Port {port} is taken: stop what listens there, or choose other ports with --base-port."
        with pytest.raises(LocalCloudError, match=re.escape(refusal)):
            await wait_for_free_ports(Layout(port, tmp_path), patience_seconds=0)
