"""What a dataset holds, in numbers: summary.json and quarantine.json."""

import collections
from collections.abc import Mapping
from typing import Any

from components.dataset.composition import compose
from components.dataset.labelled import added
from components.dataset.licences import UNKNOWN
from components.dataset.origins import origins
from components.dataset.split import SIDES, Split
from components.dataset.tally import Tally
from components.dataset.write import Written
from components.video.manifest import Video


def quarantine(split: Split) -> list[dict[str, str]]:
    """One row per excluded video (docs/architecture.md, quarantine.json)."""
    return [
        {"id": name, "reason": reason, "detail": f"like {', '.join(tested)}"}
        for name, (reason, tested) in split.excluded.items()
    ]


def summarise(
    split: Split,
    videos: Mapping[str, Video],
    groups: list[list[str]],
    written: Written,
    annotations: Mapping[str, Any],
) -> dict[str, Any]:
    """Each side with its videos, seconds, samples, turns and shares; what was excluded and why; origins.

    `annotations` is what `labelled` found; `composition` sets tasks, durations and states beside the paper's.
    """
    sides: dict[str, Any] = {}
    for side in SIDES:
        names = [name for name, where in split.side.items() if where == side]
        seconds = round(sum(videos[name].duration_s for name in names), 3)
        sides[side] = {"videos": len(names), "seconds": seconds, **written.tallies[side].total()}
    reasons = collections.Counter(reason for reason, _ in split.excluded.values())
    excluded = {
        reason: {"videos": count, **without_tasks(written.tallies.get(reason, Tally()))}
        for reason, count in sorted(reasons.items())
    }
    used = [videos[name] for name in split.side]
    samples, turns = collections.Counter[str](), collections.Counter[str]()
    for side in SIDES:
        samples.update(written.tallies[side].samples)
        turns.update(written.tallies[side].by_state())
    return {
        "annotations": dict(annotations),
        "reviews": added(entry["reviews"] for entry in annotations.values() if "reviews" in entry),
        "composition": compose(samples, turns, [video.duration_s for video in used]),
        "origins": origins(used),
        "splits": sides,
        "excluded": excluded,
        "groups": {"count": len(groups), "with_duplicates": sum(len(group) > 1 for group in groups)},
        "duplicates": [group for group in groups if len(group) > 1],
        "licences": dict(sorted(collections.Counter(video.licence or UNKNOWN for video in used).items())),
        "sources": dict(sorted(collections.Counter(video.source or UNKNOWN for video in used).items())),
    }


def without_tasks(tally: Tally) -> dict[str, Any]:
    """Samples and turns of a tally."""
    total = tally.total()
    return {"samples": total["samples"], "turns": total["turns"]}
