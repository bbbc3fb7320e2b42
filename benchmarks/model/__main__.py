"""`python -m benchmarks.model`: prints the tables; `--write` puts them into `docs/scale.md`."""

import argparse
from pathlib import Path

from benchmarks.docs import read_results
from benchmarks.model.order_cost import OrderCost, read_costs
from benchmarks.model.tables import tables
from benchmarks.report import SATURATED

SCALE = Path(__file__).parents[2] / "docs" / "scale.md"
BEGIN, END = "<!-- python -m benchmarks.model --write -->", "<!-- end -->"


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put them into docs/scale.md")
    said = tables(costs())
    if parser.parse_args().write:
        SCALE.write_text(with_tables(SCALE.read_text(), said))
    else:
        print(said)


def costs() -> OrderCost:
    """The committed costs, with the CPU of the committed figures.

    Raises:
        ValueError: the life of an order under saturation is not among those.
    """
    life = read_results().find_life(SATURATED)
    if life is None:
        raise ValueError(f"no life of '{SATURATED}' was measured")
    return read_costs().with_cpu(life.cpu_ms)


def with_tables(page: str, said: str) -> str:
    """A page with what was said between its two marks.

    Raises:
        ValueError: the page has no such marks.
    """
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{said}\n\n{end}{after}"


if __name__ == "__main__":
    main()
