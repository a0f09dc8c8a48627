"""A small column chart as SVG, drawn on the server. Pure. The same figures always stand in a table beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 640, 200
LEFT, BOTTOM, TOP = 46, 26, 10
GAP = 0.34  # of a column's room


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its label, and its parts from the ground up, each a class of the stylesheet and a value."""

    label: str
    parts: Sequence[tuple[str, float]]

    @property
    def total(self) -> float:
        return sum(value for _, value in self.parts)


def columns_svg(columns: Sequence[Column], *, title: str, summary: str, unit: str = "") -> Markup:
    """The chart, for a page: no styles of its own, named by `title` and told by `summary`."""
    top = nice_ceiling(max((column.total for column in columns), default=0))
    room = (WIDTH - LEFT) / max(len(columns), 1)
    width, height = room * (1 - GAP), HEIGHT - BOTTOM - TOP
    name = _id(title)
    out = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}-t {name}-d">',
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(summary)}</desc>',
    ]
    for share in (0.0, 0.5, 1.0):
        y = TOP + height * (1 - share)
        out.append(f'<line class="chart-line" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        scale = f"{top * share:,.0f}{unit}"
        out.append(f'<text class="chart-scale" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{scale}</text>')
    for n, column in enumerate(columns):
        x, y = LEFT + n * room + room * GAP / 2, TOP + height
        for kind, value in column.parts:
            size = height * value / top if top else 0
            y -= size
            if size:
                out.append(
                    f'<rect class="chart-{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{size:.1f}"/>'
                )
        out.append(
            f'<text class="chart-label" x="{x + width / 2:.1f}" y="{HEIGHT - 8}" text-anchor="middle">'
            f"{escape(column.label)}</text>"
        )
    out.append("</svg>")
    return Markup("".join(out))  # noqa: S704 - every text in it is escaped above


def nice_ceiling(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, ... that is not less; 1 for nothing."""
    step = 1.0
    while True:
        for times in (1, 2, 5):
            if step * times >= value:
                return step * times
        step *= 10


def _id(title: str) -> str:
    return "chart-" + "".join(char if char.isalnum() else "-" for char in title.lower())
