"""`streamo lineage`: the graph of a registered version; the runs of this workspace as OpenLineage events."""

import argparse
from pathlib import Path
from typing import Any

from components.core.errors import UsageError


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("lineage", help="what a version was made of; OpenLineage events")
    parser.add_argument("version", nargs="?", help="a registered version, e.g. v0.0.1")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one offline page as well")
    parser.add_argument("--json", action="store_true", help="the graph as one JSON object")
    parser.add_argument("--audit", action="store_true", help="audit the version and mark what verifies")
    parser.add_argument(
        "--events",
        metavar="FILE|URL",
        help="write this workspace's stage runs as OpenLineage events: JSON lines, or POST to an endpoint "
        "(token: OPENLINEAGE_API_KEY)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0, or 1 where the version was audited and does not verify."""
    if (args.version is None) == (args.events is None):
        raise UsageError("lineage: give a version, or --events FILE|URL for the runs of this workspace")
    return export(args.events) if args.events else draw(args)


def export(target: str) -> int:
    """Send or write the events of every recorded stage run."""
    from components.lineage.openlineage_events import all_events
    from components.lineage.openlineage_send import is_url, post_events, write_events

    events = list(all_events())
    count = post_events(target, events) if is_url(target) else write_events(Path(target), events)
    print(f"{count} events of {count // 2} stage runs")
    return 0


def draw(args: argparse.Namespace) -> int:
    """Print the graph of a version and write its page."""
    from components.audit.draw import tree
    from components.audit.draw_html import write_page
    from components.audit.version import audit_version
    from components.audit.version_graph import version_graph
    from components.core.files import dumps

    audited = audit_version(args.version) if args.audit else None
    graph = version_graph(args.version, audited)
    if args.html:
        write_page(args.html, graph)
    print(dumps(graph, indent=None) if args.json else tree(graph), end="")
    return 0 if audited is None or audited.verified else 1
