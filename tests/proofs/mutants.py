"""`python -m tests.proofs.mutants`: how many mutants the tests notice, by module, as mutmut has left them."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mutmut.stats import status_by_exit_code
from tests.proofs.figures import keep

MUTANTS = Path(__file__).parents[2] / "mutants" / "src"
NOTICED = frozenset({"killed", "timeout", "segfault"})
NAME = "Mutants that tests notice"


def scores() -> Iterator[tuple[str, str]]:
    """Of each module that was mutated its name and score; those not tried yet do not count."""
    for file in sorted(MUTANTS.rglob("*.meta")):
        codes = json.loads(file.read_bytes())["exit_code_by_key"].values()
        statuses = Counter(status_by_exit_code[code] for code in codes if code is not None)
        if statuses:
            noticed = sum(statuses[each] for each in NOTICED)
            module = file.relative_to(MUTANTS).with_suffix("")
            yield (
                str(module),
                f"{noticed / statuses.total():.0%} of {statuses.total()}{_late(statuses['timeout'])}",
            )


def _late(mutants: int) -> str:
    """Apart, because a slow machine ends some that no test would notice."""
    return f", {mutants} of them by running out of time" if mutants else ""


if __name__ == "__main__":
    keep(NAME, dict(scores()))
