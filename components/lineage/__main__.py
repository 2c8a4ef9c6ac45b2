"""`python -m components.lineage verify-data | list-data`: the pinned corpus before anything runs."""

import argparse
import sys
from pathlib import Path

from components.core.errors import StreamoError
from components.core.files import write_text
from components.lineage.tree import Ignore, listing
from components.lineage.verify import pinned, verify_data


def main() -> int:
    """Run one of the two commands in the current checkout."""
    parser = argparse.ArgumentParser(prog="python -m components.lineage", description=__doc__)
    parser.add_argument("command", choices=["verify-data", "list-data"])
    parser.add_argument(
        "--pin", type=Path, default=Path("data.dvc"), help="the .dvc file (default: data.dvc)"
    )
    args = parser.parse_args()
    try:
        if args.command == "verify-data":
            print(f"{args.pin}: {verify_data(Path(), args.pin)} files, all as pinned")
        else:
            name, _ = pinned(args.pin)
            files = listing(Path(name), Ignore(Path()))
            target = args.pin.with_suffix(".md5")
            write_text(target, "".join(f"{md5}  {path}\n" for path, md5 in sorted(files.items())))
            print(f"{target}: {len(files)} files; commit it beside {args.pin}")
    except StreamoError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
