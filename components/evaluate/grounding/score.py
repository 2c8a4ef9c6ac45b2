"""`streamo score grounding`: recall at IoU, mIoU and mAP of spans, or mAP and Hit1 of highlights.

Official: every query that the answers name (TimeChat's `eval_tvg.py --sample`; QVHighlights' `eval.py` with
unmatched queries left out). Strict: every query of the annotations; one without answer is worth nothing.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from components.core.errors import DataError
from components.evaluate.benchmarks import Benchmark
from components.evaluate.grounding.average_precision import mean_ap, span_ap
from components.evaluate.grounding.files import Answer, Answers, Query, load_answers, load_queries
from components.evaluate.grounding.highlights import LEVELS, credits
from components.evaluate.grounding.spans import THRESHOLDS, best
from components.evaluate.scheme import Scheme, Scored, table, with_intervals

RECALL = tuple(f"R@{level}" for level in THRESHOLDS)
PRECISION = ("mAP", "mAP@0.5", "mAP@0.75")
SPANS = Scheme({"recall": RECALL, "overlap": ("mIoU",), "precision": PRECISION}, "groups")
HIGHLIGHTS = Scheme(
    {part: tuple(f"HL-{level}-{part}" for level in LEVELS) for part in ("mAP", "Hit1")}, "groups"
)
NOTHING = Answer(())


@dataclass(frozen=True)
class Loaded:
    """Queries, and a model's answers to them."""

    queries: Sequence[Query]
    answers: Answers

    @property
    def highlights(self) -> bool:
        """Whether clips were scored instead of spans named."""
        return all(answer.scores is not None and not answer.spans for answer in self.answers.by_id.values())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The annotation file."""
    help_ = "TimeChat's JSON, or QVHighlights' JSON lines; the answers (--results) of either kind"
    parser.add_argument("--annotations", type=Path, required=True, metavar="FILE", help=help_)


def load(args: argparse.Namespace, results: Path) -> Loaded:
    """Read both files; DataError if they have no query in common."""
    queries, answers = load_queries(args.annotations), load_answers(results)
    known = {one.id for one in queries}
    answers.odd["answer_to_no_query"] += len(answers.by_id.keys() - known)
    answers.odd["query_without_answer"] += len(known - answers.by_id.keys())
    if not known & answers.by_id.keys():
        raise DataError(f"{results}: answers no query of {args.annotations}; compare their ids")
    return Loaded(queries, answers)


def score(loaded: Loaded, seed: int) -> dict[str, Any]:
    """The object that is printed; `floors` answer every query without looking."""
    rules = points(loaded)
    return {
        **with_intervals(rules["official"], scheme(loaded), seed),
        "benchmark": "grounding",
        "strict": with_intervals(rules["strict"], scheme(loaded), seed),
        "floors": floors(loaded),
        "counted": {reason: count for reason, count in sorted(loaded.answers.odd.items()) if count}
        | {"queries": len(loaded.queries)},
    }


def points(loaded: Loaded) -> dict[str, list[Scored]]:
    """Scored points by rule."""
    named = [one for one in loaded.queries if one.id in loaded.answers.by_id]
    by_id, highlights = loaded.answers.by_id, loaded.highlights
    return {
        "official": points_of(named, by_id, highlights),
        "strict": points_of(loaded.queries, by_id, highlights),
    }


def scheme(loaded: Loaded) -> Scheme:
    """How points add up."""
    return HIGHLIGHTS if loaded.highlights else SPANS


def points_of(queries: Sequence[Query], answers: Mapping[str, Answer], highlights: bool) -> list[Scored]:
    """Every metric of every query as a point; a query without saliency is no highlight query."""
    found = []
    for one in queries:
        answer = answers.get(one.id, NOTHING)
        if not highlights:
            worth = span_credits(answer, one)
        elif one.saliency is not None:
            worth = credits(answer.scores or (), one.saliency)
        else:
            worth = {}
        found += [Scored(f"{one.id}-{task}", one.video, task, credit) for task, credit in worth.items()]
    return found


def span_credits(answer: Answer, query: Query) -> dict[str, float]:
    """R@IoU and IoU of the first span, and AP of all of them."""
    overlap = best(answer.spans[0] if answer.spans else None, query.truths)
    return {
        **{f"R@{level}": float(overlap >= level) for level in THRESHOLDS},
        "mIoU": overlap,
        "mAP": mean_ap(answer.spans, query.truths),
        "mAP@0.5": span_ap(answer.spans, query.truths, 0.5),
        "mAP@0.75": span_ap(answer.spans, query.truths, 0.75),
    }


def floors(loaded: Loaded) -> dict[str, Any]:
    """Strict tables of answers that know no video: nothing, the usual span, the whole video.

    `usual_span`: the median start and end of the true spans of the file. `whole_video` needs durations. For
    highlights: the same score for every clip, and the first clip only.
    """
    policies: dict[str, dict[str, Answer]] = {"always_silent": {}}
    if loaded.highlights:
        counts = {one.id: one.saliency.count for one in loaded.queries if one.saliency}
        policies["all_clips_alike"] = {name: Answer((), (1.0,) * count) for name, count in counts.items()}
        policies["first_clip"] = {name: Answer((), (1.0,)) for name in counts}
    else:
        first = np.array([one.truths[0] for one in loaded.queries])
        start, end = (round(float(value), 3) for value in np.median(first, axis=0))
        policies["usual_span"] = {one.id: Answer(((start, end),)) for one in loaded.queries}
        if all(one.duration_s for one in loaded.queries):
            policies["whole_video"] = {
                one.id: Answer(((0.0, float(one.duration_s or 0.0)),)) for one in loaded.queries
            }
    return {
        name: table(points_of(loaded.queries, answers, loaded.highlights), scheme(loaded))
        for name, answers in policies.items()
    }


BENCHMARK = Benchmark(add_arguments, load, score, points, scheme)
