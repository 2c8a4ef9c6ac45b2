"""Several ranks on one machine: one child process each, watched; one lost rank ends them all."""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import Popen
from typing import Any

from components.core.errors import DataError, InternalError, StreamoError, UsageError
from components.core.files import write_json
from components.core.process import kill_group, start_group
from components.train.engine import MEET
from components.train.watchdog import Watchdog, read_says

POLL_S = 0.2
GATHER_S = 1.5


def run_ranks(job: Mapping[str, Any], ranks: int, hang_s: float) -> dict[str, Any]:
    """Run `components.train.rank` in `ranks` processes of this machine; returns what rank 0 reports.

    They meet in a file, so two jobs on one machine never fight for a port. Each leads a group of its own, and
    the kernel kills it when this process dies. What they meet in lies beside `job["out_dir"]`, in the stage's
    scratch: where this process is killed, the stage's next run removes it.

    Raises:
        StreamoError: a rank ended, or gives no sign of life; it is named with the reason, and all others have
            been ended.

    """
    beside = Path(job["out_dir"]).resolve().parent  # absolute: the address of a store knows no other
    with tempfile.TemporaryDirectory(dir=beside, prefix=".ranks-") as name:
        folder = Path(name)
        write_json(folder / "job.json", dict(job))
        children = [_start(folder, rank, ranks) for rank in range(ranks)]
        try:
            _wait(children, Watchdog(folder, ranks, hang_s), folder)
        finally:
            for child in children:
                kill_group(child, grace_s=0.0)
        counts: dict[str, Any] = json.loads((folder / "result.json").read_text())
        return counts


def _start(folder: Path, rank: int, ranks: int) -> "Popen[str]":
    env = {
        **os.environ,
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(ranks),
        "LOCAL_WORLD_SIZE": str(ranks),
        MEET: str(folder / "store"),
        "GLOO_SOCKET_IFNAME": os.environ.get("GLOO_SOCKET_IFNAME", "lo"),
    }
    return start_group([sys.executable, "-m", "components.train.rank", str(folder)], env=env)


def _wait(children: Sequence["Popen[str]"], watch: Watchdog, folder: Path) -> None:
    """Until every child has ended well; raises for the first that has not, or that hangs."""
    while any(child.poll() is None for child in children):
        if any(child.poll() for child in children):
            time.sleep(GATHER_S)  # the others notice a lost peer: see who was first, not who complained first
            raise _fault(children, watch, folder)
        hung = watch.check()
        if hung is not None:
            raise InternalError(f"{hung}; the other ranks were ended")
        time.sleep(POLL_S)
    if any(child.returncode for child in children):
        raise _fault(children, watch, folder)


def _fault(children: Sequence["Popen[str]"], watch: Watchdog, folder: Path) -> StreamoError:
    """The error of the job: a rank that says why, else one ended by a signal, else the first exit code."""
    watch.check()
    left = {rank: child.poll() or 0 for rank, child in enumerate(children) if child.poll()}
    for rank in left:
        word = read_says(folder / f"rank-{rank}.failed")
        if word:
            kinds = {error.exit_code: error for error in (DataError, UsageError, InternalError)}
            return kinds[word["exit_code"]](f"rank {rank}: {word['message']}")
    rank = min(left, key=lambda number: (left[number] > 0, number))
    code = left[rank]
    reason = (
        f"was ended by {_signal(-code)}" if code < 0 else f"ended with exit code {code} (its error is above)"
    )
    return InternalError(
        f"rank {rank} of {len(children)} {reason} at {watch.where(rank)}; the others were ended"
    )


def _signal(number: int) -> str:
    return signal.Signals(number).name
