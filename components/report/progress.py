"""Scores at earlier training steps, and how often the models speak when they should."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from components.report.cells import value_cell
from components.report.findings import number
from components.report.html import Html, details, figure, join, legend, paragraph, table, tag
from components.report.palette import GROUP_TITLES, colour_of, dash_of, family_title, method_title
from components.report.svg import Series, line_chart

Json = Mapping[str, Any]
TASKS = ("REC", "SSR", "CRR")
GROUPS = ("forward", "realtime", "backward")


def steps_part(ran: Json, shown: Json) -> Html:
    """Group scores over training steps, one chart a group and family, and the same as a table."""
    charts = []
    for family, group in product(shown["families"], GROUPS):
        runs = [entry for entry in ran.values() if entry["family"] == family]
        of = f", {family_title(family)}" if len(shown["families"]) > 1 else ""
        title = f"{GROUP_TITLES[group]}{of}, percent by training step"
        charts.append(figure(title, step_chart(runs, shown["seeds"], group, title)))
    rows = [
        [f"{name}, step {step}", *step_cells(scores)]
        for name, entry in ran.items()
        for step, scores in entry["ovo_at_steps"].items()
    ]
    titles = ["model", "REC", "SSR", "CRR", "forward", "real-time", "backward", "forward, naive"]
    keys = [(method_title(loss), colour_of(loss)) for loss in sorted({e["loss"] for e in ran.values()})]
    return join(
        [
            tag("h3", "Scores on the way"),
            legend(keys),
            tag("div", *charts, class_="grid"),
            details("the same as a table", table(titles, rows)),
        ]
    )


def step_chart(runs: Sequence[Json], seeds: Sequence[int], group: str, title: str) -> Html:
    """One group's score over the kept steps, a line for each run."""
    lines = [
        Series(
            colour_of(run["loss"]),
            steps := sorted(int(step) for step in run["ovo_at_steps"]),
            [run["ovo_at_steps"][str(step)]["groups"][group] for step in steps],
            marks=True,
            dash=dash_of(seeds.index(run["seed"])),
        )
        for run in runs
        if run["ovo_at_steps"]
    ]
    return line_chart(lines, title=title, y_range=(0, 100))


def step_cells(scores: Json) -> list[object]:
    """One row of the steps table."""
    cells: list[object] = [number(scores["tasks"].get(task)) for task in TASKS]
    cells += [value_cell(scores["groups"][g], scores["intervals"][g]) for g in GROUPS]
    return [*cells, number(scores["naive_groups"]["forward"])]


def response_table(ran: Json) -> Html:
    """Does the model speak when it should and only then: forward streams of the test set."""
    titles = [
        "forward streams",
        "due",
        "spoken",
        "recall",
        "precision",
        "F1",
        "false alarms",
        "per quiet minute",
    ]
    rows = [[name, *response_cells(entry["responses"])] for name, entry in ran.items() if entry["responses"]]
    return join(
        [
            tag("h3", "Speaking at the right moment"),
            paragraph(
                "OVO-Bench does not punish a model that speaks too often; these columns do.", class_="quiet"
            ),
            table(titles, rows),
        ]
    )


def response_cells(found: Json) -> list[object]:
    """Counts and percents of one response summary."""
    percents = [number(found[name]) for name in ("recall", "precision", "f1")]
    return [
        found["due"],
        found["responses"],
        *percents,
        found["false_alarms"],
        number(found["false_alarms_per_quiet_minute"]),
    ]
