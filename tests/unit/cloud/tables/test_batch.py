"""Transactions and their answers, byte for byte."""

import pytest

from muneris.cloud.tables import (
    OutcomeUnknownError,
    RowChangedError,
    RowConflictError,
    RowExistsError,
    RowMissingError,
    TableUnavailableError,
    Transaction,
)
from muneris.cloud.tables.batch import BATCH_TYPE, batch_body, read_batch
from muneris.cloud.wire.refusal import RequestRefusedError
from muneris.cloud.wire.requests import Answer

TABLE = "https://muneris1.table.core.windows.net/Orders"
OLD = "W/\"datetime'2026-11-21T10%3A00%3A00.0000000Z'\""
ALL_KINDS = (
    Transaction("NOR-CPH01")
    .insert("order|1", {"Status": "received", "Body": b"\x01"})
    .merge("work|o'1", {"Attempts": 2}, etag=OLD)
    .upsert("sub|ø", {"Open": True})
    .replace("slot", {}, etag="*")
    .delete("open|1", etag=OLD)
)
ALL_KINDS_BODY = """\
--batch_muneris
Content-Type: multipart/mixed; boundary=changeset_muneris

--changeset_muneris
Content-Type: application/http
Content-Transfer-Encoding: binary

POST https://muneris1.table.core.windows.net/Orders HTTP/1.1
Accept: application/json;odata=minimalmetadata
DataServiceVersion: 3.0
Content-Type: application/json
Prefer: return-no-content

{"PartitionKey":"NOR-CPH01","RowKey":"order|1","Status":"received","Body":"AQ==","Body@odata.type":"Edm.Binary"}
--changeset_muneris
Content-Type: application/http
Content-Transfer-Encoding: binary

PATCH https://muneris1.table.core.windows.net/Orders(PartitionKey='NOR-CPH01',RowKey='work%7Co''1') HTTP/1.1
Accept: application/json;odata=minimalmetadata
DataServiceVersion: 3.0
Content-Type: application/json
Prefer: return-no-content
If-Match: W/"datetime'2026-11-21T10%3A00%3A00.0000000Z'"

{"PartitionKey":"NOR-CPH01","RowKey":"work|o'1","Attempts":"2","Attempts@odata.type":"Edm.Int64"}
--changeset_muneris
Content-Type: application/http
Content-Transfer-Encoding: binary

PATCH https://muneris1.table.core.windows.net/Orders(PartitionKey='NOR-CPH01',RowKey='sub%7C%C3%B8') HTTP/1.1
Accept: application/json;odata=minimalmetadata
DataServiceVersion: 3.0
Content-Type: application/json
Prefer: return-no-content

{"PartitionKey":"NOR-CPH01","RowKey":"sub|ø","Open":true}
--changeset_muneris
Content-Type: application/http
Content-Transfer-Encoding: binary

PUT https://muneris1.table.core.windows.net/Orders(PartitionKey='NOR-CPH01',RowKey='slot') HTTP/1.1
Accept: application/json;odata=minimalmetadata
DataServiceVersion: 3.0
Content-Type: application/json
Prefer: return-no-content
If-Match: *

{"PartitionKey":"NOR-CPH01","RowKey":"slot"}
--changeset_muneris
Content-Type: application/http
Content-Transfer-Encoding: binary

DELETE https://muneris1.table.core.windows.net/Orders(PartitionKey='NOR-CPH01',RowKey='open%7C1') HTTP/1.1
Accept: application/json;odata=minimalmetadata
DataServiceVersion: 3.0
If-Match: W/"datetime'2026-11-21T10%3A00%3A00.0000000Z'"


--changeset_muneris--
--batch_muneris--
"""


def test_a_transaction_is_one_change_set_of_a_request_for_each_row() -> None:
    assert batch_body(TABLE, ALL_KINDS) == ALL_KINDS_BODY.replace("\n", "\r\n").encode()
    assert BATCH_TYPE == "multipart/mixed; boundary=batch_muneris"


def test_no_value_or_key_can_be_taken_for_a_boundary() -> None:
    evil = "\r\n--changeset_muneris\r\n\r\nDELETE /\r\n--batch_muneris--"
    key = "--changeset_muneris--"
    body = batch_body(TABLE, Transaction(key).insert(key, {"Text": evil}).merge("r", {}, etag=OLD))
    lines = body.split(b"\r\n")
    assert lines.count(b"--changeset_muneris") == 2
    assert lines.count(b"--changeset_muneris--") == 1
    assert lines.count(b"--batch_muneris--") == 1


