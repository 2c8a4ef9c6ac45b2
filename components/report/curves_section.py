"""Learning curves: a grid for each family, a colour for each loss, a stroke for each seed."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.report.html import Html, details, figure, join, legend, paragraph, section, tag
from components.report.palette import colour_of, dash_of, family_title, method_title
from components.report.svg import Series, line_chart

Json = Mapping[str, Any]
CHARTS = (
    ("loss", "loss", "training loss (each loss in its own unit)"),
    ("loss", "ce_standby", "cross entropy of Standby tokens"),
    ("loss", "ce_response", "cross entropy of Response tokens"),
    ("states", "recall_silence", "recall of Silence, validation slice"),
    ("states", "recall_standby", "recall of Standby, validation slice"),
    ("states", "recall_response", "recall of Response, validation slice"),
    ("states", "precision_standby", "precision of Standby, validation slice"),
    ("states", "precision_response", "precision of Response, validation slice"),
    ("states", "false_alarms_per_quiet_minute", "false alarms per quiet minute, validation slice"),
)


def training_section(results: Json) -> Html:
    """The curves of every run."""
    families, seeds = results["ablation"]["families"], results["ablation"]["seeds"]
    keys = [(method_title(loss), colour_of(loss)) for loss in results["ablation"]["losses"]]
    strokes = f"Seed {seeds[0]} is drawn solid, the others dashed. " if len(seeds) > 1 else ""
    note = "The validation slice is teacher-forced: each turn is judged after the labelled answers before it."
    return section(
        "training",
        "Training",
        paragraph(strokes + note, class_="quiet"),
        legend(keys),
        *[family_part(results, family, titled=len(families) > 1) for family in families],
    )


def family_part(results: Json, family: str, *, titled: bool) -> Html:
    """The charts of one family; the loss by task folded."""
    runs = [entry for entry in results["models"].values() if entry["family"] == family]
    seeds = results["ablation"]["seeds"]
    tasks = grid(runs, seeds, task_charts(runs))
    return join(
        [
            tag("h3", family_title(family)) if titled else "",
            grid(runs, seeds, CHARTS),
            details("cross entropy of supervised tokens by task, and the gradient norm", tasks),
        ]
    )


def task_charts(runs: Sequence[Json]) -> list[tuple[str, str, str]]:
    """The charts of `curves/tasks.csv`, and the gradient norm."""
    names = sorted({name for run in runs for name in run["curves"]["tasks"] if name != "step"})
    tasks = [("tasks", name, f"cross entropy, {name.replace('_', ' ')}") for name in names]
    return [*tasks, ("loss", "grad_norm", "gradient norm before clipping")]


def grid(runs: Sequence[Json], seeds: Sequence[int], charts: Sequence[tuple[str, str, str]]) -> Html:
    """Those charts that any run has."""
    drawn = [(names[-1], chart(runs, seeds, *names)) for names in charts]
    return tag("div", *[figure(title, one) for title, one in drawn if one], class_="grid")


def chart(runs: Sequence[Json], seeds: Sequence[int], kind: str, column: str, title: str) -> Html | None:
    """One column of one curve file, a line for each run; None where no run has it."""
    lines = [
        Series(
            colour_of(run["loss"]),
            run["curves"][kind]["step"],
            run["curves"][kind][column],
            dash=dash_of(seeds.index(run["seed"])),
        )
        for run in runs
        if column in run["curves"][kind]
    ]
    values = sorted(y for line in lines for y in line.ys if y is not None)
    if not values:
        return None
    share = kind == "states" and "per_quiet_minute" not in column
    top = 1.0 if share else max(values[int(len(values) * 0.98)], 1e-3)
    return line_chart(lines, title=title, y_range=(0, top))
