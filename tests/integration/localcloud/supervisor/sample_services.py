"""Services for tests, found by the fork server through PYTHONPATH."""

import asyncio
import os
import sys

from pydantic import BaseModel

from localcloud.layout import LOOPBACK


class SampleConfig(BaseModel, frozen=True):
    port: int = 0


async def listen(config: SampleConfig) -> None:
    """Answers every connection with its process, session and a setting."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{os.getpid()} {os.getsid(0)} {os.environ['SAMPLE']}".encode())
        writer.close()

    async with await asyncio.start_server(answer, LOOPBACK, config.port) as server:
        await server.serve_forever()


async def refuse_to_end(config: SampleConfig) -> None:
    while True:
        try:
            await listen(config)
        except asyncio.CancelledError:
            sys.stderr.write("not yet\n")


async def crash(_: SampleConfig) -> None:
    sys.exit(3)


async def fail(_: SampleConfig) -> None:
    raise ValueError("a bug")
