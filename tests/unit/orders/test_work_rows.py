from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from muneris.cloud.tables import Row
from muneris.orders.model import Ask, Step, Work
from muneris.orders.work_rows import work_key, work_of, work_values

NOON = datetime(2030, 5, 4, 12, tzinfo=UTC)
MOMENTS = st.integers(0, 10**9).map(lambda number: NOON + timedelta(microseconds=number))
WORKS = st.builds(
    Work,
    ask=st.builds(
        Ask,
        st.just("NOR-CPH01"),
        st.uuids(),
        st.integers(0, 999_999),
        st.sampled_from(Step),
        st.sampled_from(["", "r"]),
    ),
    payload=st.sampled_from(["{}", '{"a":1}']),
    born_at=MOMENTS,
    due_at=MOMENTS,
    attempts=st.integers(0, 99),
    first_sent_at=st.none() | MOMENTS,
    last_deadline=st.none() | MOMENTS,
    calls_lost=st.integers(0, 99),
    claimed_until=st.none() | MOMENTS,
    expires_at=st.none() | MOMENTS,
    etag=st.just("1"),
)
WHAT_ALWAYS_WAS = {"Payload", "BornAt", "DueAt", "Attempts"}


def row_of(work: Work) -> Row:
    return Row(work.ask.property_code, work_key(work.ask), work_values(work), work.etag)


@given(WORKS)
def test_a_step_is_read_as_it_was_written(work: Work) -> None:
    assert work_of(row_of(work)) == work


@given(WORKS)
def test_what_a_row_of_an_older_version_lacks_never_was(work: Work) -> None:
    row = row_of(work)
    older = replace(row, values={name: row.values[name] for name in WHAT_ALWAYS_WAS})
    assert work_of(older) == Work(
        work.ask, work.payload, work.born_at, work.due_at, work.attempts, etag=work.etag
    )
