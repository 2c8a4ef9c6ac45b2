"""Curves of training and the scores on the validation split, by which the served loss was chosen."""

from collections.abc import Mapping
from typing import Any

from components.report.findings import number, span
from components.report.html import Html, RowClass, figure, legend, paragraph, section, table, tag
from components.report.palette import LOSS_TITLES, colour_of
from components.report.progress import response_cells
from components.report.svg import Series, line_chart

Json = Mapping[str, Any]
CURVES = (
    ("loss", "loss", "training loss (each loss in its own unit)"),
    ("loss", "ce_standby", "cross entropy of Standby tokens"),
    ("loss", "ce_response", "cross entropy of Response tokens"),
    ("states", "recall_silence", "recall of Silence, validation split"),
    ("states", "recall_standby", "recall of Standby, validation split"),
    ("states", "recall_response", "recall of Response, validation split"),
)


def training_section(results: Json) -> Html:
    """The curves."""
    charts = [curve(results["models"], *names) for names in CURVES]
    losses = sorted({entry["loss"] for entry in results["models"].values()})
    return section(
        "training",
        "Training",
        legend([(LOSS_TITLES.get(loss, loss), colour_of(loss)) for loss in losses]),
        tag("div", *[chart for chart in charts if chart], class_="grid"),
    )


def curve(models: Json, kind: str, column: str, title: str) -> Html | None:
    """One column of one curve file, a line per model; None if no model has it."""
    lines = [
        Series(colour_of(entry["loss"]), entry["curves"][kind]["step"], entry["curves"][kind][column])
        for entry in models.values()
        if column in entry["curves"][kind]
    ]
    values = [y for line in lines for y in line.ys if y is not None]
    if not values:
        return None
    top = 1.0 if kind == "states" else max(sorted(values)[int(len(values) * 0.98)], 1e-3)
    return figure(title, line_chart(lines, title=title, y_range=(0, top)))


def validation_section(results: Json) -> Html:
    """Free-running states against labels, and the choice made from them."""
    served = results["served"]
    titles = ["model", "macro F1", *[f"{state} recall" for state in ("silence", "standby", "response")]]
    titles += [f"{state} precision" for state in ("silence", "standby", "response")]
    rows = [state_row(name, entry, served["model"]) for name, entry in results["models"].items()]
    speak = ["model", "due", "spoken", "recall", "precision", "F1", "false alarms", "per quiet minute"]
    responses = [
        [name, *response_cells(entry["validation"]["responses"])] for name, entry in results["models"].items()
    ]
    samples = served["candidates"][0]["samples"]
    return section(
        "validation",
        "Validation split, and which model is served",
        paragraph(
            f"{served['model']} is served: its loss has the best mean {metric_name(served['metric'])} "
            f"on the {samples} samples of the validation split, read before any test score. "
            "States are free-running: the model hears its own earlier answers."
        ),
        table(titles, rows),
        table(speak, responses, caption="Responses within one turn of a labelled one"),
    )


def metric_name(metric: str) -> str:
    """`macro_f1` as people write it."""
    return metric.replace("_", " ").replace("f1", "F1")


def state_row(name: str, entry: Json, served: str) -> list[object]:
    """Macro F1 with its interval, recall and precision of the three states."""
    scores = entry["validation"]
    states = [scores["states"][state] for state in ("silence", "standby", "response")]
    macro = f"{number(scores['macro_f1'])}{span(scores['macro_f1_interval'])}"
    cells = [number(state["recall"]) for state in states] + [number(state["precision"]) for state in states]
    return [RowClass("served" if name == served else ""), name, macro, *cells]
