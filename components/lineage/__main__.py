"""`python -m components.lineage verify-data | list-data`: the pinned corpus before anything runs."""

import argparse
import sys
from pathlib import Path

from components.core.errors import exit_code
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
    return exit_code("lineage", lambda: (verify if args.command == "verify-data" else write_list)(args.pin))


def verify(pin: Path) -> None:
    """Compare the bytes below a pin with it."""
    print(f"{pin}: {verify_data(Path(), pin)} files, all as pinned")


def write_list(pin: Path) -> None:
    """Write the listing of a pinned folder beside its pin."""
    name, _ = pinned(pin)
    files = listing(Path(name), Ignore(Path()))
    target = pin.with_suffix(".md5")
    write_text(target, "".join(f"{md5}  {path}\n" for path, md5 in sorted(files.items())))
    print(f"{target}: {len(files)} files; commit it beside {pin}")


if __name__ == "__main__":
    sys.exit(main())
