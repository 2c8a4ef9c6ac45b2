"""The receipts of everything upstream of a model, copied beside it."""

import shutil
from pathlib import Path

IDENTITY = "identity.json"
SINGLE = (
    "artifacts/corpus",
    "artifacts/turns",
    "artifacts/validation",
    "artifacts/dataset",
    "artifacts/report",
)


def upstream(root: Path, model: str, base: str, suites: list[str]) -> list[str]:
    """The product folders whose receipts a version must carry, `base` among them, as POSIX paths in order."""
    annotations = root / "artifacts" / "annotations"
    tasks = [path.relative_to(root).as_posix() for path in annotations.glob("*") if path.is_dir()]
    own = [base, f"models/{model}", *[f"artifacts/evaluation/{model}-{suite}" for suite in suites]]
    # A version without a single annotation receipt cannot be walked back to the raw videos.
    return sorted([*SINGLE, *(tasks or ["artifacts/annotations"]), *own])


def missing_receipts(root: Path, products: list[str]) -> list[str]:
    """The products of `products` that have no identity.json."""
    return [product for product in products if not (root / product / IDENTITY).is_file()]


def copy_receipts(root: Path, products: list[str], out: Path) -> list[str]:
    """Copy every receipt there is to `out/receipts/<product>/identity.json`; returns the copied products."""
    copied = []
    for product in products:
        source = root / product / IDENTITY
        if source.is_file():
            target = out / "receipts" / product / IDENTITY
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            copied.append(product)
    return copied
