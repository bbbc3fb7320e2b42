import json
import re
from pathlib import Path

import pytest
from tests.local_cloud import free_base_port, muneris
from tests.sample_orders import write_generated

from localcloud.replay.sample import read_sample

_CLEAN = {"rejected": 0, "failed": 0, "duplicate_checks": 0}


@pytest.mark.e2e
def test_orders_are_replayed_beside_the_demo_and_again(tmp_path: Path) -> None:
    file = write_generated(tmp_path / "orders.tsv", seed=5, orders=20)
    total = f"{sum(order.total for order in read_sample(file)):.2f}"
    words = ["--data-dir", str(tmp_path / "data"), "--json"]
    base = str(free_base_port())
    started = muneris("up", "--regions", "1", "--base-port", base, "--detach", *words)
    try:
        assert (started.returncode, started.stderr) == (0, "")
        said = (tmp_path / "data" / "logs" / "up.log").read_text()
        assert re.findall(r"Z  (\w+)", said) == ["received", "reserved", "posting", "confirmed"]
        assert "One order at NOR-CPH01: check 1001, 329.00 DKK\n" in said
        for options in ([], ["--twice", "--callers", "4"]):
            replayed = muneris("replay", str(file), *options, *words)
            assert replayed.returncode == 0, replayed.stderr
            report = json.loads(replayed.stdout)
            expected = {"property": "NOR-CPH01", "orders": 20, "confirmed": 20, "checks": 20, "total": total}
            assert report | expected | _CLEAN == report
    finally:
        muneris("down", *words)


def test_a_file_that_is_missing_is_said(tmp_path: Path) -> None:
    absent = tmp_path / "absent.tsv"
    refused = muneris("replay", str(absent), "--data-dir", str(tmp_path))
    message = f"muneris: Cannot read {absent}: No such file or directory.\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", message)


@pytest.mark.parametrize(
    "words", [[], ["orders.tsv", "--property", "nor-1"], ["orders.tsv", "--callers", "0"]]
)
def test_wrong_usage_is_2(words: list[str]) -> None:
    refused = muneris("replay", *words)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Traceback" not in refused.stderr
