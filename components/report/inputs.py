"""The products the report is made of, read once; every number on the page comes from here."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.core.hashing import fingerprint
from components.report.weights import count_parameters

Json = dict[str, Any]
SUITES = ("validation", "ovo")
CURVES = ("loss", "states", "tasks")


@dataclass(frozen=True)
class ModelRun:
    """One trained model: its scores per suite, its curves, its size.

    Attributes:
        name: `<family>-<method>-<seed>`, also its folder below `models/`.
        family: model family.
        loss: name of the loss.
        seed: training seed.
        parameters: numbers in its safetensors files.
        trained: `streamo.json` of the model.
        scores: suite -> scores.json; a suite that was not run is absent.
        curves: `loss`, `states` and `tasks` -> rows of the CSV as numbers, None for an empty cell.

    """

    name: str
    family: str
    loss: str
    seed: int
    parameters: int
    trained: Json
    scores: dict[str, Json] = field(default_factory=dict)
    curves: dict[str, list[dict[str, float | None]]] = field(default_factory=dict)


# What stage report depends on in dvc.yaml. Nothing else may be read: what lies beside, such as the receipts
# that register copied in an earlier run, would change the page without changing the stage's inputs.
SOURCES = (
    "artifacts/annotations",
    "artifacts/corpus",
    "artifacts/dataset",
    "artifacts/evaluation",
    "artifacts/turns",
    "artifacts/validation",
    "models",
)


@dataclass(frozen=True)
class Products:
    """Everything the report reads, except videos and predictions (`clips`, `plots`)."""

    root: Path
    models: list[ModelRun]
    corpus: Json
    turns: Json
    gate: Json
    dataset: Json
    quarantines: dict[str, dict[str, int]]
    lineage: list[Json]


def read_products(
    root: Path,
    families: Sequence[str],
    losses: Sequence[str],
    seeds: Sequence[int],
    suites: Sequence[str],
) -> Products:
    """Read the workspace at `root`; DataError names the product that is missing or has no receipt."""
    artifacts = root / "artifacts"
    return Products(
        root=root,
        models=[
            read_model(root, family, loss, seed, suites)
            for family in families
            for loss in losses
            for seed in seeds
        ],
        corpus=read_json(artifacts / "corpus" / "summary.json"),
        turns=read_json(artifacts / "turns" / "summary.json"),
        gate=read_json(artifacts / "validation" / "result.json"),
        dataset=read_json(artifacts / "dataset" / "summary.json"),
        quarantines=count_quarantines(root),
        lineage=read_lineage(root),
    )


def read_model(root: Path, family: str, loss: str, seed: int, suites: Sequence[str]) -> ModelRun:
    """One model's folder and its evaluations."""
    name = f"{family}-{loss}-{seed}"
    folder = root / "models" / name
    scores: dict[str, Json] = {}
    for suite in suites:
        found = read_json(root / "artifacts" / "evaluation" / f"{name}-{suite}" / "scores.json")
        if not found.get("skipped"):  # e.g. a user's own corpus has no benchmark
            scores[suite] = found
    return ModelRun(
        name=name,
        family=family,
        loss=loss,
        seed=seed,
        parameters=count_parameters(folder),
        trained=read_json(folder / "streamo.json"),
        scores=scores,
        curves={part: read_curve(folder / "curves" / f"{part}.csv") for part in CURVES},
    )


def read_curve(path: Path) -> list[dict[str, float | None]]:
    """The rows of a curve CSV with a `step` column, as numbers; None for an empty cell."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; training writes its curves beside the model") from None
    try:
        return [{name: None if value == "" else float(value) for name, value in row.items()} for row in rows]
    except (TypeError, ValueError) as error:
        raise DataError(f"{path}: a cell is not a number ({error})") from None


def main_column(models: Sequence[ModelRun]) -> str:
    """`matched` where the test set has matched points, else `naive` (e.g. the real OVO-Bench)."""
    columns = [model.scores["ovo"]["columns"] for model in models if "ovo" in model.scores]
    return "matched" if all(column["matched"]["model"]["tasks"] for column in columns) else "naive"


def files_named(root: Path, name: str) -> list[Path]:
    """Every file of that name in `SOURCES`, in path order."""
    return [path for source in SOURCES for path in sorted((root / source).rglob(name))]


def count_quarantines(root: Path) -> dict[str, dict[str, int]]:
    """Per product how many rows its quarantine.json holds, by reason."""
    found: dict[str, dict[str, int]] = {}
    for path in files_named(root, "quarantine.json"):
        name = path.parent.relative_to(root / "artifacts").as_posix()
        found[name] = dict(sorted(Counter(str(row["reason"]) for row in read_json(path)).items()))
    return found


def read_lineage(root: Path) -> list[Json]:
    """Stage, path and fingerprint of every product that has a receipt, in path order."""
    rows = []
    for path in files_named(root, "identity.json"):
        identity = read_json(path)
        rows.append(
            {
                "product": path.parent.relative_to(root).as_posix(),
                "stage": identity["stage"],
                "fingerprint": fingerprint(identity),
                "inputs": len(identity["inputs"]),
                "code_files": len(identity["code"]),
            }
        )
    return rows
