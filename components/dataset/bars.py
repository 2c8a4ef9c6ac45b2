"""Bar charts as stand-alone SVG files: horizontal pairs of bars, ours and the paper's, with their figures."""

from collections.abc import Sequence
from html import escape
from typing import Any

WIDTH, LEFT, RIGHT, ROW, TOP = 720, 150, 180, 40, 54
OURS, PAPER, INK, SOFT = "#0072b2", "#e69f00", "#1e293b", "#64748b"


def bar_pairs(title: str, parts: Sequence[dict[str, Any]]) -> str:
    """An SVG of `parts` (`name, n, percent, paper_percent`): for each a bar of ours above one of the paper's.

    Percent of the longest bar fill the width. Same parts, same bytes.
    """
    longest = max(
        [1.0, *(part["percent"] for part in parts), *(part["paper_percent"] or 0 for part in parts)]
    )
    height = TOP + ROW * len(parts) + 8
    body = [text(12, 20, title, size=15, weight=600), *legend()]
    for place, part in enumerate(parts):
        y = TOP + ROW * place
        body.append(text(LEFT - 8, y + 18, part["name"].replace("_", " "), anchor="end"))
        body += bar(y, part["percent"] / longest, OURS, f"{part['percent']:.1f} %  (n = {part['n']:,})")
        theirs = part["paper_percent"]
        said = "not in the paper" if theirs is None else f"{theirs:.1f} %"
        body += bar(y + 15, (theirs or 0.0) / longest, PAPER, said, stripes=True)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            f'font-family="system-ui, sans-serif"><title>{escape(title)}</title>',
            # Striped, so that ours and the paper's differ without their colours too.
            '<defs><pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="6" height="6" fill="{PAPER}"/>'
            '<rect width="2" height="6" fill="#ffffff" fill-opacity="0.55"/></pattern></defs>',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            *body,
            "</svg>\n",
        ]
    )


def legend() -> list[str]:
    """What the two kinds of bars are."""
    return [
        f'<rect x="{LEFT}" y="32" width="12" height="10" fill="{OURS}"/>',
        text(LEFT + 18, 41, "this dataset", colour=SOFT),
        f'<rect x="{LEFT + 110}" y="32" width="12" height="10" fill="url(#stripes)"/>',
        text(LEFT + 128, 41, "the paper, Streamo-Instruct-465K", colour=SOFT),
    ]


def bar(y: float, share: float, colour: str, said: str, *, stripes: bool = False) -> list[str]:
    """One bar and the figure behind it."""
    long = round((WIDTH - LEFT - RIGHT) * share, 1)
    fill = "url(#stripes)" if stripes else colour
    return [
        f'<rect x="{LEFT}" y="{y}" width="{long}" height="13" fill="{fill}"/>',
        text(LEFT + long + 6, y + 11, said, colour=SOFT),
    ]


def text(
    x: float,
    y: float,
    said: str,
    *,
    size: int = 12,
    anchor: str = "start",
    colour: str = INK,
    weight: int = 400,
) -> str:
    """A line of text, escaped: task names come from labels."""
    return (
        f'<text x="{round(x, 1)}" y="{round(y, 1)}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}" fill="{colour}">{escape(said)}</text>'
    )
