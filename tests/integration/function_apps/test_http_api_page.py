"""`docs/http-api.md` names every route and every problem code, as the apps declare them."""

import json
import re
from typing import Any

import pytest
from tests.integration.function_apps.test_openapi import APPS, load, operations, refusals

from localcloud.layout import PROJECT
from muneris.core.problems import INTERNAL_ERROR, METHOD_NOT_ALLOWED, NOT_FOUND

OF_NO_ROUTE = (NOT_FOUND, METHOD_NOT_ALLOWED, INTERNAL_ERROR)

pytestmark = pytest.mark.xdist_group("openapi")


@pytest.fixture(scope="module")
def page() -> str:
    return (PROJECT / "docs" / "http-api.md").read_text()


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    return [json.loads(load(app)) for app in APPS]


def test_the_page_names_every_route(page: str, documents: list[dict[str, Any]]) -> None:
    named = re.findall(r"^\| `([A-Z]+ /\S+)` \| (.+) \|$", page, re.MULTILINE)
    declared = {
        (name, operation["summary"]) for document in documents for name, operation in operations(document)
    }
    assert len(named) == len(set(named))
    assert set(named) == declared


def test_the_page_names_every_problem_code(page: str, documents: list[dict[str, Any]]) -> None:
    named = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", page, re.MULTILINE)
    declared = {
        (code, status)
        for document in documents
        for name, operation in operations(document)
        if name != "GET /health"  # its 503 is a report
        for status, codes in refusals(operation).items()
        for code in codes
    }
    assert len(named) == len(set(named))
    assert set(named) == declared | {(each.code, str(each.status)) for each in OF_NO_ROUTE}
