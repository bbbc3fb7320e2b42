import pytest

from muneris.cloud.wire.refusal import Refusal, read_refusal

JSON = b'{"odata.error":{"code":"ServerBusy","message":{"lang":"en-US","value":"The server is busy."}}}'
EVENT_GRID = (
    b'{"error": {"code": "Unauthorized", "message": "The request is not authorized.", "details": []}}'
)
TABLE_XML = (
    b'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n'
    b'<error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">\n'
    b'  <code>InvalidInput</code>\n  <message xml:lang="en-US">3:One input is not valid.</message>\n</error>'
)
STORAGE_XML = (
    b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code>'
    b"<Message>Server failed to authenticate the request.</Message></Error>"
)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (JSON, "ServerBusy"),
        (EVENT_GRID, "Unauthorized"),
        (TABLE_XML, "InvalidInput"),
        (STORAGE_XML, "AuthenticationFailed"),
        (b"<html>502 Bad Gateway</html>", ""),
        (b"", ""),
    ],
    ids=["table", "event grid", "table in XML", "storage in XML", "a proxy", "nothing"],
)
def test_the_code_is_found_however_it_is_written(body: bytes, code: str) -> None:
    assert read_refusal(400, body) == Refusal(400, code)


@pytest.mark.parametrize("status", [408, 429, 500, 501, 503, 504])
def test_some_refusals_pass(status: int) -> None:
    assert Refusal(status, "").is_temporary


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413])
def test_others_stay(status: int) -> None:
    assert not Refusal(status, "").is_temporary


def test_a_refusal_in_words_is_its_status_and_code() -> None:
    assert [str(Refusal(503, "ServerBusy")), str(Refusal(502, ""))] == ["503 ServerBusy", "502"]
