"""`python -m components.world --out data`: generate the embedded corpus of params.yaml (`make data`)."""

import argparse
import sys
from pathlib import Path

from components.core.errors import StreamoError


def main(argv: list[str] | None = None) -> int:
    """Parse, generate, and turn a StreamoError into one line and its exit code."""
    parser = argparse.ArgumentParser(prog="python -m components.world", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data"), help="the data folder to write")
    arguments = parser.parse_args(argv)
    from components.world.corpus import generate  # PyAV and numpy only when there is something to do

    try:
        generate(arguments.out)
    except StreamoError as error:
        print(f"world: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
