"""What travels to another machine for one stage: its address, the commit, and the hashes of all it needs."""

from pathlib import PurePosixPath
from typing import Any

from components.core.errors import DataError

SCHEMA = 1
# `stage` is the expected entry (components.lineage.lockfile), `locks` are entries of dvc.lock by address,
# `pins` are the contents of `.dvc` files by path: together, everything the stage needs directly.
Job = dict[str, Any]
JOB_TYPES = {"schema": int, "address": str, "commit": str, "stage": dict, "locks": dict, "pins": dict}


def check_job(job: Any) -> Job:
    """The same value if it is a job of this version; DataError names what is wrong with it."""
    if not isinstance(job, dict):
        raise DataError(f"the job is {type(job).__name__}, expected a mapping")
    for key, kind in JOB_TYPES.items():
        if not isinstance(job.get(key), kind):
            raise DataError(f"the job's {key} is {job.get(key)!r}, expected a value of type {kind.__name__}")
    if job["schema"] != SCHEMA:
        raise DataError(f"the job has schema {job['schema']}, this code reads {SCHEMA}: update this checkout")
    for pin in job["pins"]:
        parts = PurePosixPath(pin).parts
        if not pin.endswith(".dvc") or pin.startswith("/") or ".." in parts:
            raise DataError(f"the job pins {pin!r}, which is no .dvc file of the checkout")
    return dict(job)
