"""`streamo convert`: raw labels -> stream dialogues (JSON lines) or the turn table (parquet)."""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.errors import DataError, UsageError
from components.core.files import dumps

if TYPE_CHECKING:
    from components.protocol.batch import LengthOf, Tally
    from components.protocol.placed import Placed
    from components.protocol.rawfiles import RawLabels

ROWS_SHOWN = 20


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser("convert", help="raw labels to stream dialogues or a turn table")
    parser.add_argument(
        "raw", metavar="RAW", type=Path, help="raw labels: .json (one or a list), .jsonl or .parquet"
    )
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
    from components.protocol.batch import Tally
    from components.protocol.rawfiles import open_labels

    _check(args)
    tally = Tally()
    with closing(open_labels([args.raw])) as raw:
        lengths = _lengths(args, raw.videos)
        try:
            (_write_table if args.out.suffix == ".parquet" else _write_lines)(args, raw, lengths, tally)
        except DataError:
            _report(args, tally)
            raise
    _report(args, tally)
    return 0


def _write_table(args: argparse.Namespace, raw: "RawLabels", lengths: "LengthOf", tally: "Tally") -> None:
    from components.protocol.many import write_tables

    order = sorted(range(len(raw.ids)), key=raw.ids.__getitem__)  # the order a turn table is read in
    write_tables(args.out, raw, order, lengths, tally, events=args.events, rules=args.rules, fps=args.fps)


def _write_lines(args: argparse.Namespace, raw: "RawLabels", lengths: "LengthOf", tally: "Tally") -> None:
    from components.protocol.batch import place_all
    from components.protocol.jsonl import write_jsonl
    from components.protocol.rawfiles import each

    labels = each(raw, range(len(raw.ids)))
    samples = tally.watch(place_all(labels, lengths, rules=args.rules, fps=args.fps))
    write_jsonl(args.out, (placed.dialogue() for placed in _some(samples, args.raw, tally)))


def _some(samples: "Iterator[Placed]", raw: Path, tally: "Tally") -> "Iterator[Placed]":
    """The samples; DataError if there was none, raised in mid-write so that no empty file appears."""
    yield from samples
    if not tally.samples:
        raise DataError(f"{raw}: none of {tally.samples_in} labels could be used (reasons above)")


def _check(args: argparse.Namespace) -> None:
    from components.protocol.times import LONGEST_S

    if args.out.suffix not in (".jsonl", ".parquet"):
        raise UsageError(f"{args.out}: expected a name that ends in .jsonl or .parquet")
    if args.events is not None and args.out.suffix != ".parquet":
        raise UsageError("--events goes with OUT.parquet")
    for one, other in ((args.raw, args.out), (args.raw, args.events), (args.out, args.events)):
        if other is not None and one.resolve() == other.resolve():
            raise UsageError(f"{other}: named twice; it would be written over, name another file")
    if args.num_turns is not None and not 1 <= args.num_turns <= LONGEST_S:
        raise UsageError(f"--num-turns {args.num_turns}: expected 1 to {LONGEST_S:.0f}")
    if not 0 < args.fps < math.inf:
        raise UsageError(f"--fps {args.fps}: expected a positive number")


def _lengths(args: argparse.Namespace, videos: "Sequence[str]") -> "LengthOf":
    from components.cli import convert_lengths

    if args.num_turns is not None:
        return convert_lengths.fixed(args.num_turns)
    if args.durations is not None:
        return convert_lengths.from_table(args.durations)
    return convert_lengths.probed(args.media_root, videos)


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
