"""Loads a function app as the Functions host does, without any I/O, and prints its OpenAPI document.

Run as `python openapi_of.py function_apps/<app>/function_app.py`, with the app's settings in the environment.
"""

import json
import runpy
import sys
from collections.abc import Sequence

from fastapi import FastAPI

from muneris.cloud import functions

_NETWORK = frozenset(
    {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg"}
)
_WRITES = frozenset("wax+")


def _refuse_io(event: str, arguments: Sequence[object]) -> None:
    """An audit hook: loading an app reads code and settings, nothing else."""
    writes = event == "open" and not _WRITES.isdisjoint(str(arguments[1]))
    if writes or event in _NETWORK:
        raise RuntimeError(f"loading the app does I/O: {event} {arguments}")


def main(function_app: str) -> None:
    """Load an app and print its document."""
    apis: list[FastAPI] = []
    build = functions.functions_app

    def building(api: FastAPI, region: str) -> object:
        apis.append(api)
        return build(api, region)

    vars(functions)["functions_app"] = building
    sys.addaudithook(_refuse_io)
    runpy.run_path(function_app, run_name="function_app")
    (api,) = apis
    sys.stdout.write(json.dumps(api.openapi()))


if __name__ == "__main__":
    main(sys.argv[1])
