"""`python -m flows.reproduce`: the whole DAG as a Prefect flow, with visible progress, then the result."""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from components.core.errors import StreamoError
from components.core.lock import checkout_lock
from components.core.progress import clock
from flows.pools import ON, asked_pools
from flows.reach import require_server
from flows.server import prefect_server

REPORT = Path("artifacts/report")
INTERRUPTED = 130


def interrupt(signum: int, frame: FrameType | None) -> None:
    """SIGTERM ends the flow the way Ctrl-C does: by an exception in the main thread."""
    raise KeyboardInterrupt


def run(targets: list[str], jobs: int | None, pools: str) -> None:
    """Run the flow in the current folder, under the lock of the checkout."""
    if pools:
        require_server()  # a server of our own would have no workers
    root, start = Path.cwd(), time.monotonic()
    with checkout_lock(root, "make reproduce"):
        pass  # refused before a server is started; the flow itself takes the lock for its time
    with prefect_server(root / "runs" / "prefect") as server:
        print("starting Prefect", flush=True)
        from flows.dag import reproduce  # imported while the server starts: both take seconds

        if server:
            server.wait()
        states = reproduce(targets or None, jobs, pools)
    ran = sum(state == "Completed" for state in states.values())
    spent = clock(time.monotonic() - start)
    print(f"{len(states)} stages: {ran} ran, {len(states) - ran} cached, {spent} in all")
    results = root / REPORT / "results.txt"
    if REPORT.name in states and results.is_file():
        print(f"\n{results.read_text(encoding='utf-8')}\nreport: {root / REPORT / 'index.html'}")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run, and turn failures into one line and an exit code."""
    parser = argparse.ArgumentParser(prog="python -m flows.reproduce", description=__doc__)
    parser.add_argument("--targets", nargs="+", default=[], help="stage names or addresses (default: all)")
    parser.add_argument("--jobs", type=int, help="stages at once (default: the cores of this process)")
    parser.add_argument(
        "--pools", nargs="?", const=ON, default="", metavar="NAME,NAME",
        help="send the stages of infra/pools.yaml to their work pools: these, or all of them",
    )  # fmt: skip
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        run(args.targets, args.jobs, asked_pools(args.pools))
    except StreamoError as error:
        print(f"reproduce: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("reproduce: interrupted; run it again to go on", file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
