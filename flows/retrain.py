"""`python -m flows.retrain`: new data, drift, decision, the same DAG, gate, version: one resumable run."""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.core.errors import DataError, StreamoError, UsageError
from components.core.git import common_dir, main_tree
from components.core.lock import file_lock
from flows.reproduce import INTERRUPTED, interrupt
from flows.retraining.settings import REASONS, read_settings
from flows.server import prefect_server

LOCK = "streamo-retrain.lock"


@contextmanager
def repository_lock(root: Path, wait_s: float) -> Iterator[None]:
    """One retraining run for all worktrees of a repository: the lock lies where git keeps what they share."""
    path = common_dir(root) / LOCK
    with file_lock(path, "retraining of this repository", "the flow retrain", wait_s=wait_s):
        yield


def run(reason: str, source: str | None, sessions: list[str] | None) -> dict[str, Any]:
    """Run the flow for the repository of the current folder, with a server of its own where none is set."""
    root = main_tree(Path.cwd())
    settings = read_settings(root)
    with repository_lock(root, settings.wait_s):
        pass  # waited for before a server is started; the flow itself takes the lock for its time
    with prefect_server(root / "runs" / "prefect") as server:
        print("starting Prefect", flush=True)
        from flows.retraining.flow import retrain  # imported while the server starts: both take seconds

        if server:
            server.wait()
        outcome: dict[str, Any] = retrain(reason, source, sessions)
    return outcome


def give_up(why: str) -> None:
    """Close the open run as failed.

    Raises:
        DataError: none is open.

    """
    from flows.retraining.run import abandon

    root = main_tree(Path.cwd())
    with repository_lock(root, 0.0):
        if abandon(root, why, print) is None:
            raise DataError(f"{root}: no retraining run is open")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, run, and turn failures into one line and an exit code."""
    parser = argparse.ArgumentParser(prog="python -m flows.retrain", description=__doc__)
    parser.add_argument("--reason", choices=REASONS, default="scheduled", help="why this run is started")
    parser.add_argument(
        "--source", help="folder, s3://bucket/prefix or `import` (default: params retrain.source)"
    )
    parser.add_argument(
        "--sessions", nargs="+", help="session logs to look for drift in (default: retrain.sessions)"
    )
    parser.add_argument("--abandon", metavar="WHY", help="close the open run as failed and start none")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        if args.abandon is not None:
            if not args.abandon.strip():
                raise UsageError("--abandon: say why, in one line")
            give_up(args.abandon)
        else:
            run(args.reason, args.source, args.sessions)
    except StreamoError as error:
        print(f"retrain: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("retrain: interrupted; run it again to go on", file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
