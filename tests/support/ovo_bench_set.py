"""A made-up annotation file in OVO-Bench's published form, every task in it, with videos and a model."""

from pathlib import Path
from typing import Any

import numpy as np

from components.core.files import write_json
from components.core.seeds import rng
from components.world.encode import write_mp4
from tests.support.heldout import tiny_model

LETTER_TASKS = ("EPM", "HLD", "ASI", "OCR", "ACR", "ATR", "STU", "FPD", "OJR")
SECONDS = {"set a/one&index=1.mp4": 14, "b/two.mp4": 11}
MISSING, BROKEN = "b/missing.mp4", "b/broken.mp4"


def letter(number: int, task: str, video: str, realtime: float) -> dict[str, Any]:
    """A letter question; the third option is right."""
    options = ["A lamp.", "The ball", "a red cube", "two"]
    asked = {"question": "What is seen?", "answer": "a red cube", "options": options, "gt": 2}
    return {"id": number, "task": task, "video": video, "realtime": realtime, **asked}


def rec(number: int, video: str, times: list[float]) -> dict[str, Any]:
    """A counting entry whose first repetition begins at 5 s."""
    points = [{"realtime": time, "count": place} for place, time in enumerate(times)]
    spans = {"activity": "jump", "start_times": [5, 7], "end_times": [6, 9]}
    return {"id": number, "task": "REC", "video": video, **spans, "test_info": points}


def ssr(number: int, video: str, times: list[float]) -> dict[str, Any]:
    """Two steps, each tested at every time."""
    steps = ["open the box", "close the box"]
    spans = {"tutorial": "Box", "all_steps": steps, "start_time": [2, 6], "end_time": [4, 8]}
    points = [{"realtime": time, "step": step, "type": 1} for time in times for step in steps]
    return {"id": number, "task": "SSR", "video": video, **spans, "test_info": points}


def crr(number: int, video: str, ask: float, clue: float, times: list[float]) -> dict[str, Any]:
    """A question whose clue comes later."""
    points = [{"realtime": time, "type": int(time >= clue)} for time in times]
    asked = {"question": "What does she open?", "answer": "a box", "ask_time": ask, "clue_time": clue}
    return {"id": number, "task": "CRR", "video": video, **asked, "test_info": points}


def entries() -> list[dict[str, Any]]:
    """Every task on the first video, a few on the second, and videos that cannot be shown."""
    one, two = SECONDS
    rows = [letter(n, task, one, 2.3 + 1.1 * n) for n, task in enumerate(LETTER_TASKS)]
    rows += [letter(20, "OCR", two, 9.9), letter(21, "EPM", two, 300), letter(22, "EPM", two, 0)]
    rows += [rec(30, one, [3, 8.25, 12]), ssr(31, one, [3, 7.75]), crr(32, one, 4, 7, [4, 6, 9.5])]
    rows += [rec(33, two, [6]), letter(40, "OJR", MISSING, 3), rec(41, BROKEN, [2, 4])]
    return rows


def write_clip(path: Path, seconds: int, seed: int, *, noise_from: int | None = None) -> None:
    """Two different colours a second; from second `noise_from` on they are others."""
    colours = rng(seed, "clip").integers(0, 255, (2 * seconds, 3))
    if noise_from is not None:
        other = rng(seed, "another clip").integers(0, 255, colours.shape)
        colours[2 * noise_from :] = other[2 * noise_from :]
    write_mp4(path, [np.full((56, 56, 3), colour, dtype=np.uint8) for colour in colours])


def write_set(root: Path) -> tuple[Path, Path]:
    """(annotation file, folder of videos) below `root`: one video is missing, one is no video."""
    annotations, videos = root / "annotations.json", root / "videos"
    for seed, (name, seconds) in enumerate(SECONDS.items()):
        write_clip(videos / name, seconds, seed)
    (videos / BROKEN).write_bytes(b"no video" * 100)
    write_json(annotations, entries())
    return annotations, videos


def model(folder: Path) -> Path:
    """A random model that shows all states, with the window of 8 turns in its streamo.json."""
    write_json(tiny_model(folder) / "streamo.json", {"step": 3, "window_turns": 8})
    return folder
