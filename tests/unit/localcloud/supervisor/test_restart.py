from localcloud.supervisor.restart import RestartDelay


def test_the_delay_doubles_up_to_five_seconds() -> None:
    delay = RestartDelay()
    assert [delay.after(0) for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_service_that_lived_long_restarts_quickly_again() -> None:
    delay = RestartDelay()
    delay.after(0)
    delay.after(0)
    assert delay.after(29.9) == 0.8
    assert delay.after(30) == 0.2
