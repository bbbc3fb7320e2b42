from fastapi import APIRouter
from pydantic import BaseModel

from muneris.cloud.http import create_api
from muneris.cloud.http.openapi import json_body


class Condiment(BaseModel):
    condiment_id: int


class Line(BaseModel):
    condiments: list[Condiment] = []
    first: Condiment | None


class Order(BaseModel):
    lines: list[Line]


EXAMPLE = {"lines": [{"condiments": [{"condiment_id": 1}]}]}
CONDIMENT = {
    "title": "Condiment",
    "type": "object",
    "properties": {"condiment_id": {"title": "Condiment Id", "type": "integer"}},
    "required": ["condiment_id"],
}


def test_a_body_is_described_without_references() -> None:
    body = json_body(Order, EXAMPLE)["requestBody"]
    assert body["required"] is True
    content = body["content"]["application/json"]
    assert content["example"] == EXAMPLE
    assert "$ref" not in str(content)
    assert "$defs" not in str(content)
    line = content["schema"]["properties"]["lines"]["items"]
    assert line["properties"]["condiments"]["items"] == CONDIMENT
    assert line["properties"]["first"]["anyOf"] == [CONDIMENT, {"type": "null"}]


def test_a_route_that_reads_its_body_itself_has_it_in_the_document() -> None:
    router = APIRouter()

    @router.post("/orders", openapi_extra=json_body(Order, EXAMPLE))
    async def place() -> None: ...

    document = create_api("orders", router).openapi()
    assert document["paths"]["/orders"]["post"]["requestBody"] == json_body(Order, EXAMPLE)["requestBody"]
