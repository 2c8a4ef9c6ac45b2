"""`streamo audit`: re-hash every byte of the workspace and walk the receipts down to the raw video."""

import argparse
from pathlib import Path
from typing import Any

from components.core.files import dumps


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "audit", help="re-hash every byte and walk the receipts down to the raw video"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 if everything verifies, else 1 with every finding named."""
    from components.audit.workspace import audit_workspace

    report = audit_workspace(Path())
    if args.json:
        print(dumps(report.as_dict(), indent=None), end="")
        return 0 if report.verified else 1
    for finding in report.findings:
        print(f"{finding.kind:12} {finding.path}: {finding.detail}")
    for note in report.notes:
        print(f"note         {note}")
    for chain in report.chains:
        steps = " <- ".join(
            link["path"] + ("" if link["verified"] else " (NOT verified)") for link in chain["links"]
        )
        print(f"{'verified' if chain['verified'] else 'BROKEN':12} {steps}")
    counts = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in report.counts.items())
    print(f"{counts}: {'everything verifies' if report.verified else f'{len(report.findings)} findings'}")
    return 0 if report.verified else 1
