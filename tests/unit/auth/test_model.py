import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.auth.model import RefreshToken

GOOD = str(RefreshToken.new("NOR-CPH01", bytes))


@given(st.from_regex(r"[A-Z]{3}-[A-Z0-9]{2,12}", fullmatch=True), st.binary(min_size=32, max_size=32))
def test_a_token_is_read_back(property_code: str, random: bytes) -> None:
    token = RefreshToken.new(property_code, lambda count: random[:count])
    assert RefreshToken.parse(str(token)) == token


def test_a_rotated_token_is_of_the_same_session_with_another_secret() -> None:
    token = RefreshToken.new("NOR-CPH01", bytes)
    following = token.rotated(lambda count: b"\x01" * count)
    assert (following.property_code, following.session) == (token.property_code, token.session)
    assert following.digest != token.digest


@pytest.mark.parametrize(
    "text", ["", GOOD[:-1], GOOD + "a", GOOD + "\n", GOOD.replace("NOR", "nor"), GOOD.replace(".", "|")]
)
def test_anything_else_is_no_token(text: str) -> None:
    assert RefreshToken.parse(text) is None
