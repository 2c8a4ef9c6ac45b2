"""Raw labels for real clips nobody has annotated: every task, timings that fit each clip, plain texts."""

import math
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from components.video.manifest import Video
from components.video.times import num_turns

RawLabel = dict[str, Any]
Item = dict[str, Any]
PARTS = ("opening", "middle", "closing")


def real_labels(videos: Sequence[Video], *, tasks_per_clip: int = 3) -> list[RawLabel]:
    """Labels of clips of at least one second: base_qa for each, every stream task at least once.

    Args:
        videos: rows of manifest.parquet; shorter clips and benchmark videos get no label.
        tasks_per_clip: stream labels a clip; raised where that would leave a task without a clip.

    """
    chosen = [video for video in videos if video.duration_s >= 1 and video.role == "corpus"]
    if not chosen:
        raise ValueError("no clip of at least one second to label")
    per_clip = max(tasks_per_clip, math.ceil(len(STREAM_TASKS) / len(chosen)))
    names = list(STREAM_TASKS)
    labels: list[RawLabel] = []
    for number, video in enumerate(chosen):
        for step in range(per_clip):
            task = names[(number * per_clip + step) % len(names)]
            labels.append(_label(video, task, task, step, *STREAM_TASKS[task](video)))
        for step, (kind, make) in enumerate(BASE_KINDS.items()):
            labels.append(_label(video, "base_qa", kind, step, *make(video)))
    return labels


def faulty_labels(video: Video) -> list[RawLabel]:
    """Labels that must end in quarantine, each with the reason in its kind."""
    ask, answer = [_ask("What is on screen?", 0)], [_at("A picture.", 0)]
    late = [_ask("Anything else?", num_turns(video.duration_s) + 5)]
    gone = _label(video, "tsqa", "unknown_video", 901, ask, answer)
    gone["video_path"] = "no/such/clip.mp4"
    return [
        _label(video, "narration", "question_after_end", 900, late, answer),
        gone,
        _label(video, "event_caption", "no_question", 902, [], answer),
    ]


def _label(
    video: Video, task: str, kind: str, number: int, questions: list[Item], responses: list[Item]
) -> RawLabel:
    return {
        "id": f"{task}-{video.video_id}-{number}",
        "kind": kind,
        "video_name": PurePosixPath(video.video_id).name,
        "video_path": video.video_id,
        "task_type": task,
        "source": "test",
        "question": questions,
        "response": responses,
    }


def _ask(content: str, time: float) -> Item:
    return {"content": content, "time": time}


def _at(content: str, time: float) -> Item:
    return {"content": content, "st_time": "", "end_time": "", "time": time}


def _during(content: str, start: float, end: float) -> Item:
    return {"content": content, "st_time": start, "end_time": end, "time": ""}


def _name(video: Video) -> str:
    return PurePosixPath(video.video_id).stem.replace("_", " ")


def _parts(video: Video) -> list[tuple[str, float, float]]:
    """Three equal parts of the clip: (name, start, end) in seconds."""
    bounds = [round(video.duration_s * part / len(PARTS), 3) for part in range(len(PARTS) + 1)]
    return [(name, bounds[n], bounds[n + 1]) for n, name in enumerate(PARTS)]


def _last_turn(video: Video) -> int:
    return num_turns(video.duration_s) - 1


Pair = tuple[list[Item], list[Item]]


def _narration(video: Video) -> Pair:
    lines = [_at(f"{_name(video)}, second {turn}.", turn) for turn in range(0, _last_turn(video) + 1, 4)]
    return [_ask("Tell me what goes on as it happens.", 0)], lines


def _event_caption(video: Video) -> Pair:
    spans = [
        _during(f"The {name} part of {_name(video)} is over.", start, end)
        for name, start, end in _parts(video)
    ]
    return [_ask("Describe each part when it is over.", 0)], spans


def _action_caption(video: Video) -> Pair:
    _, start, end = _parts(video)[1]
    return [_ask("Say when the middle action is done.", 0)], [
        _during("The middle action is done.", start, end)
    ]


def _event_grounding(video: Video) -> Pair:
    _, start, end = _parts(video)[1]
    when = _during(f"From {math.floor(start)}s to {math.ceil(end)}s.", start, end)
    return [_ask("When is the middle part?", 0)], [when]


def _tsqa(video: Video) -> Pair:
    answers = [
        _at(f"The {name} part.", start) for name, start, _ in _parts(video) if start <= _last_turn(video)
    ]
    return [_ask("Which part is on now? Say so whenever it changes.", 0)], answers


def _offline_qa(video: Video) -> Pair:
    turn = _last_turn(video)
    return [_ask("What was this clip called?", turn)], [_at(_name(video), turn)]


def _frame_caption(video: Video) -> Pair:
    turn = _last_turn(video) // 2
    shape = "wide" if video.width >= video.height else "tall"
    return [_ask("Describe the picture.", turn)], [_at(f"{_name(video)} ; {shape} picture", turn)]


def _frame_qa(video: Video) -> Pair:
    turn = _last_turn(video) // 2
    shape = "wide" if video.width >= video.height else "tall"
    return [_ask("Is the picture wide or tall?", turn)], [_at(shape, turn)]


def _clip_qa(video: Video) -> Pair:
    last = _last_turn(video)
    turns = sorted({0, last // 2, last})
    asks = [_ask("Which clip is this?", turn) for turn in turns]
    return asks, [_at(_name(video), turn) for turn in turns]


Maker = Callable[[Video], Pair]
STREAM_TASKS: dict[str, Maker] = {
    "narration": _narration,
    "event_caption": _event_caption,
    "action_caption": _action_caption,
    "event_grounding": _event_grounding,
    "tsqa": _tsqa,
    "offline_qa": _offline_qa,
}
BASE_KINDS: dict[str, Maker] = {"frame_caption": _frame_caption, "frame_qa": _frame_qa, "clip_qa": _clip_qa}
