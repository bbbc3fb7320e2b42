"""What the proofs measured, kept until the documentation takes it over."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import reduce
from itertools import groupby
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


def keep(name: str, figures: Mapping[str, Figure], part: str = "") -> None:
    """Keep the figures of a proof, or of one part of it, in the place of those of its last run."""
    proof = Proof(name=name, proved_on=f"{datetime.now(UTC):%Y-%m-%d}", figures=dict(figures))
    FOLDER.mkdir(exist_ok=True)
    file = _NOT_IN_A_NAME.sub("-", f"{name} {part}".strip().lower())
    (FOLDER / f"{file}.json").write_text(proof.model_dump_json(indent=1))


def kept(folder: Path = FOLDER) -> Iterator[Proof]:
    """The last figures of each proof, by name; those of its parts together, whole numbers added up."""
    proofs = [Proof.model_validate_json(file.read_bytes()) for file in sorted(folder.glob("*.json"))]
    for name, parts in groupby(sorted(proofs, key=_name), key=_name):
        yield reduce(_together, parts, Proof(name=name, proved_on="", figures={}))


def _name(proof: Proof) -> str:
    return proof.name


def _together(whole: Proof, part: Proof) -> Proof:
    figures = dict(whole.figures)
    for name, figure in part.figures.items():
        before = figures.get(name)
        figures[name] = before + figure if isinstance(before, int) and isinstance(figure, int) else figure
    return Proof(name=whole.name, proved_on=max(whole.proved_on, part.proved_on), figures=figures)
