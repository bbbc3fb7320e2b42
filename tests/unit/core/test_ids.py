import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muneris.core.ids import (
    COMPANY_CODE,
    PROPERTY_CODE,
    company_of,
    from_newest_first,
    new_uuid7,
    newest_first,
    parse_uuid7,
    time_of,
)

EXAMPLE = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"  # RFC 9562, appendix A.6
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - zoned by timezones
RANDOM = st.binary(min_size=10, max_size=10)


@given(moment=MOMENTS, random=RANDOM)
def test_a_new_uuid7_has_its_version_variant_time_and_randomness(moment: datetime, random: bytes) -> None:
    made = new_uuid7(moment, lambda _: random)
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert time_of(made) == moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    kept = (1 << 80) - 1 & ~(0xF << 76) & ~(0b11 << 62)
    assert made.int & kept == int.from_bytes(random) & kept


def test_new_uuid7s_differ() -> None:
    now = datetime.now(UTC)
    assert new_uuid7(now) != new_uuid7(now)


def test_the_time_of_the_example_in_the_rfc() -> None:
    assert time_of(uuid.UUID(EXAMPLE)) == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


def test_a_time_beyond_the_calendar_overflows() -> None:
    with pytest.raises(OverflowError):
        time_of(uuid.UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"))


@pytest.mark.parametrize(
    "text",
    [EXAMPLE, f'"{EXAMPLE}"', EXAMPLE.upper(), f'"{EXAMPLE.upper()}"', f"  {EXAMPLE} ", f' "{EXAMPLE}"'],
)
def test_a_uuid7_is_read_bare_quoted_and_in_any_case(text: str) -> None:
    assert parse_uuid7(text) == uuid.UUID(EXAMPLE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '""',
        f'"{EXAMPLE}',
        f'{EXAMPLE}"',
        f'""{EXAMPLE}""',
        f"'{EXAMPLE}'",
        f"{{{EXAMPLE}}}",
        f"urn:uuid:{EXAMPLE}",
        EXAMPLE.replace("-", ""),
        EXAMPLE[:-1],
        f"{EXAMPLE}0",
        f"{EXAMPLE}, {EXAMPLE}",
        EXAMPLE.replace("0", "\N{ARABIC-INDIC DIGIT ZERO}"),
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-1cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-18c4-dc0c0c07398f",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ],
)
def test_what_is_no_uuid7_is_none(text: str) -> None:
    assert parse_uuid7(text) is None


@given(st.text() | st.uuids().map(str))
def test_whatever_is_sent_is_a_uuid7_or_none(text: str) -> None:
    parsed = parse_uuid7(text)
    assert parsed is None or (parsed.version == 7 and str(parsed) in text.lower())


@given(st.uuids())
def test_newest_first_turns_back(order_id: uuid.UUID) -> None:
    text = newest_first(order_id)
    assert from_newest_first(text) == order_id
    assert newest_first(uuid.UUID(text)) == str(order_id)


@given(st.uuids(), st.uuids())
def test_newest_first_reverses_the_order(one: uuid.UUID, other: uuid.UUID) -> None:
    assert (one < other) == (newest_first(one) > newest_first(other))


@given(moment=MOMENTS, later=st.timedeltas(timedelta(milliseconds=1), timedelta(days=365)), random=RANDOM)
def test_in_a_table_the_newer_comes_first(moment: datetime, later: timedelta, random: bytes) -> None:
    try:
        newer = new_uuid7(moment + later, lambda _: random)
    except OverflowError:
        return
    assert newest_first(newer) < newest_first(new_uuid7(moment, lambda _: random))


@pytest.mark.parametrize("code", ["NOR-CPH01", "ABC-12", "ABC-ABCDEF123456"])
def test_a_property_code_starts_with_its_company(code: str) -> None:
    assert PROPERTY_CODE.fullmatch(code)
    assert COMPANY_CODE.fullmatch(company_of(code))


@pytest.mark.parametrize(
    "code",
    ["", "NOR", "NOR-", "NOR-1", "nor-CPH01", "NO-CPH01", "NOR-ABCDEF1234567", "NOR-CPH_1", "NOR-CPH01\n"],
)
def test_what_is_no_property_code(code: str) -> None:
    assert not PROPERTY_CODE.fullmatch(code)
