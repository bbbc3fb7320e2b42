"""`python -m tests.proofs.docs`: writes what the proofs measured last into the documentation."""

from collections.abc import Iterable
from pathlib import Path

from tests.proofs.figures import Proof, kept

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- python -m tests.proofs.docs -->\n", "<!-- end -->\n"


def with_figures(page: str, proofs: Iterable[Proof]) -> str:
    """The page with the proofs' tables between its marks."""
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}\n{'\n'.join(map(_table, proofs))}\n{_END}{after}"


def _table(proof: Proof) -> str:
    lines = [(f"**{proof.name}**", proof.proved_on), ("---", "---"), *proof.figures.items()]
    return "\n".join((*(f"| {name} | {_said(figure)} |" for name, figure in lines), ""))


def _said(figure: str | float) -> str:
    return f"{figure:,}" if isinstance(figure, int) else str(figure)


if __name__ == "__main__":
    PAGE.write_text(with_figures(PAGE.read_text(), kept()))
