"""The body of `streamo drift`: what is compared with what, and the object that says what was found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from components.core.errors import UsageError
from components.core.seeds import rng
from components.monitor.compare import Comparison, compare
from components.monitor.sessions import Streams, read_streams
from components.monitor.settings import Settings
from components.monitor.tables import Features, by_video, one_sample_a_video, read_features

DATA, SESSIONS = "data", "sessions"
NOT_IN_A_LOG = "not in a session log"
NO_PROBABILITY = "the reference has labels, no probabilities; give reference sessions"


@dataclass(frozen=True)
class Request:
    """What to compare: folders of derived features, logs of live streams, or both."""

    reference: Path
    current: Path | None = None
    sessions: Sequence[Path] = ()
    reference_sessions: Sequence[Path] = ()
    only_new: bool = False


@dataclass
class Outcome:
    """The object of drift.json and, for each part that was decided, what its page is made of."""

    result: dict[str, Any]
    comparisons: dict[str, Comparison] = field(default_factory=dict)


def detect(request: Request, settings: Settings) -> Outcome:
    """Compare what the request names.

    Raises:
        UsageError: neither current features nor sessions are given.
        DataError: a folder or file cannot be read, or no session line is usable.

    """
    if request.current is None and not request.sessions:
        raise UsageError("nothing to compare: give --current DIR, --sessions FILE... or both")
    reference = read_features(request.reference)
    parts = {DATA: request.current is not None, SESSIONS: bool(request.sessions)}
    rate = settings.rate / sum(parts.values())  # Bonferroni: one rate for the whole report
    outcome = Outcome({"rate": settings.rate, "features": {}, "found": [], "not_compared": {}})
    if request.current is not None:
        current = read_features(request.current)
        compare_data(outcome, reference, current, request.only_new, settings, rate)
    if request.sessions:
        streams = read_streams(request.sessions)
        known = read_streams(request.reference_sessions) if request.reference_sessions else None
        compare_sessions(outcome, reference, streams, known, settings, rate)
    undecided = {part: said for part in parts if (said := outcome.result.get(part, {}).get("undecided"))}
    found = bool(outcome.result["found"])
    outcome.result["undecided"] = undecided
    outcome.result["drifted"] = True if found else None if undecided else False
    return outcome


def compare_data(
    outcome: Outcome, reference: Features, current: Features, only_new: bool, settings: Settings, rate: float
) -> None:
    """Videos with their samples against those of the reference."""
    if only_new:
        current = current.without(reference)
    before, after = by_video(reference, current)
    facts = {
        "only_new": only_new,
        "reference_videos": len(before),
        "current_videos": len(after),
        "reference_samples": len(reference.samples),
        "current_samples": len(current.samples),
    }
    add(outcome, DATA, before, after, "new videos" if only_new else "videos", settings.videos, settings, rate)
    outcome.result[DATA] |= facts


def compare_sessions(
    outcome: Outcome,
    reference: Features,
    streams: Streams,
    known: Streams | None,
    settings: Settings,
    rate: float,
) -> None:
    """Live streams against one sample a video of the reference, or against former streams."""
    after = streams.frame()
    if known is None:
        order = rng(settings.seed, "drift", "sample").permutation(len(reference.samples))
        before = one_sample_a_video(reference, order.tolist())
    else:
        before = known.frame()
    add(outcome, SESSIONS, before, after, "streams", settings.streams, settings, rate)
    not_compared = outcome.result["not_compared"]
    in_log = set(after.columns)
    for name in by_video(reference)[0].columns:
        if name not in in_log:
            not_compared[f"{SESSIONS}.{name}"] = NOT_IN_A_LOG
    for name in after.columns:
        if name.startswith("probability.") and known is None:
            not_compared[f"{SESSIONS}.{name}"] = NO_PROBABILITY
    outcome.result[SESSIONS] |= {
        "reference": "samples" if known is None else "sessions",
        "reference_streams": len(before),
        "current_streams": len(after),
        "turns": streams.turns,
        "turns_missing": streams.missing,
        "quarantined": streams.reasons(),
        "quarantine": [row.row() for row in streams.quarantine],
        "means": {name: round(float(value), 6) for name, value in after.mean().items() if value == value},
    }


def add(
    outcome: Outcome,
    part: str,
    before: pd.DataFrame,
    after: pd.DataFrame,
    units: str,
    smallest: int,
    settings: Settings,
    rate: float,
) -> None:
    """Compare two frames, or say why that would not be worth it, under the name of the part."""
    outcome.result[part] = {"undecided": None, "rate": rate}
    short = [
        f"{side} has {len(frame)} {units}"
        for side, frame in (("reference", before), ("current", after))
        if len(frame) < smallest
    ]
    if short:
        outcome.result[part]["undecided"] = f"{' and '.join(short)}; at least {smallest} are needed"
        return
    comparison = compare(before, after, settings, rate=rate)
    outcome.comparisons[part] = comparison
    prefix = "" if part == DATA else f"{part}."
    for finding in comparison.findings:
        outcome.result["features"][prefix + finding.feature] = finding.row() | {"part": part}
    outcome.result["found"] += [
        finding.row() | {"feature": prefix + finding.feature, "part": part} for finding in comparison.found
    ]
    outcome.result["not_compared"] |= {prefix + name: why for name, why in comparison.uncompared.items()}
