"""Requests that nobody thought of, to every route of every app, by its own OpenAPI document (Schemathesis).

Whatever is sent is answered as the document says, and never by a 500; half of it names what exists. What
takes an Idempotency-Key is sent twice with one key, and answered twice the same.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.local_cloud import LocalCloud, eventually
from tests.proofs.figures import keep

from localcloud.app_settings import present_apps
from localcloud.layout import url
from muneris.core.ids import new_uuid7

KEY = "Idempotency-Key"
EACH, EACH_REPEATED, EACH_PROVED = 6, 12, 150
SECONDS = 20
SHELF = "1000000"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

KEYED = {
    "POST /v1/orders/{property_code}",
    "POST /v1/orders/{property_code}/{order_id}/rounds",
    *(
        f"POST /v1/inventory/{{property_code}}/items/{{sku}}/{kind}"
        for kind in ("adjust", "receive", "stock-take", "waste")
    ),
}
"""Every route that takes an Idempotency-Key."""

AMOUNTS = {"quantity": "1.5", "delta": "-1.5", "counted": SHELF}
"""What may be moved, whatever orders hold."""

type Operation = APIOperation[Any, Any, Any, Any]
type Request = Case[Any]


@dataclass(frozen=True)
class Known:
    """What exists: path parameters by name, and the fields of an order that is taken."""

    path: Mapping[str, str]
    order: Mapping[str, JsonValue]

    def put_into(self, case: Request) -> None:
        case.path_parameters = {
            name: self.path.get(name, value) for name, value in case.path_parameters.items()
        }
        if isinstance(case.body, dict) and "lines" in case.body:
            case.body |= self.order if "channel" in case.body else {"lines": self.order["lines"]}
        if isinstance(case.body, dict):
            case.body |= {name: AMOUNTS[name] for name in AMOUNTS.keys() & case.body.keys()}


class Api:
    """A region's API as staff calls it."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.address = url(cloud.layout.gateway(cloud.layout.regions[0]))
        self.session = requests.Session()
        self.session.trust_env = False
        self._headers = {"Authorization": f"Bearer {cloud.command('token', '--staff')['access_token']}"}

    def operations(self, app: str) -> list[Operation]:
        schema = schemathesis.openapi.from_dict(self.get(f"/v1/{app}/openapi.json"))
        return [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]

    def get(self, path: str) -> Any:  # noqa: ANN401 - any document
        answer = self.session.get(f"{self.address}{path}", headers=self._headers, timeout=SECONDS)
        return answer.json()

    def put(self, path: str, body: JsonValue) -> None:
        answer = self.session.put(f"{self.address}{path}", json=body, headers=self._headers, timeout=SECONDS)
        answer.raise_for_status()

    def place(self, code: str, order: JsonValue) -> int:
        """How an order was answered."""
        headers = {**self._headers, KEY: new_key()}
        address = f"{self.address}/v1/orders/{code}"
        return self.session.post(address, json=order, headers=headers, timeout=SECONDS).status_code

    def call(self, case: Request) -> Response:
        return case.call(base_url=self.address, session=self.session, headers=self._headers, timeout=SECONDS)


@pytest.fixture(scope="session")
def api(cloud: LocalCloud) -> Iterator[Api]:
    api = Api(cloud)
    with api.session:
        yield api


@pytest.fixture(scope="session")
def open_property(api: Api, cloud: LocalCloud, first_orders: Callable[[int], Path]) -> Callable[[str], Known]:
    """Opens a property that sells a few orders; what is there."""

    def open_one(code: str) -> Known:
        cloud.command("replay", str(first_orders(3)), "--property", code)
        items = api.get(f"/v1/inventory/{code}/items")["items"]
        for item in items:
            api.put(f"/v1/inventory/{code}/items/{item['sku']}", {"name": item["name"], "on_hand": SHELF})
        placed = cloud.command("order", "list", code)["items"][0]
        names = {"property_code": code, "company_code": code[:3], "order_id": placed["order_id"]}
        names |= {"menu_item_id": str(placed["lines"][0]["menu_item_id"]), "sku": items[0]["sku"]}
        order = {name: placed[name] for name in ("channel", "fulfilment", "lines")}
        order |= {"payment": {"method": "at_counter"}, "expected_total": None}
        eventually(lambda: api.place(code, order), lambda status: status == HTTPStatus.ACCEPTED)
        return Known(names, order)

    return open_one


