import json
import stat
from pathlib import Path

from localcloud.supervisor.keys import load_keys, read_staff_key


def test_keys_are_made_once(tmp_path: Path) -> None:
    keys = load_keys(tmp_path, ["api1", "api2"])
    assert load_keys(tmp_path, ["api1", "api2"]) == keys
    assert read_staff_key(tmp_path) == keys.staff


def test_every_region_has_its_own(tmp_path: Path) -> None:
    regions = load_keys(tmp_path, ["api1", "api2"]).regions
    assert regions["api1"].signing != regions["api2"].signing
    assert {key: json.loads(regions["api1"].signing)[key] for key in ("kty", "crv", "alg")} == {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
    }
    sealing = [json.loads(region.sealing) for region in regions.values()]
    assert [(key["crv"], key["use"]) for key in sealing] == [("P-256", "enc")] * 2
    assert sealing[0]["kid"] != sealing[1]["kid"]


def test_only_their_owner_reads_them(tmp_path: Path) -> None:
    load_keys(tmp_path, ["api1"])
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "keys").iterdir()}
    assert modes == {0o600}
