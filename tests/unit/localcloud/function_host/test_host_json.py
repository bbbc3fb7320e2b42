import json
import os
from pathlib import Path

import pytest

from localcloud.function_host.host_json import HostJson, HostJsonError, QueueOptions, read_host_json


def read(folder: Path, document: object, settings: dict[str, str] | None = None) -> HostJson:
    (folder / "host.json").write_text(json.dumps(document))
    return read_host_json(folder, settings or {})


def test_defaults(tmp_path: Path) -> None:
    host = read(tmp_path, {"version": "2.0", "logging": {}, "extensionBundle": {}})
    assert host.extensions.http.route_prefix == "api"
    assert host.extensions.queues == QueueOptions(
        batch_size=16,
        max_dequeue_count=5,
        visibility_timeout=0,
        max_polling_interval=60,
        message_encoding="base64",
    )
    assert host.extensions.queues.fetch_below == 8 * (os.process_cpu_count() or 1)


def test_values_and_overrides(tmp_path: Path) -> None:
    queues = {"batchSize": 4, "newBatchThreshold": 1, "visibilityTimeout": "00:00:02.5"}
    host = read(
        tmp_path,
        {"version": "2.0", "extensions": {"http": {"routePrefix": ""}, "queues": queues}},
        {
            "AzureFunctionsJobHost__extensions__queues__maxDequeueCount": "7",
            "AzureFunctionsJobHost__extensions__queues__maxPollingInterval": "1.00:01:00",
        },
    )
    assert host.extensions.http.route_prefix == ""
    assert host.extensions.queues == QueueOptions(
        batch_size=4,
        new_batch_threshold=1,
        visibility_timeout=2.5,
        max_dequeue_count=7,
        max_polling_interval=86_460,
    )
    assert host.extensions.queues.fetch_below == 1


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"version": "1.0"},
        {"version": "2.0", "extensions": {"queues": {"batchSize": 33}}},
        {"version": "2.0", "extensions": {"queues": {"visibilityTimeout": "soon"}}},
        {"version": "2.0", "extensions": {"queues": {"messageEncoding": "hex"}}},
    ],
)
def test_refuses_what_azure_refuses(tmp_path: Path, document: object) -> None:
    with pytest.raises(HostJsonError, match=r"host\.json cannot be used"):
        read(tmp_path, document)


def test_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(HostJsonError, match=r"host\.json cannot be used"):
        read_host_json(tmp_path, {})
