import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.function_host.message_encoding import UndecodableMessageError, decode, encode
from localcloud.function_host.output_bindings import messages
from localcloud.function_host.payloads import HttpResponse, Output


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_survives_both_encodings(text: str) -> None:
    assert decode(encode(text, "base64"), "base64") == text
    assert decode(encode(text, "none"), "none") == text


def test_bytes_that_are_no_text_stay_bytes() -> None:
    assert decode(encode(b"\xff\x00", "base64"), "base64") == b"\xff\x00"


@pytest.mark.parametrize("text", ["no base64!", "abc", "æ"])
def test_refuses_what_is_no_base64(text: str) -> None:
    with pytest.raises(UndecodableMessageError, match="no base64"):
        decode(text, "base64")


@pytest.mark.parametrize(
    ("value", "bodies"),
    [
        ("one", ["one"]),
        (b"\x01", [b"\x01"]),
        (["one", "two"], ["one", "two"]),
        ({"id": None, "body": "of a QueueMessage"}, ["of a QueueMessage"]),
        ([{"id": None, "body": "first"}, "second"], ["first", "second"]),
        ({"order": 7}, ['{"order": 7}']),
        (7, ["7"]),
        ([], []),
    ],
)
def test_messages_of_an_output_value(value: Output, bodies: list[str | bytes]) -> None:
    assert messages(value) == bodies


def test_an_http_answer_is_no_message() -> None:
    with pytest.raises(ValueError, match="return a string"):
        messages(HttpResponse(200, (), b""))
