from pathlib import Path

import pytest
from pydantic import ValidationError

from localcloud.function_host import FunctionHostConfig


def config(app: str = "orders", timer_lease_seconds: float = 15, **settings: str) -> FunctionHostConfig:
    return FunctionHostConfig(
        app=app,
        app_dir=Path("app"),
        region="api1",
        port=1,
        settings=settings,
        timer_lease_seconds=timer_lease_seconds,
    )


def test_the_host_id_is_the_region_and_app_cut_to_32() -> None:
    assert config().host_id == "api1-orders"
    assert config("STS_token_master_of_everything_else").host_id == "api1-sts_token_master_of_everyth"
    assert config(AzureFunctionsWebHost__hostid="own").host_id == "own"


@pytest.mark.parametrize("seconds", [14, 61])
def test_a_timer_lease_is_what_azure_storage_allows(seconds: float) -> None:
    with pytest.raises(ValidationError, match="timer_lease_seconds"):
        config(timer_lease_seconds=seconds)
