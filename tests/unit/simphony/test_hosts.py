import pytest

from muneris.simphony.errors import NotConfiguredError
from muneris.simphony.hosts import allowed_url


@pytest.mark.parametrize(
    "address",
    [
        "https://mte4-sts.oraclecloud.com",
        "https://MTE5-STS.OracleMicros.com/",
        "https://ors-idm.mtu1.oraclerestaurants.com",
        "https://mte4-ohra-idm.oracleindustry.com",
    ],
)
def test_hosts_of_oracle_are_allowed(address: str) -> None:
    assert str(allowed_url(address, allow_local=False)).startswith("https://")


@pytest.mark.parametrize(
    "address",
    [
        "http://mte4-sts.oraclecloud.com",
        "https://oraclecloud.com.example.org",
        "https://notoraclecloud.com",
        "https://user@mte4-sts.oraclecloud.com",
        "https://mte4-sts.oraclecloud.com@example.org",
        "https://169.254.169.254",
        "http://localhost:7074",
        "http://127.0.0.1:7074",
        "ftp://mte4-sts.oraclecloud.com",
        "mte4-sts.oraclecloud.com",
        "https://[broken",
        "",
    ],
)
def test_every_other_address_is_refused(address: str) -> None:
    with pytest.raises(NotConfiguredError):
        allowed_url(address, allow_local=False)


@pytest.mark.parametrize("address", ["http://localhost:7074", "http://127.0.0.1:7074", "http://[::1]:7074"])
def test_loopback_is_allowed_on_request(address: str) -> None:
    assert str(allowed_url(address, allow_local=True)) == address


@pytest.mark.parametrize("address", ["http://10.0.0.1", "http://example.org", "http://localhost.example.org"])
def test_loopback_means_loopback_alone(address: str) -> None:
    with pytest.raises(NotConfiguredError):
        allowed_url(address, allow_local=True)
