"""Results of other stages that a version carries: its numbers, its test points, its videos and its split."""

import shutil
from pathlib import Path

SINGLE = {
    "artifacts/validation/result.json": "validation.json",
    "artifacts/corpus/manifest.parquet": "corpus/manifest.parquet",
    "artifacts/dataset/split.json": "dataset/split.json",
    "artifacts/report/results.json": "report/results.json",
}
OF_A_SUITE = ("points.json", "scores.json")


def wanted(model: str, suites: list[str]) -> dict[str, str]:
    """`{path in the checkout: path in the product}` of everything a version carries beside the model."""
    own = {
        f"artifacts/evaluation/{model}-{suite}/{name}": f"evaluation/{suite}/{name}"
        for suite in suites
        for name in OF_A_SUITE
    }
    return {**SINGLE, **own}


def copy_results(root: Path, out: Path, files: dict[str, str]) -> list[str]:
    """Copy what there is of `files` (see `wanted`) into `out`; returns the missing sources, sorted."""
    missing = []
    for source, name in sorted(files.items()):
        if not (root / source).is_file():
            missing.append(source)
            continue
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / source, target)
    return missing
