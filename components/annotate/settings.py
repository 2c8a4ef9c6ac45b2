"""One annotate or ground stage as a plain function of its settings: no DVC, no command line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.annotate.ground import TASK as GROUND
from components.annotate.importer import TASKS, Place, import_labels
from components.annotate.outcome import Outcome
from components.annotate.run import annotate, ground_events
from components.annotate.samples import Clip
from components.annotate.shards import in_shard
from components.core.errors import DataError
from components.core.files import read_json
from components.teacher.registry import LABELS, OPENAI, WORLD, check_choice, make_teacher
from components.video.manifest import BENCHMARK, CORPUS, Video, read_manifest
from components.world.teacher import WorldTeacher

if TYPE_CHECKING:
    from components.annotate.engine.estimate import Plan


@dataclass(frozen=True)
class Settings:
    """What a stage reads from params.yaml, with the manifest it works on.

    Attributes:
        teacher: `annotate.teacher`: world, labels or openai.
        labels: the raw label file that teacher `labels` reads.
        media: the media root; scene files lie beside it in `scenes/`.
        manifest: manifest.parquet of the corpus stage.
        weights: expected samples of a clip, per kind.
        shard: the shard to annotate, one of `shards`.
        shards: all shards.
        seed: base seed.
        tasks: those that have a stage; stage ground sets aside the labels of all others.
        openai: section `annotate.openai`, for the teacher of that name; None where nobody is asked.

    """

    teacher: str
    labels: Path
    media: Path
    manifest: Path
    weights: Mapping[str, float]
    shard: Any
    shards: Sequence[Any]
    seed: int
    tasks: Sequence[str] = TASKS
    openai: Mapping[str, Any] | None = None


def openai_section(param: Callable[[str], Any]) -> Mapping[str, Any]:
    """The section that stage annotate declares, and stage ground does not; `param` is `Stage.param`."""
    section: Mapping[str, Any] = param("annotate.openai")
    return section


def staged_tasks(param: Callable[[str], Any]) -> list[str]:
    """The tasks with a stage: those of params `annotate.tasks`, and grounding; `param` is `Stage.param`."""
    return [*param("annotate.tasks"), GROUND]


def annotate_shard(task: str, settings: Settings) -> Outcome:
    """Stage annotate: the labels of one task and shard."""
    if check_choice(settings.teacher) == LABELS:
        return _import(task, settings)
    if settings.teacher == OPENAI:
        from components.annotate.engine.stage import (
            annotate_stage,
        )  # here: other teachers need no HTTP client

        return annotate_stage(
            task,
            clips_of(settings),
            settings.openai or {},
            media=settings.media,
            weights=settings.weights,
            seed=settings.seed,
        )
    teacher = make_teacher(settings.teacher, {WORLD: lambda: WorldTeacher(settings.media.parent)})
    return annotate(task, clips_of(settings), teacher, settings.weights, settings.seed, settings.media)


def estimate_shard(task: str, settings: Settings) -> "Plan":
    """What stage annotate would ask with teacher openai, whoever is the teacher now; nothing is sent."""
    from components.annotate.engine.stage import plan_stage

    return plan_stage(task, clips_of(settings), settings.openai or {}, media=settings.media)


def ground_shard(captions: Path, settings: Settings) -> Outcome:
    """Stage ground: event grounding from the same shard's event captions, or from the label file."""
    if check_choice(settings.teacher) == LABELS:
        return _import(GROUND, settings)
    return ground_events(captions, clips_of(settings), settings.weights, settings.seed, read_json(captions))


def place_of(task: str, settings: Settings) -> Place:
    """Which part of a label file, or of a file of reviews, the stage of `task` answers for."""
    videos = _videos(settings)
    corpus = {video.video_id: video.duration_s for video in videos if video.role == CORPUS}
    benchmark = {video.video_id for video in videos if video.role == BENCHMARK}
    return Place(task, settings.shard, settings.shards, corpus, benchmark, settings.tasks)


def _import(task: str, settings: Settings) -> Outcome:
    return import_labels(settings.labels, place_of(task, settings))


def clips_of(settings: Settings) -> list[Clip]:
    """The shard's videos that may be annotated, sorted by video_id."""
    return [
        Clip(video.video_id, video.duration_s)
        for video in _videos(settings)
        if video.role == CORPUS and in_shard(video.video_id, settings.shard, settings.shards)
    ]


def _videos(settings: Settings) -> list[Video]:
    if not settings.manifest.exists():
        raise DataError(f"{settings.manifest}: no manifest; run the corpus stage first")
    return read_manifest(settings.manifest)
