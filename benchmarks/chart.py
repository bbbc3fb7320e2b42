"""The ratios as a drawing (SVG) that reads on light and on dark paper. Pure."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from benchmarks.report import Ratio

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 920, 450, 70, 34, 26
_LINE, _BAR = 22, 12
_STEP = 0.25
_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .name { text-anchor: end }
  .mark { text-anchor: middle; fill: #59636e }
  .grid { stroke: #d1d9e0 }
  .one { stroke: #59636e; stroke-dasharray: 4 3 }
  .bar { fill: #0969da }
  .spread { stroke: #1f2328 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .mark { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #9198a1 }
    .bar { fill: #4493f8 } .spread { stroke: #f0f6fc }
  }
"""


def chart(ratios: Sequence[Ratio]) -> str:
    """A bar for each ratio's median, a line across it from its lower to its upper quartile."""
    most = max((each.high for each in ratios), default=1.0)
    steps = int(most / _STEP) + 1
    scale = (_WIDTH - _LEFT - _RIGHT) / (steps * _STEP)
    height = _TOP + _LINE * len(ratios) + _BOTTOM
    bars = "\n".join(_bar(each, _TOP + _LINE * number, scale) for number, each in enumerate(ratios))
    grid = "\n".join(_grid(steps, scale, height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="Ratios of the order path">\n<style>{_STYLE}</style>\n{grid}\n{bars}\n</svg>\n'
    )


def _grid(steps: int, scale: float, height: int) -> Iterator[str]:
    for step in range(steps + 1):
        value = step * _STEP
        x = _LEFT + value * scale
        kind = "one" if value == 1 else "grid"
        yield f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 8}" y2="{height - _BOTTOM}"/>'
        if value == int(value * 2) / 2:
            yield f'<text class="mark" x="{x:.1f}" y="{_TOP - 14}">{value:g}</text>'


def _bar(ratio: Ratio, top: int, scale: float) -> str:
    middle = top + _LINE // 2
    end = _LEFT + ratio.median * scale
    low, high = (_LEFT + value * scale for value in (ratio.low, ratio.high))
    return (
        f'<text class="name" x="{_LEFT - 8}" y="{middle + 4}">{escape(ratio.key)}</text>'
        f'<rect class="bar" x="{_LEFT}" y="{middle - _BAR // 2}" width="{end - _LEFT:.1f}" height="{_BAR}"/>'
        f'<line class="spread" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>'
        f'<text x="{max(end, high) + 6:.1f}" y="{middle + 4}">{ratio.median:.2f}</text>'
    )
