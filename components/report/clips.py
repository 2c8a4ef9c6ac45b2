"""A sample of clips with their frames, what was right and what every run said, for the browser on the page.

The clips are not picked by hand: per suite and task those whose hashed id sorts first, so that good and bad
predictions are equally likely to be shown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.files import read_json
from components.core.hashing import sha256_bytes
from components.report.inputs import Products
from components.report.plots import ovo_points, validation_streams
from components.report.png import data_uri, thumbnail
from components.video.frames import frames_at, turn_times
from components.video.root import MediaRoot

Json = dict[str, Any]
MAX_TURNS = 60
MAX_FRAMES = 10
MAX_SIDE = 64
PER_TASK = {"validation": 3, "ovo": 1}


@dataclass(frozen=True)
class Clip:
    """One clip: `shown` goes into results.json; the frames, one in `every` turns, only onto the page."""

    shown: Json
    every: int
    frames: list[tuple[int, str]]


def build_clips(products: Products, media: Path) -> list[Clip]:
    """Clips of both suites, in the order of suite and task; frames are decoded from the media root."""
    root = MediaRoot(media)
    found = [*validation_clips(products), *ovo_clips(products)]
    return [with_frames(shown, root) for shown in found]


def drawn(streams: Iterable[Json], identity: str, count: int) -> list[Json]:
    """At most `count` streams of each task, by the hash of `identity`; videos not yet shown first."""
    per_task: dict[str, list[Json]] = {}
    for stream in sorted(streams, key=lambda one: sha256_bytes(str(one[identity]).encode())):
        per_task.setdefault(stream["task"], []).append(stream)
    chosen: list[Json] = []
    seen: set[str] = set()
    for _, found in sorted(per_task.items()):
        fresh = [stream for stream in found if stream["video_id"] not in seen]
        kept = (fresh + [stream for stream in found if stream["video_id"] in seen])[:count]
        seen |= {stream["video_id"] for stream in kept}
        chosen += kept
    return chosen


def validation_clips(products: Products) -> Iterator[Json]:
    """Streams of the validation split that have a Response to give, with the labelled states."""
    runs = {model.name: validation_streams(products, model) for model in products.models}
    said = {name: {stream["sample_id"]: stream for stream in streams} for name, streams in runs.items()}
    first = [stream for stream in next(iter(runs.values())) if "response" in stream["truth"]]
    for stream in drawn(first, "sample_id", PER_TASK["validation"]):
        same = {
            name: found[stream["sample_id"]] for name, found in said.items() if stream["sample_id"] in found
        }
        turns = min(len(stream["truth"]), MAX_TURNS)
        yield {
            **described(stream, "validation", stream["sample_id"], same, turns),
            "truth": list(stream["truth"][:turns]),
            "points": [],
        }


def ovo_clips(products: Products) -> Iterator[Json]:
    """Streams of the test set with their test points; without a test suite none."""
    ran = [model for model in products.models if "ovo" in model.scores]
    if not ran:
        return
    entries = {
        f"{one['task']}-{one['id']}": one
        for one in read_json(products.root / "artifacts/corpus/benchmark.json")
    }
    said = {
        model.name: {ovo_id(stream): stream for stream in ovo_streams(products.root, model.name)}
        for model in ran
    }
    right = {
        model.name: {point["id"]: point["correct"] for point in ovo_points(products, model)} for model in ran
    }
    for stream in drawn(next(iter(said.values())).values(), "id", PER_TASK["ovo"]):
        same = {name: found[stream["id"]] for name, found in said.items() if stream["id"] in found}
        turns = min(max(len(one["states"]) for one in same.values()), MAX_TURNS)
        entry = entries[f"{stream['task']}-{stream['entry']}"]
        yield {
            **described(stream, "ovo", stream["id"], same, turns),
            "truth": None,
            "points": [point for point in asked_points(entry, stream, right) if point["turn"] < turns],
        }


def ovo_streams(root: Path, model: str) -> Iterator[Json]:
    """The streams of the ovo suite, each with an `id` and its `video_id`."""
    for stream in read_json(root / "artifacts" / "evaluation" / f"{model}-ovo" / "predictions.json")[
        "streams"
    ]:
        yield {**stream, "id": ovo_id(stream), "video_id": stream["video"]}


def ovo_id(stream: Mapping[str, Any]) -> str:
    """`SSR-12, step pour water`: what names a stream in every run."""
    step = f", step {stream['step']}" if stream.get("step") else ""
    return f"{stream['task']}-{stream['entry']}{step}"


def described(stream: Json, suite: str, name: str, same: Mapping[str, Json], turns: int) -> Json:
    """What both suites show: question, and what every run said within `turns`."""
    return {
        "suite": suite,
        "id": name,
        "video_id": stream["video_id"],
        "task": stream["task"],
        "question": stream.get("question", ""),
        "question_turn": stream["question_turn"],
        "cut_at": turns if turns < len(stream["states"]) else None,
        "turns": turns,
        "runs": {
            run: {"states": list(one["states"][:turns]), "texts": texts(one, turns)}
            for run, one in same.items()
        },
    }


def texts(stream: Json, turns: int) -> dict[str, str]:
    """What was said before turn `turns`, in order."""
    kept = {turn: text for turn, text in stream["texts"].items() if int(turn) < turns}
    return dict(sorted(kept.items(), key=lambda item: int(item[0])))


def asked_points(entry: Json, stream: Json, right: Mapping[str, Mapping[str, bool]]) -> Iterator[Json]:
    """Where an entry is tested: turn, the true answer in words, and which runs were right."""
    for place, point in enumerate(entry.get("test_info", [entry])):
        if stream.get("step") and point.get("step") != stream["step"]:
            continue
        name = f"{entry['task']}-{entry['id']}-{place}"
        answers = {run: found[name] for run, found in right.items() if name in found}
        turn = min(int(point["realtime"]), len(stream["states"]) - 1)
        yield {"turn": turn, "truth": truth_text(entry, point), "right": answers}


def truth_text(entry: Json, point: Json) -> str:
    """The true answer of a test point as people read it."""
    if "options" in entry:
        return str(entry["options"][entry["gt"]])
    if "count" in point:
        return str(point["count"])
    return "yes" if point.get("type") else "no"


def with_frames(shown: Json, media: MediaRoot) -> Clip:
    """The clip with up to `MAX_FRAMES` evenly spaced frames."""
    turns = shown["turns"]
    every = -(-turns // MAX_FRAMES)
    instants = list(range(0, turns, every))
    times = turn_times(turns)
    images: Sequence[Any] = frames_at(media.resolve(shown["video_id"]), [times[turn] for turn in instants])
    pictures = [data_uri(thumbnail(image, MAX_SIDE)) for image in images]
    return Clip(shown, every, list(zip(instants, pictures, strict=True)))
