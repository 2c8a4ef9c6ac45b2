"""The other half of a receipt: when, where and how long, under git-ignored `runs/`; never a DVC product."""

import datetime as dt
import os
import platform
import resource
import subprocess
import time
from pathlib import Path
from typing import Any

from components.core.files import write_json

# Environment variable with the id of the flow run above a stage, so that its record can name it.
FLOW_RUN = "STREAMO_FLOW_RUN"


def git_revision(root: Path = Path()) -> str:
    """`<commit>` or `<commit>-dirty`; `unknown` where there is no repository."""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + ("-dirty" if _git(root, "status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def peak_memory_mb() -> float:
    """Peak resident memory of this process and of its largest finished child, in MiB."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return max(own, children) / 1024


class RunRecord:
    """Collects one stage run; `write` puts it into `runs/<stage>/<UTC time>-<pid>.json`."""

    def __init__(self, stage: str, root: Path = Path()):
        self.stage, self.root = stage, root
        self.started_at, self.start = dt.datetime.now(dt.UTC), time.monotonic()
        self.extra: dict[str, Any] = {}

    def write(self, *, status: str, identity: str | None, outputs: dict[str, str]) -> Path:
        """Write the record: `identity` is the product's fingerprint, `outputs` its files' SHA-256."""
        name = f"{self.started_at:%Y%m%dT%H%M%S}-{os.getpid()}.json"
        path = self.root / "runs" / self.stage / name
        write_json(
            path,
            {
                "stage": self.stage,
                "status": status,
                "started_at": self.started_at.isoformat(timespec="seconds"),
                "duration_s": round(time.monotonic() - self.start, 3),
                "peak_memory_mb": round(peak_memory_mb(), 1),
                "machine": {
                    "node": platform.node(),
                    "cpu": cpu_model(),
                    "cores": os.cpu_count(),
                    "system": platform.platform(),
                },
                "git": git_revision(self.root),
                "flow_run": os.environ.get(FLOW_RUN),
                "identity": identity,
                "outputs": outputs,
                **self.extra,
            },
        )
        return path


def cpu_model() -> str:
    """The CPU's name as the kernel prints it, with family and model numbers where known."""
    fields: dict[str, str] = {}
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
            if not line:
                break
    name = fields.get("model name", platform.processor() or platform.machine())
    return f"{name} family {fields.get('cpu family', '?')} model {fields.get('model', '?')}"
