from xml.etree import ElementTree as ET

from benchmarks.chart import chart
from tests.unit.benchmarks.records import ratio

SVG = "{http://www.w3.org/2000/svg}"


def test_every_ratio_has_a_bar_as_long_as_its_median_and_its_name() -> None:
    ratios = [ratio(median=0.5), ratio("host / floor & more", median=1.0, callers=32)]
    drawn = ET.fromstring(chart(ratios))  # noqa: S314 - our own drawing
    short, long = (float(each.attrib["width"]) for each in drawn.iter(f"{SVG}rect"))
    assert long == 2 * short
    texts = [each.text for each in drawn.iter(f"{SVG}text")]
    assert [each.key for each in ratios] == [text for text in texts if text and "callers" in text]
    assert texts[-1] == "1.00"


def test_the_line_of_equality_is_where_a_ratio_of_one_ends() -> None:
    drawn = ET.fromstring(chart([ratio(median=1.0)]))  # noqa: S314 - our own drawing
    [bar] = drawn.iter(f"{SVG}rect")
    [one] = (each for each in drawn.iter(f"{SVG}line") if each.attrib["class"] == "one")
    assert float(bar.attrib["x"]) + float(bar.attrib["width"]) == float(one.attrib["x1"])


def test_nothing_measured_is_an_empty_drawing() -> None:
    drawn = ET.fromstring(chart([]))  # noqa: S314 - our own drawing
    assert list(drawn.iter(f"{SVG}rect")) == []
