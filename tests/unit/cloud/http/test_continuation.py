import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.cloud.http.continuation import read_continuation, to_continuation
from muneris.core.ids import PROPERTY_CODE
from muneris.core.problems import ProblemError


@given(st.from_regex(PROPERTY_CODE, fullmatch=True))
def test_what_was_given_is_read_back(code: str) -> None:
    continuation = to_continuation(code)
    assert continuation.replace("-", "").replace("_", "").isalnum()
    assert read_continuation(continuation, PROPERTY_CODE) == code


def test_the_first_page_has_none() -> None:
    assert read_continuation(None, PROPERTY_CODE) == ""


@given(st.text(max_size=20) | st.binary(max_size=20).map(str))
def test_whatever_else_is_sent_is_refused(continuation: str) -> None:
    with pytest.raises(ProblemError) as refused:
        read_continuation(continuation, PROPERTY_CODE)
    assert refused.value.type.code == "invalid_request"
