"""Derived features of hundreds of videos without rendering one, resampled, and moved by planted shifts."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from components.annotate.run import BUILDERS, annotate, ground_events
from components.annotate.samples import Clip
from components.core.files import write_json
from components.core.seeds import rng
from components.monitor.dialogues import sample_features
from components.monitor.schemas import SAMPLE_SCHEMA, VIDEO_SCHEMA, rows_table
from components.monitor.tables import Features
from components.protocol.convert import convert_sample
from components.protocol.sessionlog import SessionRecord
from components.protocol.states import STATES, State
from components.protocol.turns import Dialogue
from components.world.generate import sample_scenes
from components.world.scene import scene_path
from components.world.teacher import WorldTeacher
from tests.support.small_world import lengths, params

# Mean and standard deviation over the 600 clips of the embedded world, as stage features measured them.
LOOKS = {
    "brightness": (87.7, 3.26),
    "contrast": (40.1, 4.84),
    "saturation": (33.8, 4.09),
    "frame_difference": (11.3, 3.86),
}


def world_dialogues(folder: Path, clips: int, seed: int = 0) -> list[Dialogue]:
    """The stream dialogues of the embedded world's labels, from its timelines."""
    scenes = sample_scenes("train", clips, seed, lengths())
    for scene in scenes:
        write_json(scene_path(folder, scene.video_id), scene.to_json())
    teacher, weights = WorldTeacher(folder), params()["annotate"]["weights"]
    known = [Clip(scene.video_id, float(scene.duration_s)) for scene in scenes]
    labels = []
    for task in BUILDERS:
        if task != "base_qa":  # never a stream
            labels += annotate(task, known, teacher, weights, seed, folder / "media").labels
    captions = [label for label in labels if label["task_type"] == "event_caption"]
    labels += ground_events(folder / "labels.json", known, weights, seed, captions).labels
    seconds = {clip.video_id: clip.duration_s for clip in known}
    dialogues = []
    for label in labels:
        duration_s = seconds[label["video_path"]]
        dialogues.append(convert_sample(label, math.ceil(duration_s), duration_s=duration_s))
    return sorted(dialogues, key=lambda dialogue: dialogue.sample_id)


def world_features(dialogues: list[Dialogue], seed: int = 0) -> Features:
    """Their derived features; the looks and two sources are drawn, since nothing is rendered."""
    generator, videos = rng(seed, "looks"), []
    for video_id, duration_s in sorted({(each.video_id, each.duration_s) for each in dialogues}):
        looks = {name: generator.normal(*spread) for name, spread in LOOKS.items()}
        size = {"fps": 2.0, "width": 56, "height": 56}
        source = "kitchen" if generator.random() < 0.3 else "workshop"
        videos.append({"video_id": video_id, "source": source, "duration_s": duration_s, **size, **looks})
    rows = [vars(sample_features(dialogue)) for dialogue in dialogues]
    return Features(
        "world",
        rows_table(rows, SAMPLE_SCHEMA).to_pandas(),
        rows_table(videos, VIDEO_SCHEMA).to_pandas(),
    )


def resample(features: Features, videos: int, *names: object) -> Features:
    """So many videos drawn with replacement, each with all its samples, under new ids."""
    generator = rng(0, "resample", *names)
    taken = generator.integers(0, len(features.videos), videos)
    drawn = features.videos.iloc[taken].reset_index(drop=True)
    new_ids = pd.DataFrame(
        {"video_id": drawn["video_id"], "new_id": ["-".join(map(str, [*names, n])) for n in range(videos)]}
    )
    samples = features.samples.merge(new_ids, on="video_id")
    samples["video_id"] = samples.pop("new_id")
    drawn["video_id"] = new_ids["new_id"]
    return Features("resampled", samples, drawn)


