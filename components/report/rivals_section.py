"""Timing policies on one base beside each other: states, end of sequence, a head, an external module."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.report.cells import mean_cell
from components.report.findings import number
from components.report.html import DASH, Html, Part, RowClass, paragraph, section, table
from components.report.palette import RIVALS, family_title, method_title
from components.report.states_section import COMMAND

Json = Mapping[str, Any]
HEAD = (
    "when it speaks",
    "macro F1 of states",
    "Response F1",
    "precision",
    "recall",
    "false alarms a quiet hour",
    "median delay, turns",
    "missed, %",
    "forward",
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
    shown, delays = results["ablation"], results["plots"]["delays"]
    for family in shown["families"]:
        yield Part(f"{family_title(family)} architecture")
        for row in shown["rows"]:
            if row["family"] == family:
                yield method_row(
                    row, [delays[f"{family}-{row['loss']}-{seed}"]["summary"] for seed in row["seeds"]]
                )
    yield Part("policies that see no frame")
    for name, cell in results["plots"]["speech"]["blind"].items():
        alarms = number(cell["false_alarms_per_quiet_hour"])
        yield [
            RowClass("floor"),
            name,
            DASH,
            DASH,
            DASH,
            number(cell["recall"]),
            alarms,
            DASH,
            DASH,
            DASH,
            DASH,
        ]


def method_row(row: Json, delays: Sequence[Json]) -> list[object]:
    """Means over seeds with joint intervals, each seed below."""
    speech = row["speech"]
    per_minute = speech["false_alarms_per_quiet_minute"]
    alarms = per_minute and number(60 * per_minute["mean"])
    cells = [mean_cell(row["macro_f1"]), *[mean_cell(speech[name]) for name in ("f1", "precision", "recall")]]
    late = " / ".join(number(one["median_turns"]) for one in delays)
    missed = " / ".join(number(one["missed_percent"]) for one in delays)
    return [
        method_title(row["loss"]),
        *cells,
        alarms or DASH,
        late,
        missed,
        mean_cell(row["groups"]["forward"]),
        len(row["seeds"]),
    ]
