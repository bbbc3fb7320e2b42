"""What the proofs measured, kept until the documentation takes it over."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parents[2] / ".prove"
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")

type Figure = str | int | float


class Proof(BaseModel):
    """A proof that was carried out in full, and what it measured."""

    model_config = ConfigDict(frozen=True)

    name: str
    proved_on: str
    figures: dict[str, Figure]


def keep(name: str, figures: Mapping[str, Figure]) -> None:
    """Keep the figures of a proof, in the place of those of its last run."""
    proof = Proof(name=name, proved_on=f"{datetime.now(UTC):%Y-%m-%d}", figures=dict(figures))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{_NOT_IN_A_NAME.sub('-', name.lower())}.json").write_text(proof.model_dump_json(indent=1))


def kept() -> Iterator[Proof]:
    """The last figures of each proof, by name."""
    for file in sorted(FOLDER.glob("*.json")):
        yield Proof.model_validate_json(file.read_bytes())