def of_real_service(*results: str) -> bytes:
    """An answer as the service lays it out."""
    head = "Content-Type: application/http\nContent-Transfer-Encoding: binary\n\n"
    parts = "".join(f"--changesetresponse_9f00\n{head}{each}\n" for each in results)
    text = (
        "--batchresponse_e69b\nContent-Type: multipart/mixed; boundary=changesetresponse_9f00\n\n"
        f"{parts}--changesetresponse_9f00--\n--batchresponse_e69b--\n"
    )
    return text.replace("\n", "\r\n").encode()


def written(number: int) -> str:
    """The result of an insert, an update or a merge."""
    return (
        "HTTP/1.1 204 No Content\nX-Content-Type-Options: nosniff\nCache-Control: no-cache\n"
        "Preference-Applied: return-no-content\nDataServiceVersion: 3.0;\n"
        f"Location: {TABLE}(PartitionKey='p',RowKey='{number}')\n"
        f"DataServiceId: {TABLE}(PartitionKey='p',RowKey='{number}')\nETag: W/\"0x{number}\"\n\n"
    )


DELETED = (
    "HTTP/1.1 204 No Content\nX-Content-Type-Options: nosniff\nCache-Control: no-cache\n"
    "DataServiceVersion: 1.0;\n\n"
)
CREATED = (
    'HTTP/1.1 201 Created\nContent-ID: 1\nDataServiceVersion: 3.0;\netag: W/"0x1"\n'
    "Content-Type: application/json;odata=minimalmetadata;streaming=true;charset=utf-8\n\n"
    '{"odata.metadata":"x","PartitionKey":"p","RowKey":"1","Text":"HTTP/1.1 409 Conflict"}'
)


def failed(status: str, code: str, message: str) -> str:
    return (
        f"HTTP/1.1 {status}\nX-Content-Type-Options: nosniff\nCache-Control: no-cache\n"
        "DataServiceVersion: 3.0;\n"
        "Content-Type: application/json;odata=minimalmetadata;streaming=true;charset=utf-8\n\n"
        f'{{"odata.error":{{"code":"{code}","message":{{"lang":"en-US","value":"{message}'
        '\\nRequestId:8abd3c55-a72e-47ba-ae0b-ba43abeb76ae\\nTime:2026-11-21T10:00:00.0000000Z"}}}'
    )


IN_XML = (
    "HTTP/1.1 400 Bad Request\nContent-ID: 4\nContent-Type: application/xml\nDataServiceVersion: 1.0;\n\n"
    '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n'
    '<error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">\n'
    "  <code>EntityAlreadyExists</code>\n"
    '  <message xml:lang="en-US">1:The specified entity already exists.</message>\n</error>'
)

ONE = Transaction("p").insert("1", {})
TWO = Transaction("p").insert("1", {}).insert("2", {})
MIXED = Transaction("p").insert("1", {}).delete("gone", etag="*").merge("3", {}, etag=OLD)


def test_each_row_that_was_written_has_its_etag() -> None:
    answer = Answer(202, {}, of_real_service(written(1), DELETED, written(3)))
    assert read_batch(answer, MIXED) == {"1": 'W/"0x1"', "3": 'W/"0x3"'}


def test_an_insert_may_be_answered_with_its_entity() -> None:
    assert read_batch(Answer(202, {}, of_real_service(CREATED)), ONE) == {"1": 'W/"0x1"'}


@pytest.mark.parametrize(
    ("result", "conflict", "key"),
    [
        (failed("409 Conflict", "EntityAlreadyExists", "1:It exists."), RowExistsError, "2"),
        (failed("404 Not Found", "ResourceNotFound", "0:It does not exist."), RowMissingError, "1"),
        (failed("404 Not Found", "EntityNotFound", "1:It does not exist."), RowMissingError, "2"),
        (failed("412 Precondition Failed", "UpdateConditionNotSatisfied", "0:No."), RowChangedError, "1"),
        (failed("412 Precondition Failed", "ConditionNotMet", "1:No."), RowChangedError, "2"),
        (failed("400 Bad Request", "EntityAlreadyExists", "0:It exists."), RowExistsError, "1"),
        (IN_XML, RowExistsError, "2"),
        (failed("409 Conflict", "EntityAlreadyExists", "It exists."), RowExistsError, None),
        (failed("409 Conflict", "EntityAlreadyExists", "7:It exists."), RowExistsError, None),
    ],
)
def test_a_conflict_names_its_row_if_the_answer_does(
    result: str, conflict: type[RowConflictError], key: str | None
) -> None:
    with pytest.raises(RowConflictError) as raised:
        read_batch(Answer(202, {}, of_real_service(result)), TWO)
    assert (raised.type, raised.value.key) == (conflict, key)


def test_a_conflict_of_the_only_row_is_its_own() -> None:
    answer = Answer(202, {}, of_real_service(failed("409 Conflict", "EntityAlreadyExists", "It exists.")))
    with pytest.raises(RowExistsError) as raised:
        read_batch(answer, ONE)
    assert raised.value.key == "1"


