"""Streamo-Bench: table 5 as printed, and our models on the set that the open recipe makes from the world."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from components.report.cells import printed, printed_mean, value_cell
from components.report.findings import number
from components.report.html import DASH, Html, Part, RowClass, details, paragraph, section, table

Json = Mapping[str, Any]
PRINTED = {
    "forward_grounding": "forward grounding, mIoU",
    "backward_grounding": "backward grounding, mIoU",
    "narration": "narration, win rate",
    "dense_caption": "dense caption, win rate",
    "tsqa_accuracy": "TSQA accuracy",
    "tsqa_recall": "TSQA recall",
}
METRICS = {"miou": "mIoU", "credited": "credited, no judge", "accuracy": "accuracy"}
HEAD = (
    "task",
    "the paper's metric",
    "score",
    "best floor",
    "F1",
    "best floor, F1",
    "precision",
    "recall",
    "truths",
    "F1 above floors",
)


def streamo_section(results: Json) -> Html:
    """The whole section; a model without the suite is named."""
    printed_rows = [printed_row(row) for row in results["paper"]["streamo_bench"]]
    head = ("model", "average, as printed", "recomputed", *PRINTED.values())
    parts = [table(head, printed_rows, caption="As printed (table 5), percent")]
    ran = {
        name: entry["streamo_bench"] for name, entry in results["models"].items() if entry["streamo_bench"]
    }
    if ran:
        rows = [row for name, found in ran.items() for row in our_rows(name, found)]
        parts.append(table(HEAD, rows, caption=set_caption(next(iter(ran.values())))))
        parts.append(
            details(
                "policies that see no frame",
                table(HEAD[:1] + HEAD[2:3] + HEAD[4:5] + HEAD[6:9], list(floor_rows(ran))),
            )
        )
    missing = [name for name in results["models"] if name not in ran]
    if missing:
        text = f"Suite streamo_bench was not run for {', '.join(missing)}: list it under evaluate.suites."
        parts.append(paragraph(text, class_="quiet"))
    return section(
        "streamo_bench",
        "Streamo-Bench",
        paragraph(
            "The paper's set was never published. Ours is made by an open recipe from the held-out clips "
            "of the embedded world, so no figure of the two blocks may be compared. The paper's metrics "
            "do not punish extra answers; F1 and precision beside them do. Without a judge there is no "
            "win rate: narration and captions are credited where the words are those of the annotation."
        ),
        *parts,
    )


def printed_row(row: Json) -> list[object]:
    """One printed model."""
    cells = [printed(row["scores"][name], 1) for name in PRINTED]
    return [row["model"], printed_mean(row, "average", 1), printed(row["recomputed"]["average"]), *cells]


def set_caption(found: Json) -> str:
    """What the set is."""
    bench = found["set"]
    return (
        f"Here: {bench['name']}, {bench['tasks']} tasks on {bench['videos']} videos; percent, 95 % intervals"
    )


def our_rows(name: str, found: Json) -> Iterator[Sequence[object]]:
    """A part for the model: each kind of task, then the mean of the groups."""
    yield Part(name)
    floors = list(found["floors"].values())
    for kind, cell in found["tasks"].items():
        metrics = found["kinds"][kind]
        yield [
            kind.replace("_", " "),
            METRICS.get(cell["metric"], cell["metric"]),
            value_cell(cell["accuracy"], cell["interval"]),
            number(highest(floor["tasks"][kind]["accuracy"] for floor in floors if kind in floor["tasks"])),
            value_cell(metrics["f1"], metrics["intervals"]["f1"]),
            number(highest(floor["kinds"][kind]["f1"] for floor in floors if kind in floor["kinds"])),
            number(metrics["precision"]),
            number(metrics["recall"]),
            cell["total"],
            "yes" if found["exceeds"][kind] else "no",
        ]
    total, strict = highest(f["total"] for f in floors), highest(f["strict"]["total"] for f in floors)
    means = [number(found["total"]), number(total), number(found["strict"]["total"]), number(strict)]
    yield [RowClass("served"), "mean of the groups", DASH, *means, DASH, DASH, DASH, DASH]


def highest(values: Iterable[float | None]) -> float | None:
    """The highest of what is there."""
    return max((value for value in values if value is not None), default=None)


def floor_rows(ran: Mapping[str, Json]) -> Iterator[Sequence[object]]:
    """Every policy on every kind; it is the same for all models of one set."""
    for policy, floor in next(iter(ran.values()))["floors"].items():
        yield Part(policy.replace("_", " "))
        for kind, metrics in floor["kinds"].items():
            score = floor["tasks"][kind]["accuracy"]
            shown = [
                number(value) for value in (score, metrics["f1"], metrics["precision"], metrics["recall"])
            ]
            yield [RowClass("floor"), kind.replace("_", " "), *shown, floor["tasks"][kind]["total"]]
