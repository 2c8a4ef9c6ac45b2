"""Video-MME: 2,700 questions on 900 videos, four options, with or without subtitles (arXiv 2405.21075).

Results are the official template: a list of videos with `questions`, each with `answer` and `response`. The
annotation file is optional, since the template repeats it: the published parquet, or a template without
responses. With and without subtitles are two results files.
"""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.benchmarks import Benchmark
from components.evaluate.offline import rules
from components.evaluate.offline.choice import Answered, Item, points_of, score_choices
from components.evaluate.offline.files import answered, check_unique, need, place_of, rows_of
from components.evaluate.scheme import Scheme, Scored

DURATIONS = ("short", "medium", "long")
SCHEME = Scheme({name: (name,) for name in DURATIONS}, "points")
LEAD = re.compile(r"^\s*\(?[A-J][.)]\s*")


def item_of(video: Mapping[str, Any], question: Mapping[str, Any], where: str) -> Item:
    """One question of a video's row."""
    name = need(question, "question_id", str, where)
    where = f"{where}, question {name}"
    duration = need(video, "duration", str, where)
    if duration not in DURATIONS:
        raise DataError(f"{where}: `duration`: {duration!r}, expected one of {', '.join(DURATIONS)}")
    options = tuple(LEAD.sub("", str(text)) for text in need(question, "options", list, where))
    parts = {
        "domain": need(video, "domain", str, where),
        "sub_category": need(video, "sub_category", str, where),
        "task_type": need(question, "task_type", str, where),
    }
    truth = place_of(question.get("answer"), options, where)
    return Item(name, duration, need(video, "video_id", str, where), options, truth, parts)


def load_items(path: Path) -> list[Item]:
    """The questions of the published parquet or of an official template."""
    if path.suffix == ".parquet":
        items = [item_of(row, row, f"{path}: row {number}") for number, row in enumerate(rows_of(path), 1)]
    else:
        items = [item_of(video, question, where) for video, question, where in questions_of(path)]
    check_unique(items, path)
    return items


def questions_of(path: Path) -> list[tuple[Mapping[str, Any], Mapping[str, Any], str]]:
    """Every question of a template with its video's row and its place in the file."""
    content = read_json(path)
    if not isinstance(content, list):
        raise DataError(f"{path}: expected Video-MME's list of videos, got {type(content).__name__}")
    out = []
    for number, video in enumerate(content, 1):
        where = f"{path}: video {number}"
        out += [(video, question, where) for question in need(video, "questions", list, where)]
    return out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The annotation file."""
    parser.add_argument(
        "--annotations", type=Path, help="the published parquet (default: the truths in the results file)"
    )


def load(args: argparse.Namespace, results: Path) -> Answered:
    """Read results in the official template."""
    found = questions_of(results)
    pairs = [
        (need(question, "question_id", str, where), question.get("response")) for _, question, where in found
    ]
    items = {item.id: item for item in (item_of(*each) for each in found)}
    entries = load_items(args.annotations) if args.annotations else list(items.values())
    return answered(entries, pairs, results)


def score(loaded: Answered, seed: int) -> dict[str, Any]:
    """Overall and by duration; `by` has domains, sub-categories and task types as the official printout."""
    return score_choices(loaded, rules.videomme, SCHEME, seed)


def points(loaded: Answered) -> dict[str, list[Scored]]:
    """Every question once, by both rules."""
    return points_of(loaded, rules.videomme)


def scheme(_: Answered) -> Scheme:
    """Durations; the total is over all questions."""
    return SCHEME


BENCHMARK = Benchmark(add_arguments, load, score, points, scheme)
