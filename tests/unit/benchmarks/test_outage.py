from benchmarks.outage import recovery


def test_only_what_was_owed_when_simphony_was_up_again_has_to_be_made_up_for() -> None:
    made_up = recovery([90.0, 100.0, 130.0, 112.5], up_again=100.0)
    assert (made_up.orders, made_up.seconds) == (2, 30.0)


def test_where_nothing_was_owed_nothing_takes_time() -> None:
    made_up = recovery([90.0], up_again=100.0)
    assert (made_up.orders, made_up.seconds) == (0, 0.0)
