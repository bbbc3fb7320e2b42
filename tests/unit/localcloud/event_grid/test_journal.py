from datetime import UTC, datetime
from pathlib import Path

from localcloud.event_grid.cloud_event import CloudEvent
from localcloud.event_grid.delivery import Delivery, Outcome
from localcloud.event_grid.journal import Journal

NOW = datetime(2030, 5, 4, 10, 30, tzinfo=UTC)


def delivery(number: int) -> Delivery:
    event = CloudEvent(
        specversion="1.0", id=str(number), source="/orders", type="a.b", data="line\nfeed\u2028"
    )
    return Delivery(
        id=str(number), topic="t", subscription="s", event=event, publish_time=NOW, next_attempt_at=NOW
    )


def test_what_waits_survives_and_what_is_settled_does_not(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "journal"
    journal = Journal(path)
    again = delivery(1).model_copy(update={"attempts": 2, "last_outcome": Outcome.BUSY})
    journal.put(delivery(1), delivery(2))
    journal.put(again)
    journal.settle("2")
    journal.close()

    reopened = Journal(path)
    assert reopened.waiting == (again,)
    assert path.read_bytes().count(b"\n") == 1
    reopened.close()


def test_a_line_that_was_cut_off_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.put(delivery(1))
    journal.put(delivery(2))
    journal.close()
    path.write_bytes(path.read_bytes()[:-20])

    reopened = Journal(path)
    assert [each.id for each in reopened.waiting] == ["1"]
    reopened.close()


def test_is_empty_again_when_nothing_waits(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.put(delivery(1))
    journal.settle("1")
    assert path.stat().st_size == 0
    journal.close()


def test_does_not_grow_with_what_is_settled(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.put(delivery(0), delivery(1))
    for number in range(2, 10_000):
        journal.put(delivery(number))
        journal.settle(str(number))
    assert path.read_bytes().count(b"\n") < 10_000
    journal.settle("0")
    journal.close()

    reopened = Journal(path)
    assert reopened.waiting == (delivery(1),)
    reopened.close()
