"""`streamo quality`: how far two label files over the same videos agree."""

import argparse
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.errors import DataError, UsageError
from components.core.files import dumps, read_json

if TYPE_CHECKING:
    from components.protocol.batch import LengthOf

SIDES = ("first", "second")


def add(sub: "argparse._SubParsersAction[Any]") -> None:
    """Register the command."""
    parser = sub.add_parser(
        "quality",
        help="how far two label files over the same videos agree, with intervals",
        description="Agreement of two teachers, of two passes of one, or of a teacher with the truth: spans, "
        "instants, texts and the states of every turn, each with n and a 95 %% bootstrap interval "
        "over videos. Only what both files label is compared; the rest is counted. With one file, the "
        "answers.json of a caption task: its first spans against those of the second grounding.",
    )
    parser.add_argument(
        "first", metavar="FIRST.json", type=Path, help="raw labels: .json, .jsonl or .parquet"
    )
    parser.add_argument("second", metavar="SECOND.json", type=Path, nargs="?", help="to compare it with")
    durations = parser.add_mutually_exclusive_group()
    durations.add_argument("--durations", type=Path, metavar="FILE", help="JSON object {video_id: seconds}")
    durations.add_argument(
        "--media-root", type=Path, metavar="DIR", help="probe the videos below this folder"
    )
    parser.add_argument(
        "--agreement",
        type=float,
        metavar="IOU",
        help="from which two spans of an answers.json agree; default: what its own run asked for, else 0.5",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    parser.add_argument("--json", action="store_true", help="print everything as one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare and print; 0 if anything could be compared, DataError if there was nothing to compare."""
    return _regrounded(args) if args.second is None else _compared(args)


def _compared(args: argparse.Namespace) -> int:
    from components.annotate.quality.agreement import compare

    if args.durations is None and args.media_root is None:
        raise UsageError("how long are the videos? expected --durations FILE or --media-root DIR")
    first, second = _labels(args.first), _labels(args.second)
    found = compare(first, second, _lengths(args, [*first, *second]), seed=args.seed)
    if args.json:
        files = {side: {"file": str(getattr(args, side)), **found[side]} for side in SIDES}
        sys.stdout.write(dumps({**found, **files}, indent=None))
    else:
        print("\n".join(_lines(args, found)))
    if not found["both"]:
        raise DataError(
            f"{args.first} and {args.second} have no video, task and question in common; expected labels of "
            "the same videos under the same video_path"
        )
    return 0


def _regrounded(args: argparse.Namespace) -> int:
    from components.annotate.quality.regrounding import passes_of, self_consistency

    expected = "expected the answers.json of a caption task, or a second label file to compare with"
    try:
        passes = passes_of(_read(args.first))
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DataError(f"{args.first}: {error!r:.80}; {expected}") from None
    if not any(passes.values()):
        raise DataError(f"{args.first}: no caption in it was grounded twice; {expected}")
    found = {"file": str(args.first), **self_consistency(passes, threshold=_threshold(args), seed=args.seed)}
    if args.json:
        sys.stdout.write(dumps(found, indent=None))
    else:
        print("\n".join([f"{args.first}: spans agree from IoU {found['threshold']} on", *_rows(found)]))
    return 0


def _threshold(args: argparse.Namespace) -> float:
    """The overlap asked for, else the one that made the product, as its summary.json says."""
    from components.annotate.quality.matching import HALF

    beside = args.first.with_name("summary.json")
    said = read_json(beside) if args.agreement is None and beside.is_file() else {}
    threshold = args.agreement if args.agreement is not None else said.get("agreement", HALF)
    if not 0 < threshold <= 1:
        raise UsageError(f"--agreement {threshold}: expected a number above 0, at most 1")
    return float(threshold)


def _labels(path: Path) -> list[Any]:
    from components.protocol.rawfiles import each, open_labels

    if path.suffix == ".json":  # what is no object at all is to be counted as such
        return _read(path)
    with closing(open_labels([path])) as raw:
        return list(each(raw, range(len(raw.ids))))


def _read(path: Path) -> list[Any]:
    value = read_json(path)
    return value if isinstance(value, list) else [value]


def _lengths(args: argparse.Namespace, labels: list[Any]) -> "LengthOf":
    from components.cli import convert_lengths
    from components.protocol.labels import video_id

    if args.durations is not None:
        return convert_lengths.from_table(args.durations)
    named = {video_id(label) for label in labels if isinstance(label, Mapping)}
    return convert_lengths.probed(args.media_root, sorted(named - {""}))


def _lines(args: argparse.Namespace, found: dict[str, Any]) -> list[str]:
    """Counts of both files, then one line a figure, for all tasks and for each."""
    lines = [_counts(getattr(args, side), found[side]) for side in SIDES]
    for task, number in found["both"].items():
        alone = (found[f"only_{side}"].get(task, 0) for side in SIDES)
        lines.append(f"{task}: {number} compared, only in one file: {' and '.join(map(str, alone))}")
    for task in sorted({*found["only_first"], *found["only_second"]} - set(found["both"])):
        lines.append(f"{task}: nothing in common")
    for name, figures in [("all", found["all"]), *found["tasks"].items()]:
        lines += [name, *_rows(figures)]
    return lines


def _rows(figures: Mapping[str, Any]) -> list[str]:
    """A line for each figure that rests on anything."""
    return [_figure(name, row) for name, row in figures.items() if isinstance(row, dict) and row["n"]]


def _counts(path: Path, side: dict[str, Any]) -> str:
    lost = {**side["set_aside"]}
    lost |= {f"responses {reason}": number for reason, number in side["responses_set_aside"].items()}
    aside = "".join(f", set aside: {number} {reason}" for reason, number in lost.items())
    return f"{path}: {side['labels']} labels of {side['videos']} videos{aside}"


def _figure(name: str, row: dict[str, Any]) -> str:
    value = "no value" if row["value"] is None else f"{row['value']:.3f}"
    bounds = "" if row["low"] is None else f" [{row['low']:.3f}, {row['high']:.3f}]"
    return f"  {name:<14} {value}{bounds}  n {row['n']} in {row['videos']} videos"
