"""The numbers behind the plots: speech of runs and blind policies, delays, accuracy by stream length."""

from collections.abc import Sequence
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.report.inputs import ModelRun, Products
from components.report.lengths import by_length, query_turns
from components.report.speech import blind_states, delay_counts, speech_point

Json = dict[str, Any]
GROUPS = ("forward", "realtime", "backward")


def build_plots(products: Products, column: str, *, seed: int) -> Json:
    """Every plot's numbers.

    Args:
        products: the workspace.
        column: `matched` or `naive`, the test points that accuracy by length is of.
        seed: of the random blind policy.

    Returns:
        confusion: {model: {true: {said: turns}}}; speech: {"runs", "blind"}: {name: rates}; delays: {model:
        {bar: due turns}}; lengths: {group: {model: bins}}, empty without a test suite.

    """
    streams = {model.name: validation_streams(products, model) for model in products.models}
    return {
        "confusion": {model.name: model.scores["validation"]["confusion"] for model in products.models},
        "speech": {
            "runs": {name: run_point(found, seed=seed) for name, found in streams.items()},
            "blind": blind_points(streams[products.models[0].name], seed=seed),
        },
        "delays": {name: delay_counts(found) for name, found in streams.items()},
        "lengths": lengths(products, column),
    }


def run_point(streams: Sequence[Json], *, seed: int) -> Json:
    """The rates of a run on its validation streams, with intervals."""
    return speech_point(streams, [stream["states"] for stream in streams], seed=seed)


def blind_points(streams: Sequence[Json], *, seed: int) -> Json:
    """The rates of every blind policy on the same streams."""
    policies = blind_states([len(stream["truth"]) for stream in streams], seed=seed)
    return {name: speech_point(streams, said, seed=None) for name, said in policies.items()}


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
