"""Scores with 95 % intervals and the rivals they must pass, one row each, as inline SVG."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from components.report.html import Html, tag
from components.report.svg import GRID, INK, svg, text, ticks

LEFT, RIGHT, ROW, HEAD = 92, 44, 30, 18
SYMBOLS = {"best_blind": "◆", "clock": "○", "exchanged": "✕"}


@dataclass(frozen=True)
class Row:
    """A score in percent with its bounds; `rivals` by the names of `SYMBOLS`."""

    label: str
    colour: str
    value: float | None
    bounds: Sequence[float] | None = None
    rivals: Mapping[str, float] = field(default_factory=dict)


def interval_chart(rows: Sequence[Row], *, title: str, width: int = 420) -> Html:
    """One line per row from 0 to 100 %: interval as a bar, score as a dot, rivals as symbols."""
    height = HEAD + ROW * len(rows) + 6

    def across(value: float) -> float:
        return round(LEFT + (width - LEFT - RIGHT) * value / 100, 1)

    parts: list[Html] = []
    for value in ticks(0, 100):
        x = across(value)
        parts.append(tag("line", x1=x, x2=x, y1=HEAD, y2=height, stroke=GRID))
        parts.append(text(x, 11, f"{value:g}"))
    for number, row in enumerate(rows):
        parts += draw_row(row, HEAD + ROW * number + ROW / 2, across, width)
    return svg(title, width, height, *parts)


def draw_row(row: Row, y: float, across: Callable[[float], float], width: int) -> list[Html]:
    """The marks of one row at height `y`."""
    parts = [text(LEFT - 8, y + 4, row.label, anchor="end", colour=INK)]
    if row.value is None:
        return [*parts, text(LEFT + 8, y + 4, "no points", anchor="start")]
    if row.bounds:
        low, high = across(row.bounds[0]), across(row.bounds[1])
        bar = {"y": y - 4, "height": 8, "rx": 4, "fill": row.colour, "opacity": 0.3}
        parts.append(tag("rect", x=low, width=round(high - low, 1), **bar))
    for name, value in row.rivals.items():
        parts.append(text(across(value), y + 4, SYMBOLS[name]))
    parts.append(tag("circle", cx=across(row.value), cy=y, r=5, fill=row.colour))
    parts.append(text(width - RIGHT + 8, y + 4, f"{row.value:.1f}", anchor="start", colour=INK))
    return parts
