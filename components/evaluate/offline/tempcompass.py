"""TempCompass: four forms of question on conflicting videos (arXiv 2403.00476).

Results are a model's folder of the official repository: `multi-choice.json`, `yes_no.json`,
`caption_matching.json`, `captioning.json`, those that are there; either `predictions/<model>` or
`auto_eval_results/<model>`, whose recorded ratings then stand in where the rules cannot read an answer. Else
an answer that the rules cannot read goes to the judge (`--judge`; our prompt, not the official one) or counts
as wrong and as `needs_judge`, and captions are left out: nothing is guessed.
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.errors import DataError
from components.core.files import read_json
from components.evaluate.benchmarks import Benchmark
from components.evaluate.judge_options import add_judge_arguments, judge_from
from components.evaluate.offline import tempcompass_rules as rules
from components.evaluate.offline.choice import Item, breakdown, floors, scored
from components.evaluate.offline.files import need
from components.evaluate.scheme import Scheme, Scored, with_intervals
from components.evaluate.verdicts import Question

if TYPE_CHECKING:
    from components.evaluate.judge import Judge

SCHEME = Scheme({form: (form,) for form in rules.FORMS}, "tasks")
SECOND = {"response": "prediction", "video-llm-prediction": "prediction", "gt-answer": "answer"}


@dataclass(frozen=True)
class Row:
    """One question and what became of it: `right` is None as long as only a judge could tell."""

    item: Item
    question: str
    truth: str
    answer: Any
    right: bool | None
    how: str


@dataclass(frozen=True)
class Loaded:
    """A model's rows, how many questions each aspect had, and what the judge's answers came to."""

    rows: Sequence[Row]
    judged: Mapping[str, int]


def load(args: argparse.Namespace, results: Path) -> Loaded:
    """Read a model's folder, by the rules, the recorded ratings and the judge in this order."""
    files = [(form, results / f"{form}.json") for form in rules.FORMS]
    found = [(form, path) for form, path in files if path.is_file()]
    if not found:
        raise DataError(
            f"{results}: none of {', '.join(path.name for _, path in files)}; name a model's folder"
        )
    rows = [row for form, path in found for row in read_form(form, path)]
    judge = judge_from(args, seed=args.seed)
    return ask(rows, judge) if judge else Loaded(rows, {})


def read_form(form: str, path: Path) -> list[Row]:
    """The rows of one file: `{video: {aspect: [question]}}`."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected videos by id, got {type(content).__name__}")
    rows = []
    for video, aspects in content.items():
        for aspect in need({"aspects": aspects}, "aspects", dict, f"{path}: video {video}"):
            questions = need(aspects, aspect, list, f"{path}: video {video}")
            rows += [
                read_row(form, video, aspect, number, row, path) for number, row in enumerate(questions, 1)
            ]
    return rows


def read_row(form: str, video: str, aspect: str, number: int, raw: Any, path: Path) -> Row:
    """One question, from either folder."""
    where = f"{path}: video {video}, {aspect} {number}"
    row = {SECOND.get(key, key): value for key, value in raw.items()} if isinstance(raw, Mapping) else raw
    truth = need(row, "answer", str, where)
    if "prediction" not in row:
        raise DataError(f"{where}: no `prediction`; a model's answer, or null")
    # auto_eval_results leave out the questions of captions; what there is to choose from is then unknown.
    question = row.get("question", "") if form == rules.CAPTIONING else need(row, "question", str, where)
    options = rules.options_of(form, question)
    place = rules.place_of(form, options, truth)
    if place is None:
        if form != rules.CAPTIONING:
            raise DataError(f"{where}: the truth {truth!r} is none of the question's options")
        options, place = ("",) * 3, 0
    item = Item(f"{form}/{video}/{aspect}/{number}", form, video, options, place, {"aspect": aspect})
    right = rules.official(form, question, truth, row["prediction"])
    how = "rule" if right is not None else "needs_judge"
    if rules.plain(row["prediction"]) is None:
        right, how = False, "empty"
    elif right is None and row.get("rating") in (0, 1):
        right, how = bool(row["rating"]), "recorded"
    return Row(item, question, truth, row["prediction"], right, how)


def ask(rows: Sequence[Row], judge: "Judge") -> Loaded:
    """Let the judge grade what the rules could not read; a failed grade stays open and is counted."""
    places = [place for place, row in enumerate(rows) if row.right is None]
    grades = judge.grade_many(
        [
            Question(rows[place].question, rows[place].truth, rules.plain(rows[place].answer) or "")
            for place in places
        ]
    )
    out, counted = list(rows), Counter[str]()
    for place, grade in zip(places, grades, strict=True):
        if grade.correct is None:
            counted[f"failed_{grade.reason}"] += 1
        else:
            counted["correct" if grade.correct else "wrong"] += 1
            out[place] = replace(rows[place], right=grade.correct, how="judge")
    return Loaded(out, dict(sorted(counted.items())))


def kept(loaded: Loaded) -> list[Row]:
    """The rows that are scored: a form that only a judge can score counts only if every row has a verdict."""
    open_ = {row.item.task for row in loaded.rows if row.right is None and row.item.task == rules.CAPTIONING}
    return [row for row in loaded.rows if row.item.task not in open_]


def score(loaded: Loaded, seed: int) -> dict[str, Any]:
    """By form, the total being their mean; `by` has the temporal aspects; `counted` how answers were read."""
    rows = kept(loaded)
    if not rows:
        raise DataError("only captions, and no judge to score them: give --judge or auto_eval_results")
    items, credits = [row.item for row in rows], [float(bool(row.right)) for row in rows]
    ruled = [row for row in rows if row.item.task != rules.CAPTIONING]
    exact = [float(rules.strict(r.item.task, r.question, r.truth, r.answer)) for r in ruled]
    read = {form: Counter(row.how for row in loaded.rows if row.item.task == form) for form in rules.FORMS}
    return {
        **with_intervals(scored(items, credits), SCHEME, seed),
        "strict": with_intervals(scored([row.item for row in ruled], exact), SCHEME, seed),
        "floors": floors([row.item for row in ruled], SCHEME, seed),
        "by": breakdown(items, credits),
        "counted": {form: dict(sorted(found.items())) for form, found in read.items() if found},
        "left_out": sorted({row.item.task for row in loaded.rows} - {row.item.task for row in rows}),
        "judge": dict(loaded.judged),
    }


def points(loaded: Loaded) -> dict[str, list[Scored]]:
    """Every scored question, by the official and the strict rule."""
    rows = kept(loaded)
    exact = [float(rules.strict(r.item.task, r.question, r.truth, r.answer)) for r in rows]
    items = [row.item for row in rows]
    return {
        "official": scored(items, [float(bool(row.right)) for row in rows]),
        "strict": scored(items, exact),
    }


def scheme(_: Loaded) -> Scheme:
    """Four forms; the total is their mean."""
    return SCHEME


BENCHMARK = Benchmark(add_judge_arguments, load, score, points, scheme)
