"""`python -m benchmarks.docs`: writes the committed figures into the documentation."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.chart import chart
from benchmarks.report import Report
from benchmarks.tables import Table, tables

RESULTS = Path(__file__).with_name("results.json")
"""The committed figures."""
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
DRAWING = PAGE.with_suffix(".svg")
_BEGIN, _END = "<!-- python -m benchmarks.docs -->\n", "<!-- end -->\n"


def read_results() -> Report:
    """The committed figures."""
    return Report.model_validate_json(RESULTS.read_bytes())


def with_figures(page: str, report: Report) -> str:
    """The page with the report's tables between its marks."""
    before, _, rest = page.partition(_BEGIN)
    after = rest.partition(_END)[2]
    said = "\n".join((_measured(report), *map(_markdown, tables(report))))
    return f"{before}{_BEGIN}\n{said}\n{_END}{after}"


def _measured(report: Report) -> str:
    return f"Measured {report.measured_on} on {report.machine}.\n"


def _markdown(table: Table) -> str:
    lines: list[Sequence[str]] = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "\n".join((f"### {table.title}", "", *(f"| {' | '.join(line)} |" for line in lines), ""))


def main() -> None:
    """Write the page and the drawing."""
    report = read_results()
    PAGE.write_text(with_figures(PAGE.read_text(), report))
    DRAWING.write_text(chart(report.ratios))


if __name__ == "__main__":
    main()
