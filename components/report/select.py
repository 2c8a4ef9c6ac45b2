"""Which model is served: decided by the validation suite alone, before a test score is looked at.

Only runs of the first family are candidates: another family is there to compare the losses on.
The choice is written into `results.json` under `served`; the register stage reads it from there.
"""

from collections.abc import Sequence
from typing import Any

from components.core.errors import DataError
from components.report.inputs import ModelRun


def choose(models: Sequence[ModelRun]) -> dict[str, Any]:
    """The served model and every candidate's value.

    Candidates are the models of the first family in `models` that decide by the three states. The loss with
    the highest mean selection value over its seeds is taken, then its best seed; on a tie the name that sorts
    first. Reads `scores["validation"]["selection"]`, the policy a model was trained for, and nothing else.

    Raises:
        DataError: a model has no validation scores, or none is a candidate.

    """
    for model in models:
        if "validation" not in model.scores:
            raise DataError(
                f"artifacts/evaluation/{model.name}-validation: no scores to select by; "
                "params evaluate.suites must list `validation`"
            )
    models = [model for model in models if model.family == models[0].family and decides_by_states(model)]
    if not models:
        raise DataError(
            "no run of the first family decides by the three states; name a loss in train.methods"
        )
    values = {model.name: float(model.scores["validation"]["selection"]["value"]) for model in models}
    losses: dict[str, list[float]] = {}
    for model in models:
        losses.setdefault(model.loss, []).append(values[model.name])
    means = {loss: sum(found) / len(found) for loss, found in losses.items()}
    best_loss = min(means, key=lambda loss: (-means[loss], loss))
    best = min((m for m in models if m.loss == best_loss), key=lambda m: (-values[m.name], m.name))
    return {
        "model": best.name,
        "family": best.family,
        "loss": best.loss,
        "seed": best.seed,
        "metric": best.scores["validation"]["selection"]["metric"],
        "value": values[best.name],
        "candidates": [candidate(model) for model in models],
        "loss_means": {loss: round(value, 2) for loss, value in means.items()},
    }


def decides_by_states(model: ModelRun) -> bool:
    """Whether a run was trained with the three states; rivals are there to be compared, not to be served."""
    policy: dict[str, Any] = model.trained.get("policy", {"name": "states"})
    return bool(policy["name"] == "states")


def candidate(model: ModelRun) -> dict[str, Any]:
    """One row of the choice: the selection value with its interval, from the validation suite."""
    scores = model.scores["validation"]
    return {
        "model": model.name,
        "value": scores["selection"]["value"],
        "interval": scores["macro_f1_interval"],
        "samples": scores["samples"],
    }
