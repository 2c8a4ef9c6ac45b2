"""How long stages took before, from the run records under `runs/`: for time left and for `streamo plan`."""

import json
from pathlib import Path
from typing import Any


def last_run(address: str, root: Path = Path()) -> dict[str, Any] | None:
    """The record of the stage's last completed run here, None if there is none.

    A record that cannot be read (the machine went down while it was written) only costs an estimate.
    """
    # File names begin with the UTC start time.
    for path in sorted((root / "runs" / address).glob("*.json"), reverse=True):
        try:
            record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError:
            continue
        if record.get("status") == "completed":
            return record
    return None


def last_seconds(address: str, root: Path = Path()) -> float | None:
    """Duration of that run in seconds."""
    record = last_run(address, root)
    return None if record is None else float(record["duration_s"])


def last_peak_mb(address: str, root: Path = Path()) -> float | None:
    """Peak memory of that run in MiB."""
    record = last_run(address, root)
    return None if record is None else float(record["peak_memory_mb"])
