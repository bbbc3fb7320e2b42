"""What a process remembers of rows, and what it forgets."""

from muneris.cloud.tables.remembered import Remembered, Stored

P = "NOR-CPH01"


def test_what_was_read_or_written_last_is_recalled() -> None:
    rows = Remembered[int](10)
    assert rows.recall(P, "a") is None
    rows.read(P, "a", 1, "v1")
    assert rows.recall(P, "a") == Stored(1, "v1")
    rows.wrote(P, "a", 2, "v2")
    assert rows.recall(P, "a") == Stored(2, "v2")
    assert rows.recall("NOR-ODE01", "a") is None


def test_a_row_is_contested_while_others_change_it_between_two_reads() -> None:
    rows = Remembered[int](10)
    rows.wrote(P, "a", 1, "v1")
    assert rows.read(P, "a", 2, "v2") == Stored(2, "v2", contested=True)
    rows.wrote(P, "a", 3, "v3")
    assert rows.recall(P, "a") == Stored(3, "v3", contested=True)
    assert rows.read(P, "a", 3, "v3") == Stored(3, "v3", contested=False)


def test_what_is_gone_is_forgotten() -> None:
    rows = Remembered[int](10)
    rows.read(P, "a", 1, "v1")
    rows.forget(P, "a")
    rows.forget(P, "never known")
    assert rows.recall(P, "a") is None


def test_a_row_written_as_an_unknown_version_is_forgotten() -> None:
    rows = Remembered[int](10)
    rows.read(P, "a", 1, "v1")
    rows.wrote(P, "a", 2, None)
    assert rows.recall(P, "a") is None


def test_what_was_not_used_for_longest_is_forgotten_first() -> None:
    rows = Remembered[int](3)
    for number, key in enumerate("abc"):
        rows.read(P, key, number, "v1")
    rows.recall(P, "a")
    rows.wrote(P, "b", 7, "v2")
    rows.read(P, "d", 3, "v1")
    rows.read(P, "e", 4, "v1")
    assert [key for key in "abcde" if rows.recall(P, key)] == ["b", "d", "e"]