@pytest.fixture(scope="session")
def known(open_property: Callable[[str], Known]) -> Known:
    return open_property("FUZ-E01")


def examples(sample: int) -> pytest.MarkDecorator:
    """So many requests a route, or as many as a proof takes."""
    all_of_them = pytest.param(EACH_PROVED, marks=(pytest.mark.prove, pytest.mark.timeout(1200)))
    return pytest.mark.parametrize("count", [sample, all_of_them])


@pytest.mark.usefixtures("tokens")  # before some request moves the master role
@examples(EACH)
@pytest.mark.parametrize("app", present_apps())
def test_every_route_answers_as_its_document_says(api: Api, known: Known, app: str, count: int) -> None:
    statuses, failures = Counter[int](), []
    for operation in api.operations(app):
        try:
            statuses += explore(api, operation, known, count)
        except Exception as error:  # noqa: BLE001 - the other routes are tried as well
            error.add_note(operation.label)
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} routes of {app}", failures)
    if count == EACH_PROVED:
        sent = {"routes": len(api.operations(app)), "requests": statuses.total()}
        keep(f"Requests to every route of {app}", {**sent, **answered(statuses)})


@examples(EACH_REPEATED)
def test_what_takes_a_key_is_answered_twice_the_same(
    api: Api, open_property: Callable[[str], Known], count: int
) -> None:
    known = open_property(f"FUZ-{count:03}")
    operations = [each for app in present_apps() for each in api.operations(app) if takes_key(each)]
    assert {each.label for each in operations} == KEYED
    for operation in operations:
        statuses = repeat(api, operation, known, count)
        assert any(status < HTTPStatus.BAD_REQUEST for status in statuses), (operation.label, statuses)
        if count == EACH_PROVED:
            keep(f"Sent twice: {operation.label}", {"requests": statuses.total(), **answered(statuses)})


def takes_key(operation: Operation) -> bool:
    return any(each.name.lower() == KEY.lower() for each in operation.headers)


def answered(statuses: Counter[int]) -> Mapping[str, int]:
    """How often with which status, as a record has it."""
    return {f"answered {status}": statuses[status] for status in sorted(statuses)}


def requests_to(operation: Operation) -> st.SearchStrategy[Request]:
    """Requests to a route: such as it allows, and others if it can be asked wrongly."""
    allowed = operation.as_strategy()
    if not operation.body and not operation.query and not operation.path_parameters:
        return allowed
    return allowed | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def sample(count: int) -> settings:
    """So many requests, the same ones each time, however long an answer takes."""
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


def explore(api: Api, operation: Operation, known: Known, count: int) -> Counter[int]:
    """Send so many requests to a route; how they were answered."""
    statuses = Counter[int]()

    @sample(count)
    @given(case=requests_to(operation), exists=st.booleans())
    def send(case: Request, exists: bool) -> None:  # noqa: FBT001 - Hypothesis names it
        if exists:
            known.put_into(case)
        answer = api.call(case)
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    send()
    return statuses


def repeat(api: Api, operation: Operation, known: Known, count: int) -> Counter[int]:
    """Send so many requests twice with one key each; how they were answered."""
    statuses = Counter[int]()

    @sample(count)
    @given(case=operation.as_strategy())
    def send_twice(case: Request) -> None:
        known.put_into(case)
        case.headers[KEY] = new_key()
        first, second = api.call(case), api.call(case)
        if first.status_code >= HTTPStatus.BAD_REQUEST:  # not remembered: the order may take a round by now
            first, second = second, api.call(case)
        statuses[first.status_code] += 1
        if first.status_code < HTTPStatus.BAD_REQUEST:
            assert (second.status_code, second.content) == (first.status_code, first.content)

    send_twice()
    return statuses


def new_key() -> str:
    return str(new_uuid7(datetime.now(UTC)))
