"""How long stages took before, from the run records under `runs/`: for time left and for `streamo plan`."""

import json
from pathlib import Path
from typing import Any

from components.core.files import read_json


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


def all_runs(root: Path = Path()) -> list[tuple[str, dict[str, Any]]]:
    """Every stage run here that has ended, `(path below the root, record)` in order of time, then address.

    Raises:
        DataError: a record cannot be read (the machine went down while it was written): delete it.

    """
    paths = sorted((root / "runs").glob("*/[0-9]*.json"), key=lambda path: (path.name, path.parent.name))
    found = [(path.relative_to(root).as_posix(), read_json(path)) for path in paths]
    return [(path, record) for path, record in found if isinstance(record, dict) and "stage" in record]


def last_seconds(address: str, root: Path = Path()) -> float | None:
    """Duration of that run in seconds."""
    record = last_run(address, root)
    return None if record is None else float(record["duration_s"])


def last_peak_mb(address: str, root: Path = Path()) -> float | None:
    """Peak memory of that run in MiB."""
    record = last_run(address, root)
    return None if record is None else float(record["peak_memory_mb"])
