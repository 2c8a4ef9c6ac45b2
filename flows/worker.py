"""`python -m flows.worker --pool local`: a Prefect worker for this checkout, started again when it dies.

Runs of a deployment happen in the checkout that the worker was started in (STREAMO_CHECKOUT, read by the pull
step of prefect.yaml), so one deployment serves every machine. A worker of a pool of infra/pools.yaml takes
one stage at a time: a second one would only wait for this checkout, while another worker may be free.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from components.core.errors import StreamoError
from components.core.process import kill_group, start_group
from flows.children import child_environment
from flows.lost import CHECKOUT
from flows.pools import FILE, read_pools
from flows.reach import require_server
from flows.reproduce import INTERRUPTED, interrupt
from flows.server import configure

PAUSE_S = 5.0  # between a worker's death and the next one


def environment(root: Path) -> dict[str, str]:
    """What the worker and every run below it see."""
    kept = child_environment()
    kept[CHECKOUT] = str(root)
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")]))
    return kept


def work(root: Path, pool: str, name: str | None) -> None:
    """Keep a worker of `pool` alive until this process is interrupted."""
    configure(root / "runs" / "prefect", quiet=False)
    url = require_server()
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool]
    command += ["--name", name or f"{pool}-{os.uname().nodename}-{os.getpid()}"]
    if (root / FILE).exists() and any(pool == known.name for known in read_pools(root / FILE)):
        command += ["--limit", "1"]
    print(f"worker of pool {pool} for {root}, server {url}; Ctrl-C ends it", flush=True)
    while True:
        process = start_group(command, env=environment(root), cwd=root)
        try:
            code = process.wait()
        finally:
            kill_group(process, grace_s=10.0)
        print(f"worker: ended with {code}; starts again in {PAUSE_S:.0f} s", file=sys.stderr, flush=True)
        time.sleep(PAUSE_S)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, work, and turn failures into one line and an exit code."""
    parser = argparse.ArgumentParser(prog="python -m flows.worker", description=__doc__)
    parser.add_argument("--pool", default="local", help="work pool (default: local)")
    parser.add_argument("--name", help="name of the worker in the UI")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        work(Path.cwd(), args.pool, args.name)
    except StreamoError as error:
        print(f"worker: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("worker: stopped", file=sys.stderr)
    return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
