import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muneris.cloud.events import Event, read_event

EVENT = Event("muneris.orders.submitted", "NOR-CPH01/1", "1-1", {"quantities": {"11001": 2}})
ENVELOPE = {
    "specversion": "1.0",
    "source": "/muneris/api1/orders",
    "type": EVENT.type,
    "subject": EVENT.subject,
    "id": EVENT.id,
    "time": "2030-05-04T10:30:00Z",
    "data": EVENT.data,
}


def test_an_event_is_read_from_its_envelope() -> None:
    read = read_event(json.dumps(ENVELOPE).encode())
    assert (read, read.time) == (EVENT, "2030-05-04T10:30:00Z")


@pytest.mark.parametrize("member", ["type", "subject", "id", "data"])
def test_an_envelope_that_lacks_a_member_holds_no_event(member: str) -> None:
    rest = {name: value for name, value in ENVELOPE.items() if name != member}
    with pytest.raises(ValueError, match=f"no CloudEvent: '{member}'"):
        read_event(json.dumps(rest).encode())


@pytest.mark.parametrize("message", [b"", b"{", b"[]", b"null", b"1", b'"text"', b"\xff\xfe", b"[{}]"])
def test_what_is_no_envelope_holds_no_event(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_event(message)


@settings(deadline=None)
@given(st.binary() | st.text().map(lambda text: json.dumps(text).encode()))
def test_whatever_a_message_holds_is_an_event_or_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_event(message)
