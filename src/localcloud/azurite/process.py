"""Starts and stops one Azurite."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.layout import LOOPBACK, PROJECT, url

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The emulator's published development key, which all its accounts have here: no secret."""

_SCRIPT = PROJECT / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
_EXIT_WITH_PARENT = Path(__file__).parent / "exit_with_parent.js"
_KEEP_ALIVE_SECONDS = 600  # Azurite's own 5 s close pooled connections under their clients
_START_SECONDS = 30
_POLL_SECONDS = 0.05


class NodeMissingError(Exception):
    """Node.js or the emulator's package is not installed."""


@dataclass(frozen=True)
class StorageAddress:
    """Where a storage account is reached."""

    blob_port: int
    queue_port: int
    table_port: int
    account: str = field(default=ACCOUNT, kw_only=True)

    @property
    def endpoints(self) -> dict[str, str]:
        """The account's addresses, named as Azure's `primaryEndpoints`."""
        return {
            "blob": f"{url(self.blob_port)}/{self.account}",
            "queue": f"{url(self.queue_port)}/{self.account}",
            "table": f"{url(self.table_port)}/{self.account}",
        }

    @property
    def connection_string(self) -> str:
        """What an Azure SDK client connects with."""
        ends = self.endpoints
        return (
            f"DefaultEndpointsProtocol=http;AccountName={self.account};AccountKey={KEY};"
            f"BlobEndpoint={ends['blob']};QueueEndpoint={ends['queue']};TableEndpoint={ends['table']};"
        )


class Azurite:
    """One running emulator.

    It runs on disk: in memory, consuming many messages freezes it for minutes. It ends with the process
    that started it, however that one ends. `further` names accounts that it has beside its address's.
    """

    def __init__(self, address: StorageAddress, folder: Path, log: Path, further: Sequence[str] = ()) -> None:
        self.address = address
        self._folder = folder
        self._log = log
        self._accounts = (address.account, *further)
        self._process: subprocess.Popen[bytes] | None = None
        self._listens = False

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    async def start(self) -> None:
        """Start and return when all three services accept connections.

        Raises:
            NodeMissingError: Node.js or the package is not installed.
            RuntimeError: it ended at once; the message names its log.
            TimeoutError: it did not listen in time.
        """
        node = shutil.which("node")
        if node is None or not _SCRIPT.exists():
            raise NodeMissingError("Node.js 20 or newer and the emulator are needed: run 'make setup'.")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._listens = False
        with self._log.open("ab") as log:
            # Starting a process takes about a millisecond: no need for a thread.
            self._process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own arguments; see above
                [node, "--require", str(_EXIT_WITH_PARENT), str(_SCRIPT), *self._arguments()],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=os.environ | {"AZURITE_ACCOUNTS": ";".join(f"{name}:{KEY}" for name in self._accounts)},
                start_new_session=True,
            )
        await self._wait_until_it_listens()
        self._listens = True

    def _arguments(self) -> list[str]:
        arguments = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        arguments += ["--location", str(self._folder)]
        ports = {
            "blob": self.address.blob_port,
            "queue": self.address.queue_port,
            "table": self.address.table_port,
        }
        for service, port in ports.items():
            arguments += [f"--{service}Host", LOOPBACK, f"--{service}Port", str(port)]
            arguments += [f"--{service}KeepAliveTimeout", str(_KEEP_ALIVE_SECONDS)]
        return arguments

    async def _wait_until_it_listens(self) -> None:
        async with asyncio.timeout(_START_SECONDS):
            for port in (self.address.blob_port, self.address.queue_port, self.address.table_port):
                while not await accepts(port):
                    if self.pid is None:
                        raise RuntimeError(f"The storage emulator ended at once: see {self._log}")
                    await asyncio.sleep(_POLL_SECONDS)

    async def wait(self) -> None:
        """Wait until it has ended."""
        while self.pid is not None:  # noqa: ASYNC110 - another process sets no event of ours
            await asyncio.sleep(_POLL_SECONDS)

    async def stop(self) -> None:
        """End it and wait for its end; nothing to do if it has ended."""
        if self._process is None:
            return
        if not self._listens:
            self._process.kill()  # still loading, it would not hear us; and nobody has given it anything
        if self._process.stdin:
            self._process.stdin.close()
        await self.wait()


async def accepts(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
