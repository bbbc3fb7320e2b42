"""Apps start without the libraries that take long to import and that their first request does not need."""

import json
import os
import subprocess
import sys

import pytest

from localcloud.app_settings import load_example
from localcloud.layout import APPS, PROJECT

LATER = {"azure.data", "azure.eventgrid", "azure.identity", "azure.storage", "msal", "requests", "urllib3"}
"""Azure's SDKs and what they stand on: hundreds of milliseconds of CPU."""
NEVER = {"localcloud", "pytest", "rich", "typer"}

PRINT_MODULES = "import function_app, json, sys; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("app", APPS)
def test_an_app_starts_without_what_it_needs_later_or_never(app: str) -> None:
    started = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-B", "-c", PRINT_MODULES],
        cwd=PROJECT / "function_apps" / app,
        env=os.environ | load_example(),
        capture_output=True,
        check=True,
        timeout=100,
    )
    modules = set(json.loads(started.stdout))
    assert {"function_app", "azure.functions", "muneris.cloud.platform"} <= modules
    assert modules & (LATER | NEVER) == set()
