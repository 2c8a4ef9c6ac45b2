"""`python -m components.validate`: the stage; `python -m components.validate docs`: rebuild Data Docs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from components.core.errors import exit_code
from components.lineage.stage import enter, stage

PRODUCT = Path("artifacts/validation")
FAILURE = Path("runs/validate")
DOCS = Path("runs/data_docs")


def run_stage() -> None:
    """Judge artifacts/turns and publish the verdict, or raise and publish nothing."""
    from components.validate.stage import validate

    with stage("validate", PRODUCT) as st:
        validate(
            st.dir,
            FAILURE,
            turns=Path("artifacts/turns/turns.parquet"),
            events=Path("artifacts/turns/events.parquet"),
            manifest=Path("artifacts/corpus/manifest.parquet"),
            section=st.param("validate"),
        )


def run_docs(stored: Path) -> None:
    """Rebuild the site and print where it is."""
    from components.validate.docs import build_docs

    print(f"Data Docs: {build_docs(stored, DOCS)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0, or the exit code of the error with one line on stderr."""
    enter()  # before anything heavy is imported
    parser = argparse.ArgumentParser(prog="python -m components.validate")
    commands = parser.add_subparsers(dest="command")
    docs = commands.add_parser("docs", help="rebuild Data Docs from a stored result")
    failure = FAILURE / "last_failure"
    docs.add_argument("--stored", type=Path, default=PRODUCT, help=f"folder of the result, or {failure}")
    args = parser.parse_args(argv)
    return exit_code("validate", lambda: run_docs(args.stored) if args.command == "docs" else run_stage())


if __name__ == "__main__":
    sys.exit(main())
