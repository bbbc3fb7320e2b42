import json
from http import HTTPStatus

from localcloud.problem import problem


def test_is_a_problem_document() -> None:
    answer = problem(
        HTTPStatus.NOT_FOUND,
        "not_found",
        "Nothing is served at /x.",
        instance="/x",
        correlation_id="1",
        headers={"Retry-After": "1"},
    )
    assert (answer.status, answer.content_type) == (404, "application/problem+json")
    assert answer.headers["Retry-After"] == "1"
    assert json.loads(answer.text or "") == {
        "type": "https://muneris.app/problems/not_found",
        "title": "Not found",
        "status": 404,
        "detail": "Nothing is served at /x.",
        "instance": "/x",
        "code": "not_found",
        "correlation_id": "1",
    }
