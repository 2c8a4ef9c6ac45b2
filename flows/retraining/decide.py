"""Retrain or not: a pure function of what the steps before it found."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RETRAIN, NOTHING, FAILED = "retrain", "nothing", "failed"
NAMED = 5  # features
REPEATED = 200  # characters of an earlier reason


@dataclass(frozen=True)
class Facts:
    """What is known when the decision falls.

    Attributes:
        reason: of the call: `forced`, `scheduled` or `drifted`.
        changed: whether the data differs from the base's.
        new_videos: how many videos were added.
        gate_failed: what the data gate said, None where it passed or had nothing new to look at.
        drifted: names of the features in which drift was found.
        champion_age_days: of the serving version, in days; None without one.
        tried: id of an earlier run that took this data on this base to its end, with its outcome.

    """

    reason: str
    changed: bool
    new_videos: int
    gate_failed: str | None
    drifted: Sequence[str]
    champion_age_days: float | None
    tried: tuple[str, str] | None = None


@dataclass(frozen=True)
class Decision:
    """RETRAIN, NOTHING or FAILED, with a sentence for people."""

    what: str
    why: str


def decide(facts: Facts, *, min_new_videos: int, max_age_days: float) -> Decision:
    """The first line that applies decides."""
    said = f"{facts.new_videos} new videos"
    if not facts.changed and facts.reason != "forced":
        drift = (
            f"; the live sessions drifted ({', '.join(facts.drifted)}): collect such data"
            if facts.drifted
            else ""
        )
        return Decision(NOTHING, f"the data is the base's, and the same data gives the same model{drift}")
    if facts.tried is not None and facts.reason != "forced":
        run, outcome = facts.tried
        return Decision(NOTHING, f"run {run} took this data on this base to its end: {outcome}")
    if facts.gate_failed is not None:
        return Decision(FAILED, f"the gate refuses the new data: {facts.gate_failed}")
    if facts.reason == "forced":
        return Decision(RETRAIN, f"forced; {said}")
    if facts.drifted or facts.reason == "drifted":
        more = f" and {len(facts.drifted) - NAMED} more" if len(facts.drifted) > NAMED else ""
        what = ", ".join(facts.drifted[:NAMED]) + more or "reported by the caller"
        return Decision(RETRAIN, f"drift ({what}); {said}")
    if facts.new_videos >= max(1, min_new_videos):
        return Decision(RETRAIN, f"{said}, enough for a scheduled run ({min_new_videos})")
    if facts.champion_age_days is None:
        return Decision(RETRAIN, f"{said} and no champion yet")
    if facts.champion_age_days >= max_age_days:
        age = f"{facts.champion_age_days:.1f} days old (limit {max_age_days:g})"
        return Decision(RETRAIN, f"{said} and the champion is {age}")
    return Decision(
        NOTHING,
        f"{said} of {min_new_videos} for a scheduled run, no drift, champion {facts.champion_age_days:.1f} "
        f"of {max_age_days:g} days old",
    )


def age_days(registered_at: str, now: str) -> float:
    """Days between two times as `2026-01-31T12:00:00Z`."""
    spent = dt.datetime.fromisoformat(now) - dt.datetime.fromisoformat(registered_at)
    return spent.total_seconds() / 86_400


def tried(outcomes: Sequence[Mapping[str, Any]], *, base: str, data: str) -> tuple[str, str] | None:
    """The last run that ended with a refusal of this very data on this very base."""
    for outcome in reversed(outcomes):
        same = (outcome.get("base"), outcome.get("data")) == (base, data)
        of_the_data = outcome["decision"] == "refused" or outcome.get("failed_at") in {"decide", "reproduce"}
        if same and of_the_data:
            return outcome["id"], f"{outcome['decision']}, {outcome['reason']:.{REPEATED}}"
    return None
