"""Line charts over training steps as inline SVG."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.report.html import Html, tag

INK, GRID, SOFT = "#334155", "#e2e8f0", "#64748b"
Place = Callable[[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """One line: equally long x and y values; a y of None breaks it.

    marks: a dot at each value. dash: a stroke pattern, None for a solid line.
    """

    colour: str
    xs: Sequence[float]
    ys: Sequence[float | None]
    marks: bool = False
    dash: str | None = None


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round values inside [low, high], about `wanted`: steps of 1, 2, 2.5 or 5 times a power of ten."""
    rough = max(high - low, 1e-9) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 9) for number in range(first, last + 1)]


def text(x: float, y: float, content: object, *, anchor: str = "middle", colour: str = SOFT) -> Html:
    """A small text."""
    return tag("text", content, x=round(x, 1), y=round(y, 1), text_anchor=anchor, fill=colour)


def svg(title: str, width: int, height: int, *parts: Html) -> Html:
    """The outer element; it scales with its column."""
    return tag("svg", tag("title", title), *parts, viewBox=f"0 0 {width} {height}", role="img")


def line_chart(
    series: Sequence[Series], *, title: str, y_range: tuple[float, float], width: int = 340, height: int = 190
) -> Html:
    """Lines over steps with a light grid; values outside `y_range` are drawn at its edge."""
    left, right, top, bottom = 34, 10, 8, 22
    low, high = y_range
    last = max((x for line in series for x in line.xs), default=1.0) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        inside = min(max(y, low), high)
        down = (high - inside) / ((high - low) or 1.0)
        return round(left + (width - left - right) * x / last, 1), round(
            top + (height - top - bottom) * down, 1
        )

    parts: list[Html] = []
    for value in ticks(low, high):
        y = place(0, value)[1]
        parts.append(tag("line", x1=left, x2=width - right, y1=y, y2=y, stroke=GRID))
        parts.append(text(left - 5, y + 4, f"{value:g}", anchor="end"))
    for value in ticks(0, last):
        parts.append(text(place(value, low)[0], height - 6, f"{value:g}"))
    for line in series:
        parts += draw_line(line, place)
    return svg(title, width, height, *parts)


def draw_line(line: Series, place: Place) -> list[Html]:
    """The strokes of one series, and its dots."""
    runs: list[list[str]] = [[]]
    dots: list[Html] = []
    for x, y in zip(line.xs, line.ys, strict=True):
        if y is None:
            runs.append([])
            continue
        across, down = place(x, y)
        runs[-1].append(f"{across},{down}")
        if line.marks:
            dots.append(tag("circle", cx=across, cy=down, r=3, fill=line.colour))
    strokes = [
        tag(
            "polyline",
            points=" ".join(run),
            fill="none",
            stroke=line.colour,
            stroke_width=2,
            stroke_dasharray=line.dash,
            opacity=0.9,
        )
        for run in runs
        if len(run) > 1
    ]
    return strokes + dots
