"""Every app can be loaded without I/O, and its OpenAPI document says what it answers and refuses."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI

from localcloud.app_settings import load_example
from localcloud.layout import PROJECT

LOADER = Path(__file__).with_name("openapi_of.py")
APPS = sorted(each.parent.name for each in (PROJECT / "function_apps").glob("*/function_app.py"))
REGION_HEALTH = "GET /health"
"""Its 503 is a report, too."""

type Operation = Mapping[str, Any]

pytestmark = pytest.mark.xdist_group("openapi")


@pytest.fixture(params=APPS)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """An app's document."""
    document: dict[str, Any] = json.loads(load(request.param))
    assert document["info"]["title"] == f"Muneris {request.param}"
    return document


@cache
def load(app: str) -> bytes:
    """What the loader prints of an app, in a process of its own."""
    loaded = subprocess.run(  # noqa: S603 - our own files
        [sys.executable, "-B", "-W", "error", LOADER, PROJECT / "function_apps" / app / "function_app.py"],
        env=os.environ | load_example(),
        capture_output=True,
        check=False,
        timeout=100,
    )
    assert (loaded.stderr.decode(), loaded.returncode) == ("", 0)
    return loaded.stdout


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    """Every route by its name."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def refusals(operation: Operation) -> dict[str, set[str]]:
    """The problem codes that a route documents, by status."""
    return {
        status: set(re.findall(r"`(\w+)`", response["description"]))
        for status, response in operation["responses"].items()
        if status >= "400"
    }


def references(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from references(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)


def test_it_is_an_openapi_document(document: dict[str, Any]) -> None:
    OpenAPI.model_validate(document)
    assert document["openapi"].startswith("3.1.")
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= schemas


def test_routes_are_summed_up_and_named_apart(document: dict[str, Any]) -> None:
    routes = dict(operations(document))
    assert [name for name, operation in routes.items() if not operation.get("summary")] == []
    assert len({operation["operationId"] for operation in routes.values()}) == len(routes)


def test_routes_are_the_apps_own(document: dict[str, Any]) -> None:
    app = document["info"]["title"].removeprefix("Muneris ")
    elsewhere = {path for path in document["paths"] if not path.startswith(f"/v1/{app}/")}
    assert elsewhere == ({"/health"} if app == "orders" else set())


def test_parameters_of_a_path_are_described(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        described = [each for each in operation.get("parameters", []) if each["in"] == "path"]
        assert {each["name"] for each in described} == set(re.findall(r"{(\w+)}", name))
        assert all(each["required"] for each in described)


def test_an_order_is_placed_with_a_key() -> None:
    operation = json.loads(load("orders"))["paths"]["/v1/orders/{property_code}"]["post"]
    parameters = [(each["in"], each["name"], each["required"]) for each in operation["parameters"]]
    assert parameters == [("path", "property_code", True), ("header", "Idempotency-Key", True)]
    assert operation["security"] == [{"AccessToken": []}]


def test_every_refusal_is_a_problem_document_with_its_codes(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, codes in refusals(operation).items():
            assert codes, f"{name} {status} names no code"
            content = operation["responses"][status]["content"]
            expected = {"application/problem+json"}
            if (name, status) == (REGION_HEALTH, "503"):
                expected |= {"application/json"}
            assert content.keys() == expected, f"{name} {status}"
            schema = content["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ProblemDocument"}


def test_a_route_documents_what_its_kind_is_refused_for(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        documented = refusals(operation)
        for status, codes in expected_refusals(name, operation).items():
            assert documented.get(status, set()) >= codes, f"{name} {status}"


def expected_refusals(name: str, operation: Operation) -> dict[str, set[str]]:
    """What every route of a kind may be refused for."""
    expected = {"503": {"service_unavailable"}, "413": {"request_too_large"}}
    if "security" in operation:
        expected["401"] = {"unauthenticated", "session_of_another_region"}
    if "requestBody" in operation:
        expected |= {"400": {"malformed_json"}, "422": {"invalid_request"}}
    if "{property_code}" in name:
        expected["421"] = {"property_in_another_region"}
        if name != "PUT /v1/config/properties/{property_code}":  # it creates what is not there
            expected["404"] = {"property_not_found"}
    return expected
