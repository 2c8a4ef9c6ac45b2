"""The losses compared over seeds and families: numbers only; `ablation_text` says what they show.

The 95 % interval of a run resamples clips. Over seeds the joint interval is the lowest and the highest bound
of the runs: with two seeds nothing finer can be said. Seeds are listed one by one beside their mean.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from components.report.inputs import ModelRun
from components.report.palette import RIVALS

Json = dict[str, Any]
GROUPS = ("forward", "realtime", "backward")
SPEECH = ("recall", "precision", "f1", "false_alarms_per_quiet_minute")
SPEAKS_F1 = 0.5


def ablation(models: Sequence[ModelRun], column: str) -> Json:
    """The table of losses: a row for each loss of each family, and the controls of each family.

    Args:
        models: every run.
        column: `matched` or `naive`, the points that scores are of.

    """
    families = list(dict.fromkeys(model.family for model in models))
    losses = list(dict.fromkeys(model.loss for model in models))
    rows = []
    for family in families:
        for loss in losses:
            runs = [model for model in models if (model.family, model.loss) == (family, loss)]
            if runs:
                rows.append(row(family, loss, runs, column))
    return {
        "families": families,
        "losses": losses,
        "seeds": sorted({model.seed for model in models}),
        "rows": rows,
        "controls": {family: controls(models, family, column) for family in families},
    }


def without_rivals(table: Json) -> Json:
    """The same table of the losses over three states alone: rivals have a table of their own."""
    losses = [loss for loss in table["losses"] if loss not in RIVALS]
    return {**table, "losses": losses, "rows": [one for one in table["rows"] if one["loss"] in losses]}


def row(family: str, loss: str, runs: Sequence[ModelRun], column: str) -> Json:
    """One loss of one family; `None` where a suite was not run or has no points of a group."""
    tested = [run for run in runs if "ovo" in run.scores]
    validation = [run.scores["validation"] for run in runs]
    scored = [run.scores["ovo"]["columns"][column]["model"] for run in tested]
    return {
        "family": family,
        "loss": loss,
        "seeds": [run.seed for run in runs],
        "groups": {
            group: over_seeds(
                [cell["groups"].get(group) for cell in scored],
                [cell["intervals"]["groups"].get(group) for cell in scored],
            )
            for group in GROUPS
        },
        "macro_f1": over_seeds(
            [cell["macro_f1"] for cell in validation], [cell["macro_f1_interval"] for cell in validation]
        ),
        "speech": {name: over_seeds([cell["responses"].get(name) for cell in validation]) for name in SPEECH},
        "early": early(tested, column),
        "speaks_from": [speaks_from(run.curves["states"]) for run in runs],
    }


def over_seeds(
    values: Sequence[float | None], intervals: Sequence[Sequence[float] | None] = ()
) -> Json | None:
    """Mean, the values of the seeds, and the joint interval; None where a seed has no value."""
    found = [value for value in values if value is not None]
    if not found or len(found) < len(values):
        return None
    bounds = [interval for interval in intervals if interval]
    joint = [min(low for low, _ in bounds), max(high for _, high in bounds)] if bounds else None
    return {"mean": round(sum(found) / len(found), 2), "values": found, "interval": joint}


def early(runs: Sequence[ModelRun], column: str) -> dict[str, Json]:
    """Per kept step: mean forward score, and recall and precision of Response on the test set's streams."""
    steps = sorted({int(step) for run in runs for step in run.scores["ovo"].get("at_steps", {})})
    readings: dict[str, Callable[[Json], float | None]] = {
        "forward": lambda scores: scores["columns"][column]["model"]["groups"]["forward"],
        "recall": lambda scores: scores["responses"]["recall"],
        "precision": lambda scores: scores["responses"]["precision"],
    }
    found = {}
    for step in steps:
        kept = [run.scores["ovo"]["at_steps"].get(str(step)) for run in runs]
        scores = [one for one in kept if one is not None]
        found[str(step)] = {
            name: over_seeds([read(one) for one in scores]) for name, read in readings.items()
        }
    return found


def speaks_from(states: Sequence[Mapping[str, float | None]]) -> int | None:
    """The first check from which on F1 of Response on the validation slice stays at `SPEAKS_F1` or above.

    F1 and not recall: who says Response on every turn has a recall of 1. None: not by the last check.
    """
    since: int | None = None
    for point in states:
        recall, precision = point.get("recall_response") or 0.0, point.get("precision_response") or 0.0
        f1 = 2 * recall * precision / (recall + precision) if recall + precision else 0.0
        step = int(point["step"] or 0)
        since = (step if since is None else since) if f1 >= SPEAKS_F1 else None
    return since


def controls(models: Sequence[ModelRun], family: str, column: str) -> dict[str, dict[str, float]]:
    """Per group the rivals of a family's runs; of what differs by run (exchanged video) the best."""
    found: dict[str, dict[str, float]] = {group: {} for group in GROUPS}
    for model in models:
        if model.family == family and "ovo" in model.scores:
            for group in GROUPS:
                for name, value in model.scores["ovo"]["columns"][column]["comparison"][group][
                    "rivals"
                ].items():
                    found[group][name] = max(value, found[group].get(name, value))
    return found
