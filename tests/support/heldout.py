"""A checkout with a held-out set of three clips and the products a model is evaluated on, in seconds."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import yaml

from components.core.files import write_json, write_text
from components.core.hashing import sha256_file
from components.model.adapter import load
from components.model.tiny import build_tiny
from components.protocol.states import State
from components.protocol.tables import write_turns
from components.protocol.turns import Dialogue, Turn
from components.video.manifest import Video, write_manifest
from tests.support.streams import noise_video, unsettle

QUESTIONS = ["which letter is on the sign?", "keep telling me the jump count", "is the drop going on?"]
SECONDS = {"bench/a.mp4": 8, "bench/b.mp4": 7, "bench/c.mp4": 8}
KNOBS = {"validation_samples": 6, "exchanged": True, "max_new_tokens": 4}


def write_clip(path: Path, seconds: int, seed: int) -> None:
    """A clip that shows one random colour a second."""
    generator = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width = stream.height = 56
        stream.pix_fmt = "yuv420p"
        for _ in range(seconds):
            colour = np.full((56, 56, 3), generator.integers(0, 255, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(colour, format="rgb24")))
        container.mux(stream.encode())


def video(video_id: str, seconds: int, sha256: str) -> Video:
    """A manifest row of a clip of `write_clip`."""
    shape = (float(seconds), seconds, 1.0, False, 0, 56, 56, "h264")
    return Video(video_id, *shape, sha256, "benchmark", "here", "CC0-1.0", "")


def entries() -> list[dict[str, Any]]:
    """Two letter questions and three forward tasks a clip, matched and naive points."""
    rows: list[dict[str, Any]] = []
    for name in SECONDS:
        for task, turn in (("OCR", 3), ("EPM", 5)):
            row = {
                "task": task,
                "video": name,
                "realtime": turn,
                "question": QUESTIONS[0],
                "options": ["x", "y", "z"],
            }
            rows.append(row | {"answer": "y", "gt": 1, "match": f"{task}-0", "points": "matched"})
        for kind, turns in (("matched", [4]), ("naive", [2, 6])):
            rows += forward_entries({"match": f"{kind}-{name}", "points": kind, "video": name}, turns)
    return [{"id": number, **row} for number, row in enumerate(rows)]


def forward_entries(tags: dict[str, Any], turns: list[int]) -> list[dict[str, Any]]:
    """One REC, one SSR and one CRR entry with test points at these turns."""
    counted = [{"realtime": turn, "count": 1} for turn in turns]
    rec = {"activity": "jump", "question": QUESTIONS[1], "start_times": [1], "end_times": [3]}
    steps = [{"realtime": turn, "step": "the drop", "type": turn % 2} for turn in turns]
    ssr = {"all_steps": ["the drop"], "start_time": [2], "end_time": [4]}
    clues = [{"realtime": turn, "type": int(turn > 3)} for turn in turns]
    crr = {"question": QUESTIONS[0], "ask_time": 1, "clue_time": 3}
    return [
        tags | {"task": "REC", **rec, "test_info": counted},
        tags | {"task": "SSR", **ssr, "test_info": steps},
        tags | {"task": "CRR", **crr, "test_info": clues},
    ]


def dialogue(number: int, task: str) -> Dialogue:
    """A sample of five turns on one of the clips."""
    states = [State.SILENCE, State.STANDBY, State.RESPONSE, State.SILENCE, State.SILENCE]
    asks = {0: (QUESTIONS[number % 3],), 3: (QUESTIONS[0], QUESTIONS[1])}
    turns = [Turn(i, asks.get(i, ()), s, "y" if s is State.RESPONSE else None) for i, s in enumerate(states)]
    return Dialogue(f"{task}-{number:03d}", sorted(SECONDS)[number % 3], task, "here", 5.0, turns)


def heldout_checkout(root: Path) -> Path:
    """Media, corpus, dataset and params.yaml as the first stages leave them; returns `root`."""
    media, corpus, dataset = root / "data/media", root / "artifacts/corpus", root / "artifacts/dataset"
    for seed, (name, seconds) in enumerate(SECONDS.items()):
        write_clip(media / name, seconds, seed)
    write_json(corpus / "benchmark.json", entries())
    rows = [video(name, seconds, sha256_file(media / name)) for name, seconds in SECONDS.items()]
    write_manifest(corpus / "manifest.parquet", rows)
    tasks = (("action_caption", 2), ("tsqa", 9))
    samples = [dialogue(number, task) for task, count in tasks for number in range(count)]
    for split in ("train", "validation"):
        (dataset / split).mkdir(parents=True)
        write_turns(dataset / split / "shard-000.parquet", samples)
    write_json(dataset / "split.json", dict.fromkeys(SECONDS, "validation"))
    params = {"seed": 0, "corpus": {"media": "data/media"}, "evaluate": KNOBS}
    write_text(root / "params.yaml", yaml.safe_dump(params))
    return root


def tiny_model(folder: Path, *, step: int = 300, seed: int = 2) -> Path:
    """A random model whose streams show all three states; another `seed` says other things."""
    adapter = load(build_tiny(folder, QUESTIONS, seed=2))
    unsettle(adapter, noise_video(24, seed=seed))
    adapter.save(folder)
    write_json(folder / "streamo.json", {"step": step})
    return folder
