"""`python -m infra.scenario` (`make scenario`): a year of operation in minutes, on one machine.

A server with a login, a worker, a cron of every minute, in a fresh clone: drifted data retrains, unchanged
data does not, a candidate trained on shuffled labels is refused, a drift event starts a run, rollback brings
the bytes back. Every expectation is checked; exit 1 names the first that does not hold.
"""

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from components.core.errors import StreamoError
from components.core.files import write_json
from components.core.progress import clock
from flows.reproduce import INTERRUPTED, interrupt
from infra.scenario import corpus, database, place, services
from infra.scenario.place import Place

SOURCE = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def workspace(keep: bool) -> Iterator[Path]:
    """A temporary folder; kept when asked to or when the scenario fails."""
    root = Path(tempfile.mkdtemp(prefix="streamo-scenario-"))
    try:
        yield root
    except BaseException:
        print(f"kept for a look: {root}", file=sys.stderr)
        raise
    if keep:
        print(f"kept: {root}")
    else:
        shutil.rmtree(root)


def perform(root: Path, args: argparse.Namespace) -> None:
    """Set up, play, show the table; whatever happens, the acts so far are shown."""
    start = time.monotonic()

    def say(text: str) -> None:
        print(f"{clock(time.monotonic() - start):>6}  {text}".replace(str(root), "..."), flush=True)

    with contextlib.ExitStack() as stack:
        url = (
            stack.enter_context(database.postgres(root / "postgres.log"))
            if args.database == "postgres"
            else None
        )
        here = Place(root, services.settings(url))
        say(f"a fresh clone, its first corpus, and {args.database}")
        place.clone(SOURCE, here)
        corpus.add(here.checkout / "data", corpus.FIRST)
        here.run(sys.executable, "-m", "dvc", "add", "--quiet", "data")
        place.commit(here, "Corpus and settings of the scenario")
        stack.enter_context(services.running(here))
        say("server, deployments and worker are up")
        stack.enter_context(services.client_environment(here))
        from infra.scenario.story import Story  # Prefect reads its settings when it is imported

        story = Story(here, say)
        try:
            story.play()
            if args.screenshots:
                from infra.scenario import screenshots

                screenshots.take(here, args.screenshots)
        finally:
            acts = [{"name": act.name, "what": act.what, "held": act.held, **act.facts} for act in story.acts]
            if args.json:
                write_json(args.json, {"database": args.database, "acts": acts})
            for act in story.acts:
                print(
                    f"{'ok' if act.held else 'FAILED':7} {act.name:18} {act.what}".replace(str(root), "...")
                )


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments, perform, and turn failures into one line and an exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.scenario", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument(
        "--screenshots", type=Path, metavar="DIR", help="pictures of the Prefect UI (needs chromium)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="what happened, as one JSON object")
    parser.add_argument("--keep", action="store_true", help="keep the folder of the scenario")
    args = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        with workspace(args.keep) as root:
            perform(root, args)
    except StreamoError as error:
        print(f"scenario: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    print("everything as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
