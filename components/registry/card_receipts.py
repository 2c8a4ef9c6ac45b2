"""The parts of the model card that are read from receipts and test points: recipe, teacher, held-out sets."""

from collections.abc import Mapping
from typing import Any

from components.core.hashing import fingerprint

Json = Mapping[str, Any]
LIBRARIES = ("torch", "transformers", "deepspeed")
DIGITS = 12


def training(receipts: Mapping[str, Json], model: str) -> str:
    """The recipe, as the model's own receipt has it."""
    receipt = receipts.get(f"models/{model}")
    if receipt is None:
        return "## Training\n\nThe model has no receipt: its recipe is not known."
    rows = ["| parameter | value |", "|---|---|"]
    params = {**receipt["params"], "seed": receipt["seed"]}
    rows += [f"| {key} | {value} |" for key, value in sorted(params.items())]
    used = ", ".join(
        f"{name} {receipt['libraries'][name]}" for name in LIBRARIES if name in receipt["libraries"]
    )
    item = ", ".join(f"{key} {value}" for key, value in receipt["item"].items())
    facts = [f"Stage `{receipt['stage']}`" + (f" ({item})" if item else "")]
    facts += [f"with {used}"] if used else []
    facts += [f"labels by teacher `{name}`" for name in teachers(receipts)]
    return f"## Training\n\n{', '.join(facts)}.\n\n" + "\n".join(rows)


def teachers(receipts: Mapping[str, Json]) -> list[str]:
    """Who annotated, as the receipts of the annotations say."""
    key = "annotate.teacher"
    return sorted({str(receipt["params"][key]) for receipt in receipts.values() if key in receipt["params"]})


def heldout(suites: Mapping[str, str]) -> str:
    """Which questions on which videos the scores are of."""
    if not suites:
        return "The held-out sets have no fingerprint."
    said = ", ".join(f"{suite} `{value[:DIGITS]}`" for suite, value in sorted(suites.items()))
    return f"Fingerprints of the held-out sets (questions, truths, bytes of the videos): {said}."


def provenance(receipts: Mapping[str, Json]) -> str:
    """Every product upstream with the fingerprint of its receipt."""
    rows = ["| product | stage | receipt |", "|---|---|---|"]
    rows += [
        f"| {product} | {receipt['stage']} | `{fingerprint(receipt)[:DIGITS]}` |"
        for product, receipt in sorted(receipts.items())
    ]
    return (
        "## Provenance\n\n"
        f"`receipts/` holds the identity of the {len(receipts)} products this model was made from; "
        "`verdict.json` holds the SHA-256 of every model file. `streamo audit` walks them back to the raw "
        "videos.\n\n" + "\n".join(rows)
    )
