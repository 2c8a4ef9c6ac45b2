"""The losses over seeds and families: what the numbers say, and the numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.report.ablation import GROUPS, without_rivals
from components.report.ablation_text import steps_text
from components.report.cells import mean_cell
from components.report.findings import CONTROL_NAMES, number
from components.report.html import DASH, Html, Part, RowClass, paragraph, section, table, tag
from components.report.palette import PAPER_BASES, family_title, method_title

Json = Mapping[str, Any]
HEAD = (
    "loss", "forward", "real-time", "backward", "macro F1", "recall", "precision", "F1", "alarms a minute",
    "speaks from", "paper, forward",
)  # fmt: skip


def ablation_section(results: Json) -> Html:
    """Sentences and table; what there is of one seed and one family looks the same."""
    shown = results["ablation"]
    note = (
        "Means over seeds; below them the joint 95 % interval, and each seed where there are several. "
        "Recall, precision, F1 and false alarms in each quiet minute are those of Response, free-running on "
        "the validation split. A model speaks from the first step on after which its F1 of Response on the "
        "validation slice stays at 50 % or above. The last column is what the paper prints for the same "
        "architecture at 2B or 3B on the real OVO-Bench: another test set."
    )
    return section(
        "comparison",
        "The losses compared",
        tag("ul", *[tag("li", line) for line in shown["says"]], class_="says"),
        table(HEAD, list(rows(results))),
        paragraph(note, class_="quiet"),
    )


def rows(results: Json) -> Iterator[Sequence[object]]:
    """A part for each family: its losses, then the controls that see no frame or the wrong video."""
    shown = without_rivals(results["ablation"])
    for family in shown["families"]:
        yield Part(f"{family_title(family)} architecture")
        for row in shown["rows"]:
            if row["family"] == family:
                yield loss_row(row, results)
        controls = shown["controls"][family]
        for name, title in CONTROL_NAMES.items():
            cells = [number(controls[group].get(name)) for group in GROUPS]
            if any(name in controls[group] for group in GROUPS):
                yield [RowClass("floor"), title, *cells, *[DASH] * (len(HEAD) - 1 - len(cells))]


def loss_row(row: Json, results: Json) -> list[object]:
    """One loss of one family."""
    served = (row["family"], row["loss"]) == (results["served"]["family"], results["served"]["loss"])
    speech = [mean_cell(row["speech"][name]) for name in ("recall", "precision", "f1")]
    name = method_title(row["loss"])
    return [
        RowClass("served" if served else ""),
        name + (" (served)" if served else ""),
        *[mean_cell(row["groups"][group]) for group in GROUPS],
        mean_cell(row["macro_f1"]),
        *speech,
        mean_cell(row["speech"]["false_alarms_per_quiet_minute"]),
        steps_text(row["speaks_from"]),
        printed_forward(row, results["paper"]["losses"]),
    ]


def printed_forward(row: Json, printed: Sequence[Json]) -> str:
    """What the paper prints for this loss on the same architecture at 2B or 3B, as printed."""
    base = PAPER_BASES.get(row["family"])
    found = [one["forward"] for one in printed if (one["base"], one["loss"]) == (base, row["loss"])]
    return f"{found[0]:.2f}" if found else DASH
