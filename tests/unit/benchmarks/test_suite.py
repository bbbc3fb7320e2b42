import pytest
from benchmarks.suite import CHECKED, QUESTIONS, RATIOS, chosen


def test_every_question_is_asked_unless_some_are_named() -> None:
    assert chosen(QUESTIONS, "") == list(QUESTIONS)


def test_questions_are_named_by_how_they_begin() -> None:
    assert chosen(QUESTIONS, "direct-8x,life") == ["direct-8x1", "direct-8x32", "life"]


@pytest.mark.parametrize("only", ["nothing", "life", "direct,life"])
def test_a_word_that_nothing_begins_with_is_refused_so_that_no_check_passes_by_checking_nothing(
    only: str,
) -> None:
    with pytest.raises(ValueError, match=r"nothing of this begins with '(nothing|life)': direct-1x1, "):
        chosen(CHECKED, only)


def test_intake_is_measured_directly_and_by_the_host_at_every_size() -> None:
    sizes = [f"{callers}x{properties}" for callers in (1, 8, 32, 128) for properties in (1, 32)]
    expected = [f"{name}-{size}" for name in ("direct", "host") for size in sizes]
    assert [name for name in RATIOS if name.startswith(("direct", "host"))] == expected
