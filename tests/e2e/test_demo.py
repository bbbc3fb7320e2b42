"""`muneris up` as a newcomer meets it, and a replay on the property that its demo made."""

import json
import re
from pathlib import Path

from tests.local_cloud import free_base_port, muneris
from tests.sample_orders import write_generated

from localcloud.replay.sample import read_sample

_CLEAN = {"rejected": 0, "failed": 0, "duplicate_checks": 0}


def test_up_shows_the_life_of_its_demo_order(tmp_path: Path) -> None:
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
        replayed = muneris("replay", str(file), *words)
        assert replayed.returncode == 0, replayed.stderr
        report = json.loads(replayed.stdout)
        expected = {"property": "NOR-CPH01", "orders": 20, "confirmed": 20, "checks": 20, "total": total}
        assert report | expected | _CLEAN == report
    finally:
        muneris("down", *words)
