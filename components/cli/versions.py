"""`streamo versions`: every registered version with its stage."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.files import dumps

if TYPE_CHECKING:
    from components.registry.versions import Version

COLUMNS = ("version", "stage", "model", "decision", "registered_at", "commit")
COMMIT_DIGITS = 12


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("versions", help="every registered version with its stage")
    parser.add_argument("--json", action="store_true", help="one JSON object a version, one a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the versions in order, the newest last."""
    from components.registry.versions import versions

    found = versions(Path())
    if args.json:
        print("".join(dumps(asdict(version), indent=None) for version in found), end="")
        return 0
    print("\n".join(table(found)) if found else "no version yet: `streamo register`")
    return 0


def table(found: "Sequence[Version]") -> list[str]:
    """Aligned columns with a head, and what is missing of a version at the end of its line."""
    rows = [COLUMNS, *[cells(version) for version in found]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    notes = ["", *[f"  ({version.note})" if version.note else "" for version in found]]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return [line.rstrip() + note for line, note in zip(lines, notes, strict=True)]


def cells(version: "Version") -> tuple[str, ...]:
    """A version's columns; what is not known is a dash."""
    values = asdict(version) | {"commit": version.commit[:COMMIT_DIGITS]}
    return tuple(values[column] or "-" for column in COLUMNS)


def show(version: "Version", *, as_json: bool) -> None:
    """Print one version, for the commands that change one."""
    if as_json:
        print(dumps(asdict(version), indent=None), end="")
        return
    facts = f"{version.model or 'unknown model'}, commit {version.commit[:COMMIT_DIGITS]}"
    note = f": {version.note}" if version.note else ""
    print(f"{version.version} is {version.stage or 'without a stage'} ({facts}){note}")
