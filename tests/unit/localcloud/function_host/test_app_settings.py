import pytest

from localcloud.function_host.app_settings import is_disabled


@pytest.mark.parametrize("value", ["true", "True", "1"])
def test_a_setting_disables_the_function_that_it_names(value: str) -> None:
    settings = {"AzureWebJobs.sweep.Disabled": value}
    assert is_disabled("sweep", settings)
    assert not is_disabled("http", settings)


def test_a_function_runs_unless_its_setting_says_otherwise() -> None:
    assert not is_disabled("sweep", {"AzureWebJobs.sweep.Disabled": "false"})
