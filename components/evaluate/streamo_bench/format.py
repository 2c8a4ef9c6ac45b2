"""A Streamo-Bench set: tasks with their truths, one JSON file, checked against `schema.json` at the door."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.core.hashing import fingerprint

SCHEMA = 1
FORWARD, BACKWARD = "forward_grounding", "backward_grounding"
NARRATION, DENSE, TSQA = "narration", "dense_caption", "tsqa"
KINDS = (FORWARD, BACKWARD, NARRATION, DENSE, TSQA)
GROUPS = {"grounding": (FORWARD, BACKWARD), "captioning": (NARRATION, DENSE), "tsqa": (TSQA,)}


@dataclass(frozen=True)
class Moment:
    """One true answer: a span, or an instant (`start_s == end_s`) at which `text` becomes due."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Task:
    """One instruction on one video.

    Attributes:
        id: unique in the set.
        kind: one of `KINDS`.
        video_id: of `BenchSet.videos`.
        question: what the model is told, in whole.
        asked_s: whole second at which it is told; every truth is due at or after it.
        truth: grounding: one span; dense captions: spans; narration and time-sensitive QA: instants.
        source: name of the annotations it was made from.
        licence: theirs.

    """

    id: str
    kind: str
    video_id: str
    question: str
    asked_s: int
    truth: tuple[Moment, ...]
    source: str
    licence: str

    def due_s(self, moment: Moment) -> float:
        """When `moment` should be answered: at its end; an event that is over when asked: at once."""
        return max(moment.end_s, float(self.asked_s))


@dataclass(frozen=True)
class BenchVideo:
    """A video of a set; the file itself is never part of it."""

    video_id: str
    duration_s: float
    source: str
    licence: str


@dataclass(frozen=True)
class BenchSet:
    """A whole set.

    Attributes:
        name: of the set.
        seed: it was drawn with.
        content_rule: how an answer's words are compared (`content.py`): `exact` or `overlap`.
        sources: name, licence, file name and SHA-256 of every annotation file that was read.
        videos: sorted by id.
        tasks: sorted by id.
        left_out: reason -> number of videos or events that were read and not used.

    """

    name: str
    seed: int
    content_rule: str
    sources: tuple[dict[str, str], ...]
    videos: tuple[BenchVideo, ...]
    tasks: tuple[Task, ...]
    left_out: dict[str, int]

    def plain(self) -> dict[str, Any]:
        """The object that `schema.json` describes."""
        return {"schema": SCHEMA, **asdict(self)}

    def fingerprint(self) -> str:
        """SHA-256 of everything in it: two scores may be compared exactly when it is equal."""
        return fingerprint(self.plain())

    def durations(self) -> dict[str, float]:
        """Seconds of every video."""
        return {video.video_id: video.duration_s for video in self.videos}


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of a set (draft 2020-12)."""
    found: dict[str, Any] = read_json(Path(__file__).with_name("schema.json"))
    return found


def save(path: Path, bench: BenchSet) -> None:
    """Check a set as `load` would and write it."""
    plain = bench.plain()
    check(plain, str(path))
    write_json(path, plain)


def load(path: Path) -> BenchSet:
    """Read and check a set; DataError names the file and the place in it."""
    value = read_json(path)
    check(value, str(path))
    return parse(value)


def parse(value: dict[str, Any]) -> BenchSet:
    """A checked object as a set."""
    return BenchSet(
        name=value["name"],
        seed=value["seed"],
        content_rule=value["content_rule"],
        sources=tuple(value["sources"]),
        videos=tuple(BenchVideo(**row) for row in value["videos"]),
        tasks=tuple(
            Task(**{**row, "truth": tuple(Moment(**moment) for moment in row["truth"])})
            for row in value["tasks"]
        ),
        left_out=dict(value["left_out"]),
    )


def check(value: Any, where: str) -> None:
    """Raise DataError unless `value` is a set: the schema first, then what a schema cannot say."""
    import jsonschema  # type: ignore[import-untyped]  # it ships no types

    wrong = next(jsonschema.Draft202012Validator(schema()).iter_errors(plain_json(value)), None)
    if wrong is not None:
        place = "/".join(str(part) for part in wrong.absolute_path) or "the top"
        raise DataError(
            f"{where}: {place}: {wrong.message[:200]}; see {Path(__file__).with_name('schema.json')}"
        )
    bench = parse(value)
    unique((video.video_id for video in bench.videos), where, "video")
    unique((task.id for task in bench.tasks), where, "task")
    durations = bench.durations()
    for task in bench.tasks:
        check_task(task, durations, where)


def plain_json(value: Any) -> Any:
    """Tuples as lists, which is what a JSON file would hold."""
    if isinstance(value, dict):
        return {key: plain_json(inner) for key, inner in value.items()}
    return [plain_json(inner) for inner in value] if isinstance(value, list | tuple) else value


def unique(names: Iterable[str], where: str, what: str) -> None:
    """Raise DataError if a name comes twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError(f"{where}: {what} {name!r} occurs twice; give each an id of its own")
        seen.add(name)


def check_task(task: Task, durations: dict[str, float], where: str) -> None:
    """Raise DataError if a task cannot be asked or its truths cannot be due."""
    place = f"{where}: task {task.id}"
    if task.video_id not in durations:
        raise DataError(f"{place}: video {task.video_id!r} is not among `videos`")
    if not task.asked_s < durations[task.video_id]:
        raise DataError(f"{place}: asked at {task.asked_s} s of {durations[task.video_id]:g} s")
    for moment in task.truth:
        # Written so that what is not a number, which JSON readers let in, is refused too.
        if not moment.start_s <= moment.end_s <= durations[task.video_id] + 1:
            raise DataError(f"{place}: a span from {moment.start_s:g} s to {moment.end_s:g} s")
        if task.kind != BACKWARD and moment.end_s < task.asked_s:
            raise DataError(
                f"{place}: was over at {moment.end_s:g} s, before it is asked at {task.asked_s} s"
            )
        if task.kind == BACKWARD and moment.end_s > task.asked_s:
            raise DataError(f"{place}: ends at {moment.end_s:g} s, after it is asked at {task.asked_s} s")
    if task.kind in (FORWARD, BACKWARD) and len(task.truth) != 1:
        raise DataError(f"{place}: {len(task.truth)} spans; a grounding task has one")
