"""Rows on the wire, byte for byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.cloud.tables import Row, Value
from muneris.cloud.tables.entities import entity_json, entity_url, literal, read_row, read_rows

TABLE = "https://muneris1.table.core.windows.net/Orders"
DOCUMENTED = b"""{
  "odata.metadata":"https://muneris1.table.core.windows.net/$metadata#Orders/@Element",
  "odata.etag":"W/\\"datetime'2026-11-21T10%3A00%3A00.1234567Z'\\"",
  "PartitionKey":"mypartitionkey",
  "RowKey":"myrowkey",
  "Timestamp":"2026-11-21T10:00:00.1234567Z",
  "DateTimeProperty@odata.type":"Edm.DateTime",
  "DateTimeProperty":"2013-08-02T17:37:43.9004348Z",
  "BoolProperty":false,
  "BinaryProperty@odata.type":"Edm.Binary",
  "BinaryProperty":"AQIDBA==",
  "DoubleProperty":1234.1234,
  "WholeDouble":5.0,
  "NoNumber@odata.type":"Edm.Double",
  "NoNumber":"NaN",
  "GuidProperty@odata.type":"Edm.Guid",
  "GuidProperty":"4185404a-5818-48c3-b9be-f217df0dba6f",
  "Int32Property":1234,
  "Int64Property@odata.type":"Edm.Int64",
  "Int64Property":"-123456789012",
  "StringProperty":"test"
}"""
"""Each type of "Payload format for Table service operations"."""


def test_every_type_of_value_is_written_so_that_it_is_read_again() -> None:
    written = entity_json(
        "p", "a|'1'", {"Text": 'sø"\n', "Whole": 7, "Large": -(2**62), "Yes": True, "Bytes": b"\x01\x02\xff"}
    )
    assert written.decode() == (
        '{"PartitionKey":"p","RowKey":"a|\'1\'","Text":"sø\\"\\n","Whole":"7",'
        '"Whole@odata.type":"Edm.Int64","Large":"-4611686018427387904","Large@odata.type":"Edm.Int64",'
        '"Yes":true,"Bytes":"AQL/","Bytes@odata.type":"Edm.Binary"}'
    )


def test_every_documented_type_is_read() -> None:
    assert read_row(DOCUMENTED) == Row(
        "mypartitionkey",
        "myrowkey",
        {
            "DateTimeProperty": "2013-08-02T17:37:43.9004348Z",
            "BoolProperty": False,
            "BinaryProperty": b"\x01\x02\x03\x04",
            "DoubleProperty": "1234.1234",
            "WholeDouble": "5.0",
            "NoNumber": "NaN",
            "GuidProperty": "4185404a-5818-48c3-b9be-f217df0dba6f",
            "Int32Property": 1234,
            "Int64Property": -123456789012,
            "StringProperty": "test",
        },
        "W/\"datetime'2026-11-21T10%3A00%3A00.1234567Z'\"",
    )


def test_an_etag_that_is_not_sent_is_made_of_the_timestamp() -> None:
    etag = "W/\"datetime'2026-11-21T10%3A00%3A00.1234567Z'\""
    entity = json.loads(DOCUMENTED)
    del entity["odata.etag"]
    assert read_row(json.dumps(entity).encode()).etag == etag


_texts = st.text(st.characters(exclude_categories=["Cs"]))
_values = st.one_of(_texts, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.binary())


@given(_texts, _texts, st.dictionaries(st.from_regex(r"[A-Z][a-z]{1,5}", fullmatch=True), _values))
def test_what_is_written_on_one_line_is_what_is_read(
    partition: str, key: str, values: dict[str, Value]
) -> None:
    written = entity_json(partition, key, values)
    assert not set(b"\r\n") & set(written)
    stored = {**json.loads(written), "odata.etag": "1"}
    row = read_row(json.dumps(stored).encode())
    assert row == Row(partition, key, values, "1")
    assert [type(value) for value in row.values.values()] == [type(value) for value in values.values()]


def test_a_list_is_read_in_its_order() -> None:
    body = b'{"value":[{"PartitionKey":"p","RowKey":"b","odata.etag":"2"},' + DOCUMENTED + b"]}"
    assert [(row.key, row.etag[:4]) for row in read_rows(body)] == [("b", "2"), ("myrowkey", 'W/"d')]
    assert read_rows(b'{"odata.metadata":"x","value":[]}') == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b"\xff{}",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"value":[7]}',
        b'{"PartitionKey":"p","RowKey":"r"}',
        b'{"PartitionKey":"p","RowKey":"r","odata.etag":"1","N":"x","N@odata.type":"Edm.Int64"}',
        b'{"PartitionKey":"p","RowKey":"r","odata.etag":"1","B":"*","B@odata.type":"Edm.Binary"}',
    ],
)
def test_anything_else_is_no_entity(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - also of the JSON decoder
        read_row(body)
    with pytest.raises(ValueError):  # noqa: PT011 - as above
        read_rows(body)


@pytest.mark.parametrize(
    ("key", "quoted"),
    [
        ("order|01", "'order%7C01'"),
        ("o'neil x", "'o''neil%20x'"),
        ("søde 🍣", "'s%C3%B8de%20%F0%9F%8D%A3'"),
        ("a~b-c._", "'a~b-c._'"),
        ("!$&'()*,:;=@", "'!$&''()*,:;=@'"),
        ("100%+{x}", "'100%25%2B%7Bx%7D'"),
    ],
)
def test_keys_are_quoted_in_addresses(key: str, quoted: str) -> None:
    assert entity_url(TABLE, "p", key) == f"{TABLE}(PartitionKey='p',RowKey={quoted})"
    assert entity_url(TABLE, key, "r") == f"{TABLE}(PartitionKey={quoted},RowKey='r')"


def test_a_literal_doubles_its_quotes() -> None:
    assert [literal(""), literal("o'neil'")] == ["''", "'o''neil'''"]
