"""Who made the labels, what was set aside and what people reviewed: the summaries of the annotate stages."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.files import read_json

Json = Mapping[str, Any]
LABEL_FILE = "labels"  # the teacher of labels that came in a file: nobody here knows who made them


def machines(annotations: Json) -> list[str]:
    """The models that made labels, of what `labelled` found."""
    return sorted({name for entry in annotations.values() for name in entry["teachers"]} - {LABEL_FILE})


def labelled(folders: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """`{task: {"labels", "teachers", "prompts", "set_aside", "reviews"}}`, shards of a task added up.

    `set_aside` counts quarantine rows by reason; `reviews` (see `added`) is there only where a shard had any.
    A task whose stage names no teacher made its labels from those of another task.

    Raises:
        DataError: a folder has no summary.json.

    """
    shards: dict[str, list[Json]] = {}
    for folder in sorted(folders):
        said = read_json(folder / "summary.json")
        shards.setdefault(said["task"], []).append(said)
    return {task: _task(said) for task, said in sorted(shards.items())}


def added(reviews: Iterable[Json]) -> dict[str, Any]:
    """Review counts of several shards or tasks: numbers by what came of them, `verdicts` by reviewer.

    Empty where there was no review; reviews that no longer fit their label are some too.
    """
    counts: Counter[str] = Counter()
    verdicts: dict[str, Counter[str]] = {}
    for one in reviews:
        counts.update({name: value for name, value in one.items() if name != "verdicts"})
        for reviewer, given in one["verdicts"].items():
            verdicts.setdefault(reviewer, Counter()).update(given)
    told = {reviewer: dict(sorted(given.items())) for reviewer, given in sorted(verdicts.items())}
    return {**dict(sorted(counts.items())), "verdicts": told} if told or counts.total() else {}


def _task(shards: Sequence[Json]) -> dict[str, Any]:
    set_aside: Counter[str] = Counter()
    for said in shards:
        set_aside.update(said["reasons"])
    reviews = added(said["reviews"] for said in shards if "reviews" in said)
    return {
        "labels": sum(said["labels"] for said in shards),
        "teachers": sorted({said["teacher"] for said in shards if "teacher" in said}),
        "prompts": sorted({said["prompt"] for said in shards if "prompt" in said}),
        "set_aside": dict(sorted(set_aside.items())),
        **({"reviews": reviews} if reviews else {}),
    }
