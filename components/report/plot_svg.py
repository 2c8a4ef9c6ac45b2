"""Heatmap, scatter and bar charts as inline SVG; line charts are in `svg`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10

from components.report.html import Html, tag
from components.report.svg import GRID, INK, SOFT, svg, text, ticks

CELL, MARGIN = 62, 64
Box = tuple[float, float, float]  # of a name: left, right, baseline


def heatmap(counts: Mapping[str, Mapping[str, int]], order: Sequence[str], *, title: str) -> Html:
    """Rows are true, columns said; shaded by the share of the row, with percent and turns in each cell."""
    size = MARGIN + CELL * len(order)
    parts: list[Html] = [text(MARGIN + CELL * len(order) / 2, 12, "said", colour=INK)]
    for place, name in enumerate(order):
        parts.append(text(MARGIN + CELL * (place + 0.5), 28, name))
        parts.append(text(MARGIN - 6, 38 + CELL * (place + 0.5), name, anchor="end"))
    for row, true in enumerate(order):
        whole = sum(counts[true].values())
        for column, said in enumerate(order):
            share = counts[true][said] / whole if whole else 0.0
            x, y = MARGIN + CELL * column, 34 + CELL * row
            box = {"x": x, "y": y, "width": CELL - 2, "height": CELL - 2, "rx": 3}
            # Below the shade the page shows through, so that one colour serves light and dark.
            parts.append(tag("rect", **box, fill="#0072b2", fill_opacity=round(0.06 + 0.94 * share, 3)))
            ink = "#ffffff" if share > 0.45 else INK
            parts.append(text(x + CELL / 2 - 1, y + 28, f"{100 * share:.1f} %", colour=ink))
            parts.append(text(x + CELL / 2 - 1, y + 43, counts[true][said], colour=ink))
    return svg(title, size, 38 + CELL * len(order), *parts)


@dataclass(frozen=True)
class Point:
    """A point of a scatter chart; `blind` ones are drawn hollow. `name` is its label."""

    name: str
    x: float
    y: float
    colour: str
    blind: bool = False


def scatter(points: Sequence[Point], *, title: str, x_title: str, y_title: str) -> Html:
    """Named points: percent upwards, and across a logarithmic axis of x + 1, so that 0 has a place."""
    width, height, left, right, top, bottom = 720, 400, 46, 24, 22, 40
    highest = max(10.0, max((point.x for point in points), default=1.0))

    def across(value: float) -> float:
        return round(left + (width - left - right) * log10(value + 1) / log10(highest + 1), 1)

    def down(value: float) -> float:
        return round(top + (height - top - bottom) * (100 - value) / 100, 1)

    parts: list[Html] = []
    for value in ticks(0, 100):
        y = down(value)
        parts.append(tag("line", x1=left, x2=width - right, y1=y, y2=y, stroke=GRID))
        parts.append(text(left - 6, y + 4, f"{value:g}", anchor="end"))
    for value in [0, 1, 10, 100, 1000, 3600]:
        if value <= highest * 1.001:
            x = across(value)
            parts.append(tag("line", x1=x, x2=x, y1=top, y2=height - bottom, stroke=GRID))
            parts.append(text(x, height - bottom + 16, f"{value:g}"))
    parts.append(text((left + width - right) / 2, height - 4, x_title, colour=INK))
    parts.append(text(left - 6, 11, y_title, anchor="start", colour=INK))
    taken: list[Box] = [dot_box(across(point.x), down(point.y)) for point in points]
    for point in points:
        parts += draw_point(point, across(point.x), down(point.y), width - right, taken)
    return svg(title, width, height, *parts)


def dot_box(x: float, y: float) -> Box:
    """The room of a dot, as if it were a name."""
    return (x - 8, x + 8, y + 4)


def draw_point(point: Point, x: float, y: float, edge: float, taken: list[Box]) -> list[Html]:
    """A dot, and its name beside it where no name stands yet (moved down a line until there is room)."""
    fill = {"fill": "none" if point.blind else point.colour, "stroke": point.colour, "stroke_width": 2}
    label, long = y + 4, 6.2 * len(point.name)
    turned = x + 10 + long > edge
    start = x - 10 - long if turned else x + 10
    while any(abs(label - base) < 12 and start < end and begin < start + long for begin, end, base in taken):
        label += 12
    taken.append((start, start + long, label))
    colour = SOFT if point.blind else INK
    name = text(
        x - 10 if turned else x + 10, label, point.name, anchor="end" if turned else "start", colour=colour
    )
    return [tag("circle", cx=x, cy=y, r=5, class_="point", **fill), name]


def bar_chart(
    groups: Sequence[str], series: Mapping[str, Sequence[float]], colours: Mapping[str, str], *, title: str
) -> Html:
    """Percent bars side by side: a cluster for each group, a bar for each series."""
    width, height, left, right, top, bottom = 720, 240, 40, 8, 10, 40
    highest = max((value for values in series.values() for value in values), default=1.0) or 1.0
    slot = (width - left - right) / len(groups)
    thick = 0.8 * slot / max(1, len(series))
    parts: list[Html] = []
    for value in ticks(0, highest):
        y = round(top + (height - top - bottom) * (1 - value / highest), 1)
        parts.append(tag("line", x1=left, x2=width - right, y1=y, y2=y, stroke=GRID))
        parts.append(text(left - 5, y + 4, f"{value:g}", anchor="end"))
    for place, group in enumerate(groups):
        parts.append(text(left + slot * (place + 0.5), height - bottom + 16, group))
        for number, (name, values) in enumerate(series.items()):
            tall = round((height - top - bottom) * values[place] / highest, 1)
            x = round(left + slot * (place + 0.1) + thick * number, 1)
            box = {
                "x": x,
                "y": round(height - bottom - tall, 1),
                "width": round(thick - 0.5, 1),
                "height": tall,
            }
            about = tag("title", f"{name}, {group}: {values[place]:.1f} %")
            parts.append(tag("rect", about, **box, fill=colours[name]))
    parts.append(
        text((left + width - right) / 2, height - 5, "turns (seconds) behind the due turn", colour=INK)
    )
    return svg(title, width, height, *parts)
