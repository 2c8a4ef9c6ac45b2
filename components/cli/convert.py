"""`streamo convert`: raw labels -> stream dialogues (JSON lines) or the turn table (parquet)."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.errors import DataError, UsageError
from components.core.files import dumps, read_json

if TYPE_CHECKING:
    from components.protocol.batch import LengthOf, Tally
    from components.protocol.placed import Placed

ROWS_SHOWN = 20


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser("convert", help="raw labels to stream dialogues or a turn table")
    parser.add_argument("raw", metavar="RAW.json", type=Path, help="a raw label or a list of them")
    parser.add_argument(
        "out", metavar="OUT.jsonl|OUT.parquet", type=Path, help="dialogues or turn table, by suffix"
    )
    lengths = parser.add_mutually_exclusive_group(required=True)
    lengths.add_argument("--media-root", type=Path, metavar="DIR", help="probe the videos below this folder")
    lengths.add_argument("--num-turns", type=int, metavar="N", help="every video has N turns of one second")
    lengths.add_argument("--durations", type=Path, metavar="FILE", help="JSON object {video_id: seconds}")
    parser.add_argument(
        "--fps", type=float, default=1.0, help="frames a second; matters to released rules only"
    )
    parser.add_argument("--rules", choices=("corrected", "released"), default="corrected")
    parser.add_argument(
        "--events", type=Path, metavar="FILE", help="also write the event table (OUT.parquet only)"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Convert; 0 if any dialogue was written, DataError if none, UsageError for wrong use."""
    from components.protocol.batch import Tally, place_all, with_ids
    from components.protocol.jsonl import write_jsonl
    from components.protocol.many import write_placed

    _check(args)
    raws = read_json(args.raw)
    labels = with_ids(raws if isinstance(raws, list) else [raws])
    if args.out.suffix == ".parquet":
        labels.sort(key=lambda label: str(label["id"]))  # the order a turn table is read in
    tally = Tally()
    samples = tally.watch(place_all(labels, _lengths(args, labels), rules=args.rules, fps=args.fps))
    try:
        if args.out.suffix == ".parquet":
            write_placed(args.out, _some(samples, args.raw, tally), events=args.events)
        else:
            write_jsonl(args.out, (placed.dialogue() for placed in _some(samples, args.raw, tally)))
    except DataError:
        _report(args, tally)
        raise
    _report(args, tally)
    return 0


def _some(samples: "Iterator[Placed]", raw: Path, tally: "Tally") -> "Iterator[Placed]":
    """The samples; DataError if there was none, raised in mid-write so that no empty file appears."""
    yield from samples
    if not tally.samples:
        raise DataError(f"{raw}: none of {tally.samples_in} labels could be used (reasons above)")


def _check(args: argparse.Namespace) -> None:
    if args.out.suffix not in (".jsonl", ".parquet"):
        raise UsageError(f"{args.out}: expected a name that ends in .jsonl or .parquet")
    if args.events is not None and args.out.suffix != ".parquet":
        raise UsageError("--events goes with OUT.parquet")
    if args.num_turns is not None and args.num_turns < 1:
        raise UsageError(f"--num-turns {args.num_turns}: expected at least 1")
    if not args.fps > 0:
        raise UsageError(f"--fps {args.fps}: expected a positive number")


def _lengths(args: argparse.Namespace, labels: "Sequence[Mapping[str, Any]]") -> "LengthOf":
    from components.cli import convert_lengths
    from components.protocol.labels import video_id

    if args.num_turns is not None:
        return convert_lengths.fixed(args.num_turns)
    if args.durations is not None:
        return convert_lengths.from_table(args.durations)
    return convert_lengths.probed(args.media_root, [video_id(label) for label in labels])


def _report(args: argparse.Namespace, tally: "Tally") -> None:
    """Counts, shares and reasons on stderr; the whole of it as one JSON object on stdout where asked."""
    from components.protocol.batch import share_lines

    summary, rows = tally.summary(), tally.rows()
    counts = summary["counts"]
    kept = ", ".join(f"{counts[name]} {name}" for name in ("placed", "shifted", "moved_to_end", "joined"))
    lost = [f"{counts['before_question']} before_question"] if counts["before_question"] else []
    lost += [f"{number} {reason}" for reason, number in counts["quarantined"].items()]
    lines = share_lines(summary)
    lines.append(f"questions in {counts['questions_in']}: {counts['questions_placed']} placed")
    lines.append(f"responses in {counts['responses_in']}: {', '.join([kept, *lost])}")
    lines += [f"set aside: {row['id']}: {row['reason']}: {row['detail']}" for row in rows[:ROWS_SHOWN]]
    if len(rows) > ROWS_SHOWN:
        lines.append(f"set aside: {len(rows) - ROWS_SHOWN} more; --json lists them all")
    print("\n".join(lines), file=sys.stderr)
    if args.json:
        head = {"out": str(args.out), "rules": args.rules, "fps": args.fps}
        sys.stdout.write(dumps({**head, **summary, "quarantine": rows}, indent=None))
