"""Learning curves as SVG files that stand alone: a panel of charts with its own legend."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.report.curves_section import chart, task_charts
from components.report.html import Html, join, tag
from components.report.palette import GROUP_TITLES, colour_of, family_title, method_title
from components.report.progress import GROUPS, step_chart
from components.report.svg import INK, text

Json = Mapping[str, Any]
WIDTH, HEIGHT, TITLE, GAP, COLUMNS = 340, 190, 18, 14, 3
HEAD = 46
CURVES = (
    ("states", "recall_response", "recall of Response, validation slice"),
    ("states", "precision_response", "precision of Response, validation slice"),
    ("states", "false_alarms_per_quiet_minute", "false alarms per quiet minute, same slice"),
    ("loss", "ce_standby", "cross entropy of Standby tokens"),
    ("loss", "ce_response", "cross entropy of Response tokens"),
    ("loss", "grad_norm", "gradient norm before clipping"),
)


def panels(results: Json) -> dict[str, str]:
    """`<family>-curves` and `<family>-tasks` -> the text of an SVG file."""
    shown, found = results["ablation"], {}
    for family in shown["families"]:
        runs = [entry for entry in results["models"].values() if entry["family"] == family]
        seeds, title = shown["seeds"], family_title(family)
        groups = [(group, f"{GROUP_TITLES[group]}, percent") for group in GROUPS if results["ovo_ran"]]
        scores = [(name, step_chart(runs, seeds, group, name)) for group, name in groups]
        curves = [(names[-1], chart(runs, seeds, *names)) for names in CURVES]
        tasks = [
            (names[-1], chart(runs, seeds, *names)) for names in task_charts(runs) if names[0] == "tasks"
        ]
        found[f"{family}-curves"] = panel(f"{title}: scores and curves by step", shown, [*scores, *curves])
        found[f"{family}-tasks"] = panel(f"{title}: cross entropy by task and step", shown, tasks)
    return found


def panel(title: str, shown: Json, charts: Sequence[tuple[str, Html | None]]) -> str:
    """Charts in a grid on white, under a title and the colours of the losses."""
    drawn = [(name, inner) for name, inner in charts if inner is not None]
    rows = -(-len(drawn) // COLUMNS)
    width, height = COLUMNS * (WIDTH + GAP), HEAD + rows * (HEIGHT + TITLE + GAP)
    parts = [tag("rect", width=width, height=height, fill="#ffffff"), *heading(title, shown)]
    for place, (name, inner) in enumerate(drawn):
        x = place % COLUMNS * (WIDTH + GAP)
        y = HEAD + place // COLUMNS * (HEIGHT + TITLE + GAP)
        parts.append(text(x + 6, y + 12, name, anchor="start", colour=INK))
        moved = f'<svg x="{x}" y="{y + TITLE}" width="{WIDTH}" height="{HEIGHT}" '
        parts.append(Html(inner.replace("<svg ", moved, 1)))
    return str(
        tag(
            "svg",
            join(parts),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {width} {height}",
            font_family="sans-serif",
            font_size=11,
        )
    )


def heading(title: str, shown: Json) -> list[Html]:
    """The title and one key a loss, and how seeds are drawn."""
    parts = [text(6, 16, title, anchor="start", colour=INK)]
    x = 6
    for loss in shown["losses"]:
        name = method_title(loss)
        parts.append(tag("rect", x=x, y=26, width=12, height=4, fill=colour_of(loss)))
        parts.append(text(x + 17, 32, name, anchor="start"))
        x += 36 + 7 * len(name)
    if len(shown["seeds"]) > 1:
        first = shown["seeds"][0]
        parts.append(text(x + 6, 32, f"seed {first} solid, other seeds dashed", anchor="start"))
    return parts
