"""The numbers behind the plots: speech of runs and blind policies, delays, accuracy by stream length."""

from collections.abc import Sequence
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.report.inputs import ModelRun, Products
from components.report.lengths import by_length, query_turns
from components.report.speech import blind_points, delay_counts, delay_summary

Json = dict[str, Any]
GROUPS = ("forward", "realtime", "backward")
HOUR = 60  # minutes


def build_plots(products: Products, column: str, *, seed: int) -> Json:
    """Every plot's numbers.

    Args:
        products: the workspace.
        column: `matched` or `naive`, the test points that accuracy by length is of.
        seed: of the random blind policy.

    Returns:
        confusion: {model: {true: {said: turns}}}; speech: {"runs", "blind"}: {name: point}; delays: {model:
        {"counts", "summary"}}; lengths: {group: {model: bins}}, empty without a test suite.

    """
    streams = {model.name: validation_streams(products, model) for model in products.models}
    first = streams[products.models[0].name]
    return {
        "confusion": {model.name: model.scores["validation"]["confusion"] for model in products.models},
        "speech": {
            "runs": {model.name: run_point(model) for model in products.models},
            "blind": blind_points(first, seed=seed),
        },
        "delays": {
            name: {"counts": (counts := delay_counts(found)), "summary": delay_summary(counts)}
            for name, found in streams.items()
        },
        "lengths": lengths(products, column),
    }


def validation_streams(products: Products, model: ModelRun) -> list[Json]:
    """The streams of a model's validation suite.

    Raises:
        DataError: the file is missing or of another form.

    """
    path = products.root / "artifacts" / "evaluation" / f"{model.name}-validation" / "predictions.json"
    predictions = read_json(path)
    if not isinstance(predictions, dict) or not isinstance(predictions.get("streams"), list):
        raise DataError(f"{path}: expected an object with a list `streams` (components/evaluate/README.md)")
    streams: list[Json] = predictions["streams"]
    return streams


def run_point(model: ModelRun) -> Json:
    """Recall of Response and false alarms per quiet hour of a run, as its validation suite counted them."""
    found = model.scores["validation"]["responses"]
    per_minute = found["false_alarms_per_quiet_minute"]
    return {
        "recall": found["recall"],
        "false_alarms_per_quiet_hour": None if per_minute is None else round(HOUR * per_minute, 1),
        "due": found["due"],
        "quiet_turns": round(HOUR * found["quiet_minutes"]),
    }


def lengths(products: Products, column: str) -> Json:
    """Per group and model the bins of `by_length`."""
    ran = [model for model in products.models if "ovo" in model.scores]
    if not ran:
        return {}
    turns = query_turns(read_json(products.root / "artifacts" / "corpus" / "benchmark.json"))
    points = {model.name: ovo_points(products, model) for model in ran}
    return {
        group: {
            name: by_length([point for point in found if point["group"] == group], turns, column)
            for name, found in points.items()
        }
        for group in GROUPS
    }


def ovo_points(products: Products, model: ModelRun) -> Sequence[Json]:
    """The test points of a model's ovo suite."""
    path = products.root / "artifacts" / "evaluation" / f"{model.name}-ovo" / "points.json"
    points: Sequence[Json] = read_json(path)["points"]
    return points
