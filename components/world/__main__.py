"""`python -m components.world --out data`: generate the embedded corpus of params.yaml (`make data`)."""

import argparse
import sys
from pathlib import Path

from components.core.errors import exit_code


def main(argv: list[str] | None = None) -> int:
    """Parse and generate."""
    parser = argparse.ArgumentParser(prog="python -m components.world", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data"), help="the data folder to write")
    arguments = parser.parse_args(argv)
    from components.world.corpus import generate  # PyAV and numpy only when there is something to do

    return exit_code("world", lambda: generate(arguments.out))


if __name__ == "__main__":
    sys.exit(main())