@pytest.mark.parametrize("code", ["EntityAlreadyExists", "UpdateConditionNotSatisfied"])
def test_a_write_without_a_condition_is_tried_again_when_another_was_faster(code: str) -> None:
    result = failed("409 Conflict", code, "1:No.")
    with pytest.raises(TableUnavailableError) as raised:
        read_batch(Answer(202, {}, of_real_service(result)), Transaction("p").insert("1", {}).upsert("2", {}))
    assert (raised.type, str(raised.value)) == (TableUnavailableError, f"409 {code}")


def error(code: str) -> bytes:
    return f'{{"odata.error":{{"code":"{code}","message":{{"lang":"en-US","value":"No."}}}}}}'.encode()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(500, {}, error("OperationTimedOut")), "500 OperationTimedOut"),
        (Answer(500, {}, error("InternalError")), "500 InternalError"),
        (Answer(503, {}, error("ServerBusy")), "503 ServerBusy"),
        (Answer(503, {}, b"<html>Service Unavailable</html>"), "503"),
        (Answer(429, {}, error("TooManyRequests")), "429 TooManyRequests"),
        (Answer(408, {}, b""), "408"),
        (Answer(202, {}, of_real_service(failed("503 Busy", "ServerBusy", "0:Busy."))), "503 ServerBusy"),
        (
            Answer(202, {}, of_real_service(failed("500 Error", "OperationTimedOut", "1:Late."))),
            "500 OperationTimedOut",
        ),
    ],
)
def test_whether_it_happened_is_unknown_when_the_service_cannot_now(answer: Answer, said: str) -> None:
    with pytest.raises(OutcomeUnknownError, match=f"^{said}$"):
        read_batch(answer, TWO)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(400, {}, error("InvalidInput")), "400 InvalidInput"),
        (Answer(403, {}, error("AuthenticationFailed")), "403 AuthenticationFailed"),
        (
            Answer(403, {}, b"<Error><Code>AuthorizationPermissionMismatch</Code><Message/></Error>"),
            "403 AuthorizationPermissionMismatch",
        ),
        (Answer(404, {}, error("TableNotFound")), "404 TableNotFound"),
        (Answer(413, {}, error("RequestBodyTooLarge")), "413 RequestBodyTooLarge"),
        (Answer(413, {}, b""), "413"),
        (
            Answer(202, {}, of_real_service(failed("400 Bad Request", "InvalidDuplicateRow", "1:Twice."))),
            "400 InvalidDuplicateRow",
        ),
        (
            Answer(202, {}, of_real_service(failed("404 Not Found", "TableNotFound", "0:No table."))),
            "404 TableNotFound",
        ),
        (
            Answer(202, {}, of_real_service(failed("409 Conflict", "TableBeingDeleted", "0:Soon gone."))),
            "409 TableBeingDeleted",
        ),
    ],
)
def test_a_request_that_should_have_been_taken_is_a_bug(answer: Answer, said: str) -> None:
    with pytest.raises(RequestRefusedError, match=f"^{said}$"):
        read_batch(answer, TWO)


WHOLE = of_real_service(written(1), written(2))
REFUSED = of_real_service(failed("409 Conflict", "EntityAlreadyExists", "1:It exists."))
UNKNOWN = {
    "another's": Answer(200, {}, b"<html>welcome</html>"),
    "another status": Answer(200, {}, WHOLE),
    "nothing": Answer(204, {}, b""),
    "a redirect": Answer(307, {}, b""),
    "an empty body": Answer(202, {}, b""),
    "garbage": Answer(202, {}, b"\0"),
    "too few results": Answer(202, {}, of_real_service(written(1))),
    "too many results": Answer(202, {}, of_real_service(written(1), written(2), written(3))),
    "no ETag": Answer(202, {}, of_real_service(written(1), DELETED)),
    "a refusal without its code": Answer(202, {}, REFUSED[: REFUSED.index(b'"code"')]),
}


@pytest.mark.parametrize("said", UNKNOWN)
def test_whether_it_happened_is_unknown_when_the_answer_does_not_say(said: str) -> None:
    with pytest.raises(OutcomeUnknownError):
        read_batch(UNKNOWN[said], TWO)


def test_an_answer_cut_anywhere_is_read_right_or_not_at_all() -> None:
    enough = WHOLE.index(b'ETag: W/"0x2"\r\n\r\n') + len(b'ETag: W/"0x2"\r\n\r\n')
    for end in range(enough):
        with pytest.raises(OutcomeUnknownError):
            read_batch(Answer(202, {}, WHOLE[:end]), TWO)
    for end in range(enough, len(WHOLE)):
        assert read_batch(Answer(202, {}, WHOLE[:end]), TWO) == {"1": 'W/"0x1"', "2": 'W/"0x2"'}
