"""The paper's printed figures that are shown beside ours (as printed, recomputed, flagged)."""

import json
from functools import lru_cache
from importlib import resources
from typing import Any


@lru_cache(maxsize=1)
def load_paper() -> dict[str, Any]:
    """`paper_results.json` of this room: OVO rows, loss ablation, claims, state ratio and task shares."""
    text = resources.files(__package__).joinpath("paper_results.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
