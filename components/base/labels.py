"""What the tiny base learns from: `base_qa` labels of training videos, about frames and clips."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.protocol.times import parse_time

CAPTION, FRAME, CLIP = "frame_caption", "frame_qa", "clip_qa"
SLOTS = " ; "  # between the slots of a frame caption


@dataclass(frozen=True)
class Asked:
    """A question on a turn and its answer."""

    turn: int
    question: str
    answer: str


@dataclass(frozen=True)
class Item:
    """One label: `asked` has one entry for a frame, several in order of turn for a clip."""

    kind: str
    video_id: str
    asked: tuple[Asked, ...]


def read_items(annotations: Path, shards: Sequence[object], split: Mapping[str, str]) -> list[Item]:
    """Items of the videos that `split` calls `train`, in file order.

    Args:
        annotations: folder with `base_qa-<shard>/labels.json`.
        shards: shard names.
        split: `{video_id: "train" | "validation"}`; labels of all other videos are left out.

    Raises:
        DataError: a label that is not as docs/architecture.md says; names the file and its id.

    """
    items = []
    for shard in shards:
        path = annotations / f"base_qa-{shard}" / "labels.json"
        if path.exists():
            items += [
                _item(label, path) for label in read_json(path) if split.get(label["video_path"]) == "train"
            ]
    return items


def _item(label: Mapping[str, Any], path: Path) -> Item:
    questions, answers = label["question"], label["response"]
    kind = label.get("kind")
    if kind not in (CAPTION, FRAME, CLIP) or len(questions) != len(answers) or not questions:
        raise DataError(
            f"{path}: label {label.get('id')!r}: expected {CAPTION}, {FRAME} or {CLIP} and as many answers"
        )
    asked = tuple(
        Asked(_turn(question), question["content"], answer["content"])
        for question, answer in zip(questions, answers, strict=True)
    )
    return Item(kind, label["video_path"], tuple(sorted(asked, key=lambda entry: entry.turn)))


def _turn(question: Mapping[str, Any]) -> int:
    time = parse_time(question["time"])
    assert time is not None, "stage annotate sets labels without a time aside"
    return math.ceil(time)


def texts(items: Sequence[Item]) -> list[str]:
    """Every text of some items as it will be tokenised, for the tokenizer's words."""
    return [
        text for item in items for entry in item.asked for text in (f"{entry.question}\n", f" {entry.answer}")
    ]
