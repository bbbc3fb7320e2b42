import pytest
from pydantic import BaseModel, ValidationError

from muneris.core.problems import NOT_FOUND, ProblemError
from muneris.core.validation import refuse_invalid, refuse_model


class Line(BaseModel):
    quantity: int


class Order(BaseModel):
    lines: list[Line]
    channel: str


def refusal(body: object, *, skip: int = 0) -> ProblemError:
    with pytest.raises(ValidationError) as raised:
        Order.model_validate(body)
    return refuse_model(raised.value.errors(), skip=skip)


def test_a_refusal_names_each_field() -> None:
    problem = refuse_invalid([("lines.0.quantity", "is too much"), ("channel", "is missing")])
    assert (problem.type.code, problem.type.status) == ("invalid_request", 422)
    assert problem.members == {
        "errors": [
            {"field": "lines.0.quantity", "message": "is too much"},
            {"field": "channel", "message": "is missing"},
        ]
    }


def test_what_pydantic_found_is_named_by_its_path() -> None:
    assert refusal({"lines": [{"quantity": 1}, {"quantity": "many"}]}).members == {
        "errors": [
            {
                "field": "lines.1.quantity",
                "message": "Input should be a valid integer, unable to parse string as an integer",
            },
            {"field": "channel", "message": "Field required"},
        ]
    }


def test_leading_parts_of_a_path_can_be_skipped() -> None:
    assert refusal({"lines": [{}], "channel": "table"}, skip=1).members == {
        "errors": [{"field": "0.quantity", "message": "Field required"}]
    }


def test_a_problem_says_its_code_and_keeps_its_members() -> None:
    problem = NOT_FOUND("Look elsewhere.", headers={"X": "1"}, hint="there")
    assert str(problem) == "not_found: Look elsewhere."
    assert (problem.headers, problem.members) == ({"X": "1"}, {"hint": "there"})
