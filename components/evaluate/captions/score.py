"""`streamo score captions`: SODA_c, events found, and caption likeness at IoU thresholds, a mean over videos.

Official: densevid_eval's rule, in which an event may serve many. Strict: events paired one to one, so that
captions too many cost. The means over thresholds 0.3, 0.5, 0.7, 0.9 are the figures; CIDEr-D, on a scale of
its own, stands beside under `cider_d` and is in no mean.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from components.core.errors import DataError
from components.evaluate.benchmarks import Benchmark
from components.evaluate.captions.events import (
    THRESHOLDS,
    Event,
    Similar,
    caption_score,
    f1,
    fair_caption_score,
    found,
    mean,
    one_to_one,
    soda_c,
)
from components.evaluate.captions.files import Captioned, load_captions, load_videos
from components.evaluate.captions.similarity import CiderD, bleu, meteor
from components.evaluate.captions.words import rouge_l
from components.evaluate.scheme import Scheme, Scored, table, with_intervals

SCHEME = Scheme(
    {
        "story": ("SODA_c",),
        "events": ("event_F1", *(f"event_F1@{level}" for level in THRESHOLDS)),
        "words": ("METEOR_es", "ROUGE_L", "BLEU_4"),
    },
    "groups",
)
WORDS: Mapping[str, Similar] = {"METEOR_es": meteor, "ROUGE_L": rouge_l, "BLEU_4": bleu}
CIDER = "CIDEr_D"
Rule = Callable[[Sequence[Event], Sequence[Event], float, Similar], float]
Answers = Mapping[str, Sequence[Event]]


@dataclass(frozen=True)
class Loaded:
    """Annotated videos, and what a model said of them."""

    videos: Sequence[Captioned]
    answers: Answers
    odd: Counter[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The annotation file."""
    help_ = "TimeChat's and Vid2Seq's JSON, or ActivityNet's form; --results: {video: [{timestamp, caption}]}"
    parser.add_argument("--annotations", type=Path, required=True, metavar="FILE", help=help_)


def load(args: argparse.Namespace, results: Path) -> Loaded:
    """Read both files; DataError if they have no video in common."""
    videos = load_videos(args.annotations)
    answers, odd = load_captions(results)
    known = {one.video for one in videos}
    if not known & answers.keys():
        raise DataError(f"{results}: captions no video of {args.annotations}; compare their names")
    odd["video_not_annotated"] += len(answers.keys() - known)
    odd["video_without_answer"] += len(known - answers.keys())
    return Loaded(videos, answers, odd)


def score(loaded: Loaded, seed: int) -> dict[str, Any]:
    """The object that is printed."""
    rules = credits(loaded.videos, loaded.answers)
    official, strict = (with_cider(rules[name], seed) for name in ("official", "strict"))
    return {
        **official,
        "benchmark": "captions",
        "strict": strict,
        "floors": {name: floor(loaded, said) for name, said in policies(loaded).items()},
        "counted": {reason: count for reason, count in sorted(loaded.odd.items()) if count}
        | {"videos": len(loaded.videos)},
    }


def points(loaded: Loaded) -> dict[str, list[Scored]]:
    """Scored points by rule, CIDEr-D aside."""
    found = credits(loaded.videos, loaded.answers)
    return {rule: [one for one in scored if one.task != CIDER] for rule, scored in found.items()}


def scheme(_: Loaded) -> Scheme:
    """How points add up."""
    return SCHEME


def with_cider(scored: Sequence[Scored], seed: int) -> dict[str, Any]:
    """The table with intervals, CIDEr-D beside it (x 100, as it is usually printed)."""
    shown = [one for one in scored if one.task != CIDER]
    return {**with_intervals(shown, SCHEME, seed), "cider_d": cider(scored)}


def cider(scored: Sequence[Scored]) -> float:
    """CIDEr-D x 100 over videos."""
    return round(100 * mean([one.credit for one in scored if one.task == CIDER]), 2)


def floor(loaded: Loaded, said: Answers) -> dict[str, Any]:
    """Both tables of a policy."""
    rules = credits(loaded.videos, said)
    official, strict = (
        {**table(rules[name], SCHEME), "cider_d": cider(rules[name])} for name in ("official", "strict")
    )
    return {**official, "strict": strict}


def credits(videos: Sequence[Captioned], answers: Answers) -> dict[str, list[Scored]]:
    """Every metric of every video by both rules; a video without answer is worth nothing."""
    likeness = CiderD(event.text for one in videos for event in one.events)
    similar: dict[str, Similar] = {**WORDS, CIDER: likeness}
    points: dict[str, list[Scored]] = {"official": [], "strict": []}
    for one in videos:
        said = answers.get(one.video, ())
        for rule, worth in (("official", official(said, one)), ("strict", strict(said, one))):
            compare = caption_score if rule == "official" else fair_caption_score
            worth |= {name: over_thresholds(compare, said, one, by) for name, by in similar.items()}
            points[rule] += [
                Scored(f"{one.video}-{task}", one.video, task, credit) for task, credit in worth.items()
            ]
    return points


def over_thresholds(rule: Rule, said: Sequence[Event], one: Captioned, similar: Similar) -> float:
    """A rule's mean over the thresholds."""
    return mean([rule(said, one.events, level, similar) for level in THRESHOLDS])


def official(said: Sequence[Event], one: Captioned) -> dict[str, float]:
    """SODA_c, and F1 of the events found, each as often as it is overlapped."""
    both = [found(said, one.events, level) for level in THRESHOLDS]
    precision, recall = mean([p for p, _ in both]), mean([r for _, r in both])
    levels = {f"event_F1@{level}": f1(p, r) for level, (p, r) in zip(THRESHOLDS, both, strict=True)}
    return {"SODA_c": soda_c(said, one.events), "event_F1": f1(precision, recall), **levels}


def strict(said: Sequence[Event], one: Captioned) -> dict[str, float]:
    """The same with every event used once."""
    levels = {f"event_F1@{level}": one_to_one(said, one.events, level) for level in THRESHOLDS}
    return {"SODA_c": soda_c(said, one.events), "event_F1": mean(list(levels.values())), **levels}


def policies(loaded: Loaded) -> dict[str, dict[str, list[Event]]]:
    """Answers that know no video: nothing, and the most frequent caption on even pieces of each video.

    The pieces are as many as a video usually has events. A video without a known length gets nothing from it.
    """
    texts = Counter(event.text for one in loaded.videos for event in one.events)
    usual = min(texts, key=lambda text: (-texts[text], text))
    pieces = max(1, round(float(np.median([len(one.events) for one in loaded.videos]))))
    even: dict[str, list[Event]] = {}
    for one in loaded.videos:
        length = one.duration_s or 0.0
        cuts = [length * place / pieces for place in range(pieces + 1)]
        even[one.video] = [Event(span, usual) for span in pairwise(cuts)] if length else []
    return {"always_silent": {}, "usual_caption": even}


BENCHMARK = Benchmark(add_arguments, load, score, points, scheme)
