"""`streamo saw`: which registered models ever saw a video, and in which role."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.files import dumps

if TYPE_CHECKING:
    from components.audit.seen import Seen


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("saw", help="which registered models ever saw a video, and in which role")
    parser.add_argument(
        "videos", nargs="+", metavar="VIDEO", help="a video_id, or a file: its bytes are found under any name"
    )
    parser.add_argument("--offline", action="store_true", help="leave the DVC remotes out")
    parser.add_argument("--json", action="store_true", help="one JSON object a video")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0, or 1 where a version does not tell which videos it had."""
    from dataclasses import asdict

    from components.audit.seen import who_saw

    answers = who_saw(args.videos, Path(), offline=args.offline)
    for seen in answers:
        print(
            dumps(asdict(seen), indent=None) if args.json else "".join(f"{line}\n" for line in lines(seen)),
            end="",
        )
    return 1 if any(seen.unknown for seen in answers) else 0


def lines(seen: "Seen") -> list[str]:
    """One answer for people."""
    shown = ", ".join(sha256[:12] for sha256 in seen.sha256) or "bytes that no version lists"
    said = [f"{seen.asked} ({shown})"]
    if len(seen.sha256) > 1:
        said.append(f"  note       {len(seen.sha256)} different videos bore this name")
    for each in seen.sightings:
        where = f"{each.version} {each.stage or 'no stage'}, {each.model}"
        said.append(f"  {each.role:10} {where}: as {each.video_id}, {each.why}")
    if not seen.sightings:
        said.append("  no registered version had it")
    said += [f"  unknown    {version}: its package does not tell its videos" for version in seen.unknown]
    said += [
        f"  note       {version}: its data could not be listed, a video it never used would not be found"
        for version in seen.unlisted
    ]
    return said
