"""The seam to Microsoft's worker library, `azure-functions-runtime`; nothing else imports it.

The library expects its gRPC messages as an injected namespace: plain attribute bags serve. Invocations use
`native_invocation`, which takes the library's own `Datum`; that module is internal, so the version is pinned.
The library keeps its state in modules: one app a process.
"""

import importlib.metadata
import json
import sys
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as library
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native

from localcloud.function_host.payloads import HttpRequest, HttpResponse, Input, JsonText, Outcome, Output

VERSION = importlib.metadata.version("azure-functions-runtime")
invocation_id: ContextVar[str | None] = library.invocation_id_cv
"""The id of the invocation that the running code belongs to."""


class AppLoadError(Exception):
    """The app's function_app.py cannot be loaded; the message carries the traceback."""


@dataclass(frozen=True)
class LoadedFunction:
    """A function as the library reports it; bindings in JSON."""

    name: str
    id: str
    raw_bindings: Sequence[str]


class _StatusResult(SimpleNamespace):
    Failure, Success, Cancelled = 0, 1, 2


class _BindingInfo(SimpleNamespace):
    undefined, string, binary, stream = 0, 1, 2, 3
    out, inout = 1, 2


_MESSAGES = SimpleNamespace(
    BindingInfo=_BindingInfo,
    StatusResult=_StatusResult,
    FunctionMetadataResponse=SimpleNamespace,
    RpcException=SimpleNamespace,
    RpcFunctionMetadata=SimpleNamespace,
    RpcRetryOptions=SimpleNamespace,
    WorkerInitResponse=SimpleNamespace,
    WorkerMetadata=SimpleNamespace,
)


async def load_app(app_dir: Path) -> list[LoadedFunction]:
    """Import the app's function_app.py and list its functions.

    Raises:
        AppLoadError: the file is missing, fails to import, or defines no functions.
    """
    if not (app_dir / "function_app.py").is_file():
        raise AppLoadError(f"There is no function_app.py in {app_dir}: give the folder of a function app.")
    sys.path.insert(0, str(app_dir))
    library.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(app_dir))
    answer = await library.worker_init_request(
        SimpleNamespace(
            request=SimpleNamespace(worker_init_request=init),
            properties={"host": "127.0.0.1", "protos": _MESSAGES},
        )
    )
    if answer.result.status != _StatusResult.Success:
        failure = answer.result.exception
        raise AppLoadError(
            f"{app_dir}/function_app.py cannot be loaded.\n{failure.stack_trace or failure.message}"
        )
    metadata = await library.functions_metadata_request(None)
    functions = metadata.function_metadata_results or []
    if not functions:
        raise AppLoadError(f"{app_dir}/function_app.py defines no functions.")
    return [LoadedFunction(each.name, each.function_id, each.raw_bindings) for each in functions]


def unload() -> None:
    """Let go of the threads of synchronous functions; running ones are not waited for."""
    if executor := library.get_threadpool_executor():
        executor.shutdown(wait=False, cancel_futures=True)


async def invoke(
    function_id: str,
    invocation: str,
    parameter: str,
    value: Input,
    *,
    metadata: Mapping[str, JsonText | str] | None = None,
    trace_parent: str = "",
) -> Outcome:
    """Run a function with one trigger value; its exceptions become the outcome's error."""
    succeeded, returned, outputs, error, _ = await invocation_request_native(
        invocation,
        function_id,
        [(parameter, _datum(value))],
        {name: _datum(each) for name, each in (metadata or {}).items()},
        trace_parent,
    )
    if not succeeded:
        return Outcome(error)
    return Outcome(None, _value(returned), {name: _value(datum) for name, datum in outputs})


def _datum(value: Input) -> Datum:
    match value:
        case HttpRequest():
            return Datum(_http(value), "http")
        case JsonText():
            return Datum(value.text, "json")
        case bytes():
            return Datum(value, "bytes")
        case str():
            return Datum(value, "string")


def _http(request: HttpRequest) -> dict[str, Datum | dict[str, Datum]]:
    return {
        "method": Datum(request.method, "string"),
        "url": Datum(request.url, "string"),
        "headers": _strings(request.headers),
        "query": _strings(request.query),
        "params": _strings(request.params),
        "body": Datum(request.body, "bytes"),
    }


def _strings(values: Mapping[str, str]) -> dict[str, Datum]:
    return {name: Datum(value, "string") for name, value in values.items()}


def _value(datum: Datum | None) -> Output:
    if datum is None or datum.value is None:
        return None
    if datum.type == "http":
        return _http_response(datum.value)
    value: Output = json.loads(datum.value) if datum.type == "json" else datum.value
    return value


def _http_response(answer: Mapping[str, Any]) -> HttpResponse:
    headers = [(name, datum.value) for name, datum in answer["headers"].items()]
    cookies: list[SimpleCookie] = answer["cookies"] or []
    headers += [("Set-Cookie", text) for cookie in cookies for text in _cookie_texts(cookie)]
    return HttpResponse(int(answer["status_code"].value), tuple(headers), answer["body"].value)


def _cookie_texts(cookie: SimpleCookie) -> list[str]:
    return [morsel.OutputString() for morsel in cookie.values()]
