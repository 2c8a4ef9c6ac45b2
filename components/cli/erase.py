"""`streamo erase`: everything that a video touched, for the day its licence is withdrawn. Deletes nothing."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.files import dumps

if TYPE_CHECKING:
    from components.audit.erasure import Touched

SHOWN = 5  # sample ids that a line names


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("erase", help="everything that a video touched; deletes nothing")
    parser.add_argument("videos", nargs="+", metavar="VIDEO", help="a video_id, or a file: its bytes count")
    parser.add_argument("--offline", action="store_true", help="leave the DVC remotes out")
    parser.add_argument("--json", action="store_true", help="one JSON object a video")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Always 0: it lists, an operator decides."""
    from dataclasses import asdict

    from components.audit.erase_commands import commands
    from components.audit.erasure import touched_by
    from components.registry.settings import read_settings

    url = read_settings(Path()).store
    for touched in touched_by(args.videos, Path(), offline=args.offline):
        next_lines = commands(touched, url)
        if args.json:
            print(dumps({**asdict(touched), "commands": next_lines}, indent=None), end="")
        else:
            print(
                "\n".join(
                    [*lines(touched), "", "# nothing was deleted; what an operator runs next:", *next_lines]
                )
            )
    return 0


def lines(touched: "Touched") -> list[str]:
    """What one video touched, for people."""
    said = [f"{touched.seen.asked}"]
    said += [
        f"  version    {row['version']} {row['stage'] or 'no stage'}, {row['model']}: {row['role']}"
        for row in touched.versions
    ]
    said += [f"  file       {path}" for path in touched.data]
    for each in touched.objects:
        places = ", ".join(each.places) or "no place"
        said.append(f"  object     {each.md5} {each.path} of {', '.join(each.versions)}: in {places}")
    for trace in touched.products:
        ids = ", ".join(trace.samples[:SHOWN]) + (" ..." if len(trace.samples) > SHOWN else "")
        said.append(
            f"  product    {trace.path}: {trace.rows} entries, {len(trace.samples)} samples {ids}".rstrip()
        )
    said += [f"  made from  {path}" for path in touched.made_from]
    said += [f"  store      {entry['version']} {entry['path']}: {entry['why']}" for entry in touched.store]
    said += [f"  alike      {name}" for name in touched.alike]
    return said if len(said) > 1 else [*said, "  nothing here or in any registered version names it"]
