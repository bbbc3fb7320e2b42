from benchmarks.chart import chart
from benchmarks.docs import DRAWING, PAGE, read_results, with_figures
from benchmarks.report import Report


def test_the_page_shows_the_committed_figures() -> None:
    page = PAGE.read_text()
    assert with_figures(page, read_results()) == page


def test_the_drawing_shows_the_committed_figures() -> None:
    assert DRAWING.read_text() == chart(read_results().ratios)


def test_writing_the_figures_keeps_what_is_around_them() -> None:
    report = Report(measured_on=read_results().measured_on, machine="two cores")
    page = "# Title\n<!-- python -m benchmarks.docs -->\nold\n<!-- end -->\nthe rest\n"
    written = with_figures(page, report)
    assert written.startswith("# Title\n")
    assert written.endswith("<!-- end -->\nthe rest\n")
    assert "old" not in written
    assert f"Measured {report.measured_on} on two cores." in written
    assert with_figures(written, report) == written