def save(features: Features, folder: Path) -> Path:
    """As stage features writes them."""
    folder.mkdir(parents=True)
    features.samples.to_parquet(folder / "samples.parquet")
    features.videos.to_parquet(folder / "videos.parquet")
    return folder


def from_silence_to_standby(features: Features, share: float) -> Features:
    """`share` of all turns, where a sample has so many silent ones, stand by instead."""
    samples = features.samples.copy()
    moved = np.minimum(samples["silence"], share)
    samples["silence"] -= moved
    samples["standby"] += moved
    return Features(features.name, samples, features.videos)


def longer(features: Features, factor: float) -> Features:
    """Videos last `factor` times as long."""
    return Features(
        features.name,
        features.samples,
        features.videos.assign(duration_s=features.videos["duration_s"] * factor),
    )


def brighter(features: Features, levels: float) -> Features:
    """Mean luma higher by so many grey levels."""
    return Features(
        features.name,
        features.samples,
        features.videos.assign(brightness=features.videos["brightness"] + levels),
    )


def without_task(features: Features, task: str) -> Features:
    """No sample of one task."""
    return Features(features.name, features.samples[features.samples["task"] != task], features.videos)


def wordier(features: Features, factor: float) -> Features:
    """Answers of `factor` times as many words."""
    samples = features.samples.assign(answer_tokens=features.samples["answer_tokens"] * factor)
    return Features(features.name, samples, features.videos)


def later(features: Features, turns: float) -> Features:
    """First responses come so many turns later, on average."""
    samples = features.samples.assign(turns_to_response=features.samples["turns_to_response"] + turns)
    return Features(features.name, samples, features.videos)


def other_source(features: Features, share: float) -> Features:
    """So many of the videos come from the street."""
    videos = features.videos.copy()
    videos.loc[: round(share * len(videos)) - 1, "source"] = "street"
    return Features(features.name, features.samples, videos)


def log_texts(dialogues: list[Dialogue], streams: int, *names: object, silent: bool = False) -> list[str]:
    """Session logs, one text each, of streams that do what one sample each of some videos says.

    Videos and samples are drawn. A silent stream never answers, whatever the sample says.
    """
    generator, chosen = rng(0, "live", *names), {}
    for place in generator.permutation(len(dialogues)):
        chosen.setdefault(dialogues[place].video_id, dialogues[place])
    return ["".join(log_lines(dialogue, silent)) for dialogue in list(chosen.values())[:streams]]


def log_lines(dialogue: Dialogue, silent: bool) -> Iterator[str]:
    """The lines of a stream whose states and answers are a dialogue's."""
    for turn in dialogue.turns:
        state = State.SILENCE if silent else turn.state
        chances = {f"p_{each.label}": 0.9 if each is state else 0.05 for each in STATES}
        text = turn.text if state is State.RESPONSE else None
        times = {"start_s": float(turn.turn), "end_s": turn.turn + 1.0, "latency_ms": 20.0}
        yield SessionRecord(turn=turn.turn, state=state.label, text=text, **chances, **times).line()


# What is planted, the feature that must be named, and the shift; the sizes are those of monitor/README.md.
PLANTS: dict[str, tuple[str, Callable[[Features], Features]]] = {
    "5 % of the turns stand by instead of silence": (
        "state.silence",
        lambda features: from_silence_to_standby(features, 0.05),
    ),
    "videos 5 % longer": ("duration_s", lambda features: longer(features, 1.05)),
    "3 grey levels brighter": ("brightness", lambda features: brighter(features, 3.0)),
    "no tsqa": ("task.tsqa", lambda features: without_task(features, "tsqa")),
    "no narration": ("task.narration", lambda features: without_task(features, "narration")),
    "answers 20 % longer": ("answer_tokens", lambda features: wordier(features, 1.2)),
    "answers one turn later": ("turns_to_response", lambda features: later(features, 1.0)),
    "10 % of the videos from elsewhere": (
        "video_source",
        lambda features: other_source(features, 0.1),
    ),
}
