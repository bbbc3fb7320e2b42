from benchmarks.suite import QUESTIONS, RATIOS, chosen


def test_every_question_is_asked_unless_some_are_named() -> None:
    assert chosen(QUESTIONS, "") == list(QUESTIONS)


def test_questions_are_named_by_how_they_begin() -> None:
    assert chosen(QUESTIONS, "direct-8x,life") == ["direct-8x1", "direct-8x32", "life"]
    assert chosen(QUESTIONS, "nothing") == []


def test_intake_is_measured_directly_and_by_the_host_at_every_size() -> None:
    sizes = [f"{callers}x{properties}" for callers in (1, 8, 32, 128) for properties in (1, 32)]
    expected = [f"{name}-{size}" for name in ("direct", "host") for size in sizes]
    assert [name for name in RATIOS if name.startswith(("direct", "host"))] == expected
