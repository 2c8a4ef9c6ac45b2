"""The whole OVO-Bench protocol on stand-in videos: time, memory as it goes, and a kill on the way.

    python benchmarks/ovo_whole.py MODEL ovo_bench_new.json FOLDER [--sample 0.01] [--kill-at 0.4] [-- ...]

Makes the videos below FOLDER/videos if they are not there, asks the benchmark by `streamo evaluate`, kills
that process with SIGKILL when the share `--kill-at` of the entries is done, and runs the same command again
to the end. Prints resident memory at each tenth of the entries, seconds, and what the command said. What
follows `--` goes to the command, e.g. `-- --fps 2`.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from components.core.process import fix_environment, start_group
from tests.support.standins import make_standins

POLL_S = 0.5


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MiB; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def lines_of(journal: Path) -> int:
    """Finished entries so far."""
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def follow(command: list[str], journal: Path, total: int, kill_at: float | None) -> str | None:
    """Run the command and watch it; its output, or None if it was killed on purpose."""
    begun, told = time.monotonic(), -1
    child = start_group(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while child.poll() is None:
        time.sleep(POLL_S)
        done, size = lines_of(journal), resident_mb(child.pid)
        if size and 10 * done // total > told:
            told = 10 * done // total
            print(
                f"{done:5d} of {total} entries, {time.monotonic() - begun:7.1f} s, {size:6.0f} MiB",
                flush=True,
            )
        if kill_at is not None and done >= kill_at * total:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            print(f"killed after {lines_of(journal)} entries", flush=True)
            return None
    if child.returncode:
        raise SystemExit(f"the command ended with {child.returncode}")
    assert child.stdout is not None
    print(f"done after {time.monotonic() - begun:.1f} s", flush=True)
    said: str = child.stdout.read()
    return said


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sample", type=float)
    parser.add_argument("--kill-at", type=float)
    given = sys.argv[1:]
    cut = given.index("--") if "--" in given else len(given)
    args, more = parser.parse_args(given[:cut]), given[cut + 1 :]
    fix_environment()
    videos, out = args.folder / "videos", args.folder / "out"
    if not videos.exists():
        print(f"{len(make_standins(args.annotations, videos))} stand-in videos")
    entries = json.loads(args.annotations.read_text())
    total = max(1, round(len(entries) * (args.sample or 1)))
    command = [
        *(sys.executable, "-m", "components.cli", "evaluate", str(args.model), "--suite", "ovo-bench"),
        *("--annotations", str(args.annotations), "--videos", str(videos), "--out", str(out)),
        *(("--sample", str(args.sample)) if args.sample else ()),
        *("--json", *more),
    ]
    journal = args.folder / "out.partial" / "journal.jsonl"
    said = follow(command, journal, total, args.kill_at)
    if said is None:
        said = follow(command, journal, total, None)
    assert said is not None
    told = json.loads(said)
    print(json.dumps({name: told[name] for name in ("entries", "points", "videos", "rejected", "cost")}))


if __name__ == "__main__":
    main()
