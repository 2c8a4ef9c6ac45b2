"""Timing policies on one base beside each other: states, end of sequence, a head, an external module."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.report.ablation import over_seeds
from components.report.cells import mean_cell
from components.report.findings import number
from components.report.html import DASH, Html, Part, RowClass, paragraph, section, table
from components.report.palette import RIVALS, family_title, method_title
from components.report.states_section import COMMAND

Json = Mapping[str, Any]
RATES = ("f1", "precision", "recall", "false_alarms_per_quiet_hour", "delay_turns", "missed")
HEAD = (
    "when it speaks",
    "macro F1 of states",
    "Response F1",
    "precision",
    "recall",
    "false alarms a quiet hour",
    "mean delay, turns",
    "missed, percent",
    "due turns",
    "forward",
    "best floor",
    "seeds",
)


def rivals_section(results: Json) -> Html:
    """The table, and what it can and cannot say."""
    rows = list(rival_rows(results))
    trained = {row["loss"] for row in results["ablation"]["rows"]} & set(RIVALS)
    absent = [RIVALS[name] for name in RIVALS if name not in trained]
    note = (
        f"Not trained in this run: {', '.join(absent)}. {COMMAND} trains them on a clone (profile full)."
        if absent
        else ""
    )
    return section(
        "rivals",
        "Other ways to decide when to speak",
        paragraph(
            "Every row starts from the same base, the same streams and the same steps; only what decides "
            "to speak differs. Precision, recall, delay and false alarms are of Responses on the "
            "validation split, by time alone; forward is percent of the test set's forward points. It is "
            "a comparison of policies at this size, not of the published systems that use them: those "
            "differ in base, data and size."
        ),
        table(HEAD, rows),
        paragraph(note, class_="quiet") if note else "",
    )


def rival_rows(results: Json) -> Iterator[Sequence[object]]:
    """A row for each method of each family, then the blind policies."""
    shown, speech = results["ablation"], results["plots"]["speech"]
    for family in shown["families"]:
        yield Part(f"{family_title(family)} architecture")
        floor = max(shown["controls"][family]["forward"].values(), default=None)
        for row in shown["rows"]:
            if row["family"] == family:
                points = [speech["runs"][f"{family}-{row['loss']}-{seed}"] for seed in row["seeds"]]
                yield method_row(row, points, floor)
    yield Part("policies that see no frame")
    for name, cell in speech["blind"].items():
        rates = [number(cell[rate]) for rate in RATES]
        yield [RowClass("floor"), name, DASH, *rates, cell["due"], DASH, DASH, DASH]


def method_row(row: Json, points: Sequence[Json], floor: float | None) -> list[object]:
    """Means over seeds with joint intervals, each seed below; `floor`: the best control on forward points."""
    rates = [
        over_seeds([one[rate] for one in points], [one["intervals"].get(rate) for one in points])
        for rate in RATES
    ]
    cells = [mean_cell(row["macro_f1"]), *[mean_cell(rate) for rate in rates], points[0]["due"]]
    seeds = ", ".join(str(seed) for seed in row["seeds"])
    return [method_title(row["loss"]), *cells, mean_cell(row["groups"]["forward"]), number(floor), seeds]
