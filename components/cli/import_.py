"""`streamo import`: public label sets -> raw labels. (The file has a `_`: `import` is a word of Python.)"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.annotate.importers import IMPORTERS
from components.core.errors import DataError, UsageError
from components.core.files import dumps, write_json

if TYPE_CHECKING:
    from components.annotate.importers.account import Imported, Options

ROWS_SHOWN = 20
HEAD = b'[\n{"id": '  # of a file that an import wrote


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    sets = "\n".join(f"  {name:<22}{importer.summary}" for name, importer in IMPORTERS.items())
    parser = sub.add_parser(
        "import",
        help="public label sets to raw labels",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"sets:\n{sets}",
    )
    parser.add_argument("set", metavar="SET", choices=sorted(IMPORTERS), help="one of the sets below")
    parser.add_argument("files", metavar="FILES", type=Path, nargs="+", help="label files of that set")
    parser.add_argument(
        "out", metavar="OUT.json", type=Path, help="raw labels, for `streamo convert` or annotate.labels"
    )
    parser.add_argument(
        "--durations", type=Path, metavar="FILE", help="JSON object {video_path: seconds} known already"
    )
    parser.add_argument(
        "--durations-out", type=Path, metavar="FILE", help="write the lengths known, for `streamo convert`"
    )
    parser.add_argument(
        "--media-root", type=Path, metavar="DIR", help="where the videos lie: says which are missing"
    )
    parser.add_argument(
        "--missing-out", type=Path, metavar="FILE", help="write the missing videos (needs --media-root)"
    )
    parser.add_argument("--seed", type=int, default=0, help="draws the wording of the instructions")
    parser.add_argument(
        "--json", action="store_true", help="print counts, rejections and drops as one JSON object"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Import; 0 if there is any label, DataError if none, UsageError for wrong use."""
    _check_out(args.out)
    if args.missing_out is not None and args.media_root is None:
        raise UsageError("--missing-out needs --media-root")
    from components.annotate.importers.rows import write_rows

    imported = IMPORTERS[args.set].read(args.files, _options(args))
    missing = None
    if args.media_root is not None:
        from components.annotate.importers.missing import report

        missing = report(imported.labels, args.media_root, imported.waiting)
    _say(imported, missing)
    if args.json:
        head = {"set": args.set, "out": str(args.out), "missing": missing, "dropped": imported.dropped}
        sys.stdout.write(
            dumps({**head, "counts": imported.counts, "rejected": imported.rejected}, indent=None)
        )
    if args.missing_out is not None:
        write_json(args.missing_out, missing)
    if not imported.labels:
        files, rows = ", ".join(map(str, args.files)), imported.counts["rows"]
        raise DataError(f"none of {rows} rows could be used (reasons above)" if rows else f"{files}: no row")
    write_rows(args.out, imported.labels)
    if args.durations_out is not None:
        write_json(args.durations_out, imported.durations)
    return 0


def _check_out(out: Path) -> None:
    """A forgotten OUT.json makes the last input the output: only an import's own file is written over."""
    if out.suffix != ".json":
        raise UsageError(f"{out}: expected a name that ends in .json")
    if out.exists():
        with out.open("rb") as stream:
            ours = stream.read(len(HEAD)) == HEAD
        if not ours:
            raise UsageError(f"{out} exists and no import wrote it; name another file for the labels")


def _options(args: argparse.Namespace) -> "Options":
    from components.annotate.importers.account import Options
    from components.cli.convert_lengths import read_seconds

    durations = {} if args.durations is None else read_seconds(args.durations)
    return Options(args.seed, durations, args.media_root)


def _say(imported: "Imported", missing: dict[str, Any] | None) -> None:
    """The account on stderr: totals, reasons, and the first rows that were set aside."""
    counts = imported.counts
    lines = [
        f"rows {counts['rows']}: {counts['labels']} labels of {counts['videos']} videos, "
        f"{counts['rejected']} rejected" + _listed(counts["reasons"]),
        f"parts {counts['parts']}: {counts['responses']} responses, {counts['parts_dropped']} dropped"
        + _listed(counts["part_reasons"])
        + (f", {counts['parts_rejected']} with their row" if counts["parts_rejected"] else ""),
    ]
    if counts["notes"]:
        lines.append("rules applied" + _listed(counts["notes"]))
    if missing is not None:
        lines.append(
            f"videos {missing['videos']}: {missing['found']} found, missing{_listed(missing['sources'])}"
        )
    aside = [*imported.rejected, *imported.dropped]
    lines += [f"set aside: {row['id']}: {row['reason']}: {row['detail']}" for row in aside[:ROWS_SHOWN]]
    if len(aside) > ROWS_SHOWN:
        lines.append(f"set aside: {len(aside) - ROWS_SHOWN} more; --json lists them all")
    print("\n".join(lines), file=sys.stderr)


def _listed(reasons: dict[str, int]) -> str:
    return f" ({', '.join(f'{number} {reason}' for reason, number in reasons.items())})" if reasons else ""
