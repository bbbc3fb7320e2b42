import pytest

from muneris.cloud.http.conditional import names_etag, to_etag


@pytest.mark.parametrize("header", ['"1"', 'W/"1"', '"0", "1"', '"0",W/"1"', "*", ' "1" '])
def test_a_header_that_names_the_tag(header: str) -> None:
    assert names_etag(header, to_etag("1"))


@pytest.mark.parametrize("header", [None, "", "1", '"2"', 'W/"2", "11"', '"1'])
def test_a_header_that_does_not(header: str | None) -> None:
    assert not names_etag(header, to_etag("1"))
