import pytest
from fastapi import APIRouter
from pydantic import BaseModel
from tests.asgi import call

from muneris.cloud.http import create_api


class Line(BaseModel):
    quantity: int


def routes() -> APIRouter:
    router = APIRouter()
    inner = APIRouter(prefix="/inner")

    @router.post("/lines")
    @inner.post("/lines")
    async def add(line: Line) -> int:
        return line.quantity

    router.include_router(inner)
    return router


API = create_api("orders", routes())


@pytest.mark.parametrize("path", ["/lines", "/inner/lines"])
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "application/json; charset=utf-8",
        "application/merge-patch+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain;charset=UTF-8",
        "application/octet-stream",
        "nonsense",
    ],
)
async def test_a_body_is_json_whatever_it_is_called(path: str, content_type: str | None) -> None:
    headers = [] if content_type is None else [(b"content-type", content_type.encode())]

    async def without_default(scope: dict[str, object], receive: object, send: object) -> None:
        await API({**scope, "headers": headers}, receive, send)  # type: ignore[arg-type] # as received

    answer = await call(without_default, "POST", path, body=b'{"quantity": 2}')  # type: ignore[arg-type] # a scope is a dict
    assert (answer.status, answer.json()) == (200, 2)


async def test_a_body_that_is_no_json_is_told_so_whatever_it_is_called() -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await call(API, "POST", "/lines", body=b"quantity=2", headers=headers)
    assert (answer.status, answer.code) == (400, "malformed_json")
