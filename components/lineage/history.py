"""How long stages took before, from the run records under `runs/`: for time left and for `streamo plan`."""

import json
from pathlib import Path
from typing import Any

from components.core.files import read_json


def stage_records(address: str, root: Path = Path()) -> list[dict[str, Any]]:
    """Every run record of a stage, oldest first (file names begin with the UTC start time)."""
    return [read_json(path) for path in sorted((root / "runs" / address).glob("*.json"))]


def last_seconds(address: str, root: Path = Path()) -> float | None:
    """Duration of the stage's last completed run here, None if there is none.

    A record that cannot be read (the machine went down while it was written) only costs an estimate.
    """
    for path in sorted((root / "runs" / address).glob("*.json"), reverse=True):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError:
            continue
        if record.get("status") == "completed":
            return float(record["duration_s"])
    return None


def last_peak_mb(address: str, root: Path = Path()) -> float | None:
    """Peak memory in MiB of the stage's last completed run here, None if there is none."""
    done = [record for record in stage_records(address, root) if record.get("status") == "completed"]
    return float(done[-1]["peak_memory_mb"]) if done else None
