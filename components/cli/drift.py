"""`streamo drift`: has the data, or have live streams, moved away from the accepted dataset?"""

import argparse
from pathlib import Path
from typing import Any


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser(
        "drift",
        help="has the data, or have live streams, moved away from the accepted dataset?",
        description="Compare derived features (products of stage features) and logs of live streams with a "
        "reference. Exit code 0 either way: the result says whether anything drifted.",
    )
    parser.add_argument(
        "--reference", type=Path, required=True, metavar="DIR", help="features of the accepted dataset"
    )
    parser.add_argument("--current", type=Path, metavar="DIR", help="features to compare with it")
    parser.add_argument(
        "--only-new", action="store_true", help="only the videos of --current that --reference does not have"
    )
    parser.add_argument(
        "--sessions", type=Path, nargs="+", default=[], metavar="FILE", help="logs of `streamo stream --json`"
    )
    parser.add_argument(
        "--reference-sessions",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="former logs to compare the sessions with, instead of samples of the reference",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="for drift.json and Evidently's pages"
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare, write drift.json and a page for each part that was decided, print the result; returns 0."""
    from components.core.files import dumps, write_json
    from components.monitor.settings import read_settings

    settings = read_settings()
    from components.monitor.drift import Request, detect
    from components.monitor.page import write_page

    request = Request(args.reference, args.current, args.sessions, args.reference_sessions, args.only_new)
    outcome = detect(request, settings)
    for old in ("data.html", "sessions.html"):  # of an earlier call: it would not tell of this one
        (args.out / old).unlink(missing_ok=True)
    outcome.result["pages"] = [
        f"{part}.html"
        for part, comparison in sorted(outcome.comparisons.items())
        if write_page(args.out / f"{part}.html", comparison)
    ]
    write_json(args.out / "drift.json", outcome.result)
    print(dumps(outcome.result, indent=None) if args.json else summary(outcome.result, args.out), end="")
    return 0


def summary(result: dict[str, Any], out: Path) -> str:
    """A line for the verdict, one for each feature found, one for each part that was not decided."""
    verdicts = {True: "drift", False: "no drift", None: "undecided"}
    lines = [
        f"{verdicts[result['drifted']]}: {len(result['found'])} of {len(result['features'])} features, "
        f"false alarms at most {result['rate']:.0%} of such reports".replace("%", " %")
    ]
    for found in result["found"]:
        limits = f"{found['method']} {found['statistic']:.3g}, threshold {found['threshold']:.3g}"
        part = "" if found["part"] == "data" else f"{found['part']}."
        lines.append(f"  {part}{found['says']} ({limits})")
    for part, why in result["undecided"].items():
        lines.append(f"  {part} undecided: {why}")
    for reason, count in result.get("sessions", {}).get("quarantined", {}).items():
        lines.append(f"  sessions: {count} set aside as {reason} (drift.json says which)")
    lines.append(f"  {', '.join(str(out / page) for page in [*result['pages'], 'drift.json'])}")
    return "\n".join(lines) + "\n"
