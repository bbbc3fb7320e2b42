from pathlib import Path

import pytest
from tests.local_cloud import muneris


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
