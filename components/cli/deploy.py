"""`streamo deploy`: work pools, limits and deployments on the Prefect server that PREFECT_API_URL names."""

import argparse
import subprocess
import sys
from typing import Any


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("deploy", help="put deployments and work pools on the Prefect server")
    parser.add_argument(
        "--schedule",
        metavar="NAME[=CRON]",
        action="append",
        default=[],
        help="switch a schedule on, with the cron of prefect.yaml or this one (UTC); may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a deployment")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """The exit code of `python -m flows.deploy`: rooms do not import flows."""
    words = [word for name in args.schedule for word in ("--schedule", name)]
    words += ["--json"] if args.json else []
    return subprocess.run([sys.executable, "-m", "flows.deploy", *words], check=False).returncode
