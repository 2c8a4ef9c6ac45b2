"""`streamo audit`: re-hash every byte of the workspace, or of a registered version, down to the raw video."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.errors import UsageError
from components.core.files import dumps

if TYPE_CHECKING:
    from components.audit.findings import Report

MARKS = {True: "verified", False: "DIFFERS", None: "not told"}


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "audit", help="re-hash every byte and walk the receipts down to the raw video"
    )
    parser.add_argument("version", nargs="?", help="a registered version; without it the workspace")
    parser.add_argument("--offline", action="store_true", help="with a version: leave the DVC remotes out")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 if everything verifies, else 1 with every finding named."""
    if args.version is None:
        if args.offline:
            raise UsageError("audit: --offline goes with a version; the workspace needs no remote")
        from components.audit.workspace import audit_workspace

        report: Report = audit_workspace(Path())
    else:
        from components.audit.version import audit_version

        report = audit_version(args.version, Path(), offline=args.offline)
    print(
        dumps(report.as_dict(), indent=None) if args.json else "".join(f"{line}\n" for line in lines(report)),
        end="",
    )
    return 0 if report.verified else 1


def lines(report: "Report") -> list[str]:
    """The report for people."""
    told = report.as_dict()
    said = [
        f"{finding.kind:12} {finding.path}: {finding.detail}"
        + (f" [in {finding.product}]" if finding.product not in ("", finding.path) else "")
        for finding in report.findings
    ]
    said += [f"note         {note}" for note in report.notes]
    said += [
        f"{MARKS[each['verified']]:12} number {each['what']}: {each['why']}"
        for each in told.get("numbers", [])
    ]
    said += [line for chain in report.chains for line in chain_lines(chain)]
    counts = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in report.counts.items())
    result = "everything verifies" if report.verified else f"{len(report.findings)} findings"
    return [*said, f"{told.get('version', '')} {counts}: {result}".lstrip()]


def chain_lines(chain: dict[str, Any]) -> list[str]:
    """One line for a model of the workspace; for a version one more for each link that says something."""
    steps = " <- ".join(
        link["path"] + ("" if link["verified"] else " (NOT verified)") for link in chain["links"]
    )
    said = [f"{'verified' if chain['verified'] else 'BROKEN':12} {steps}"]
    for link in chain["links"]:
        if facts := link.get("about"):
            said.append(
                f"{'':12} {link['path']}: {', '.join(f'{key} {value}' for key, value in facts.items())}"
            )
    return said
