"""Which Idempotency-Keys are taken."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from muneris.core.idempotency import FURTHEST_KEY_AHEAD, OLDEST_KEY, read_key
from muneris.core.ids import new_uuid7
from muneris.core.problems import ProblemError

NOW = datetime(2030, 5, 4, 12, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)
KEY = UUID("01bb56c7-1600-7000-8000-00000000000a")


@pytest.mark.parametrize("header", [str(KEY), str(KEY).upper(), f'"{KEY}"', f" {KEY} "])
def test_a_key_is_read_however_it_is_written(header: str) -> None:
    assert read_key(header, NOW) == KEY


@pytest.mark.parametrize(
    "header", [None, "", "key", f'"{KEY}', KEY.hex, "b8a0a9a6-4f35-4b53-8a4e-7f0d7b1f2c11"]
)
def test_what_is_no_uuid7_is_no_key(header: str | None) -> None:
    with pytest.raises(ProblemError) as raised:
        read_key(header, NOW)
    assert raised.value.type.code == "idempotency_key_required"


@pytest.mark.parametrize("made_at", [NOW - OLDEST_KEY, NOW + FURTHEST_KEY_AHEAD])
def test_a_key_is_taken_as_long_as_answers_are_kept(made_at: datetime) -> None:
    key = new_uuid7(made_at, bytes)
    assert read_key(str(key), NOW) == key


@pytest.mark.parametrize("made_at", [NOW - OLDEST_KEY - MOMENT, NOW + FURTHEST_KEY_AHEAD + MOMENT])
def test_a_key_of_another_time_is_refused(made_at: datetime) -> None:
    with pytest.raises(ProblemError) as raised:
        read_key(str(new_uuid7(made_at, bytes)), NOW)
    assert raised.value.type.code == "idempotency_key_expired"


def test_a_key_beyond_the_year_9999_is_refused() -> None:
    with pytest.raises(ProblemError) as raised:
        read_key("ffffffff-ffff-7fff-8fff-ffffffffffff", NOW)
    assert raised.value.type.code == "idempotency_key_expired"
