"""`python -m tests.simulation --seed N --orders N`: seeded runs, and the story of what they broke."""

import argparse
import json
import os
import sys
from collections.abc import Iterator

from tests.simulation.seeded.virtual_time import START, run
from tests.simulation.seeded.world import Outcome, World

_STORIES, _LISTED = 3, 20
_HASHES = "PYTHONHASHSEED"
"""Sets are in the same order in each run only if this is the same."""


def main() -> int:
    """Run seeds, one after the other; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=1, help="so many seeds, from this one on")
    asked = parser.parse_args()
    broken = False
    for seed in range(asked.seed, asked.seed + asked.runs):
        outcome = run(World(seed).run(asked.orders))
        _say(json.dumps(outcome.figures))
        if outcome.violations:
            broken = True
            _say(*_stories(outcome))
            _say(f"repeat it: python -m tests.simulation --seed {seed} --orders {asked.orders}")
    return int(broken)


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _stories(outcome: Outcome) -> Iterator[str]:
    """Violations, and of the first orders that they are about, who did what when."""
    told: list[object] = []
    for violation in outcome.violations[:_LISTED]:
        yield f"- {violation}"
        if violation.about is None or violation.about in told or len(told) == _STORIES:
            continue
        told.append(violation.about)
        for entry in outcome.journal.story_of(violation.about[1]):
            yield f"  {START:%H:%M}+{entry.at:010.3f} s  {entry.who:26} {entry.what}  {entry.names}"


if __name__ == "__main__":
    if os.environ.get(_HASHES) != "0":
        os.environ[_HASHES] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])  # noqa: S606 - itself
    sys.exit(main())
