import json

import pytest

from localcloud.event_grid.cloud_event import BATCH, SINGLE, CloudEvent, parse

EVENT = {"specversion": "1.0", "id": "1", "source": "/orders", "type": "a.b"}


def test_keeps_exactly_what_was_sent() -> None:
    sent = EVENT | {
        "time": "2030-05-04T10:30:00.1234567Z",
        "traceparent": "00-1",
        "data": {"é": [1, None, 0.5]},
    }
    (event,) = parse(json.dumps([sent]).encode(), BATCH)
    assert json.loads(event.model_dump_json(exclude_unset=True)) == sent


def test_takes_one_event_on_its_own() -> None:
    assert parse(json.dumps(EVENT).encode(), SINGLE) == (CloudEvent.model_validate(EVENT),)


@pytest.mark.parametrize(
    "change",
    [
        {"specversion": "0.3"},
        {"id": ""},
        {"source": None},
        {"type": 1},
        {"time": "yesterday"},
        {"time": "2030-05-04T10:30:00"},
        {"data": 1, "data_base64": "AA=="},
    ],
)
def test_refuses_what_is_no_event(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        parse(json.dumps([EVENT | change]).encode(), BATCH)


def test_refuses_the_event_grid_schema() -> None:
    with pytest.raises(ValueError, match="send Content-Type"):
        parse(b"[]", "application/json")
