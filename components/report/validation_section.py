"""The scores on the validation split, by which the served loss was chosen."""

from collections.abc import Mapping
from typing import Any

from components.report.findings import number, span
from components.report.html import Html, RowClass, paragraph, section, table
from components.report.progress import response_cells

Json = Mapping[str, Any]


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
