"""The body of stage `register`: the verdict on the served model, its card, its files and its receipts."""

from pathlib import Path
from typing import Any

from components.core.files import read_json, write_json, write_text
from components.core.hashing import fingerprint
from components.registry.card import model_card
from components.registry.copies import copy_results, wanted
from components.registry.model_files import copy_model, missing_files
from components.registry.receipts import IDENTITY, copy_receipts, missing_receipts, upstream
from components.registry.verdict import (
    Check,
    candidate_scores,
    decide,
    floor_checks,
    gate_check,
    listed_check,
)


def run(out: Path, *, root: Path, suites: list[str]) -> dict[str, Any]:
    """Write verdict, card, model, results of other stages and receipts into `out`; returns the verdict.

    Args:
        out: an existing folder.
        root: the checkout.
        suites: evaluated suites, whose receipts must be there.

    Raises:
        DataError: the report or the gate's result is missing or malformed.

    """
    results = read_json(root / "artifacts" / "report" / "results.json")
    gate = read_json(root / "artifacts" / "validation" / "result.json")
    model = results["served"]["model"]
    folder, base = root / "models" / model, f"models/base/{results['served']['family']}"
    products = upstream(root, model, base, suites)
    missing = copy_results(root, out, wanted(model, suites))
    scores = candidate_scores(results)
    checks: list[Check] = [
        gate_check(gate),
        listed_check("model_complete", missing_files(folder), "config, weights and state tokens are there"),
        listed_check("receipts_complete", missing_receipts(root, products), f"{len(products)} receipts"),
        listed_check("evaluation_complete", missing, f"scores and test points of {', '.join(suites)}"),
        *floor_checks(scores, results["models"][model]["validation"]),
    ]
    verdict = {
        "schema": 1,
        **decide(checks),
        "candidate": {
            "model": model,
            "family": results["served"]["family"],
            "loss": results["served"]["loss"],
            "seed": results["served"]["seed"],
            "identity": identity_of(folder),
            "scores": scores,
            "heldout": heldout_sets(out, suites),
        },
        "files": copy_model(folder, out),
        "receipts": copy_receipts(root, products, out),
    }
    write_json(out / "verdict.json", verdict)
    receipts = {product: read_json(out / "receipts" / product / IDENTITY) for product in verdict["receipts"]}
    write_text(out / "README.md", model_card(verdict, results, read_base(root / base), receipts))
    return verdict


def heldout_sets(out: Path, suites: list[str]) -> dict[str, str]:
    """The fingerprint of each suite's held-out set, of those whose points are there."""
    points = {suite: out / "evaluation" / suite / "points.json" for suite in suites}
    return {suite: read_json(path)["heldout"] for suite, path in points.items() if path.is_file()}


def identity_of(folder: Path) -> str | None:
    """The fingerprint of a product's receipt, None without one."""
    path = folder / IDENTITY
    return fingerprint(read_json(path)) if path.is_file() else None


def read_base(folder: Path) -> dict[str, Any] | None:
    """`reference.json` of a base that was taken from the hub or a folder, None for one trained here."""
    path = folder / "reference.json"
    found: dict[str, Any] | None = read_json(path) if path.is_file() else None
    return found
