"""Inputs of stage dataset: clips, a copy, a benchmark clip and its copy, two samples a clip."""

from pathlib import Path
from typing import Any

from components.core.files import write_json
from components.dataset.build import Inputs
from components.dataset.croissant import Publication
from components.protocol.convert import convert_sample
from components.protocol.tables import write_events, write_turns
from components.protocol.turns import Dialogue
from components.video import corpus
from components.video.limits import Limits
from tests.support.clips import copy_again, pictures, save

CLIPS = 8
ABOUT = Publication("Test clips", "Tester", None, "2026-01-31", "1.0.0", "en")
SUMMARY = {"task": "narration", "labels": 18, "teacher": "tested-1", "prompt": "0123", "reasons": {"late": 2}}


def make_inputs(root: Path, sources: dict[str, Any] | None = None) -> Inputs:
    """Everything stage dataset reads, below `root`; `sources`: the value of sources.json, if there is one."""
    media = root / "media"
    for number in range(CLIPS):
        save(media / f"train/c{number}.mp4", pictures(f"clip {number}"))
    copy_again(media / "train/c2.mp4", media / "train/copy.mp4")
    save(media / "test/held.mp4", pictures("held out"))
    copy_again(media / "test/held.mp4", media / "train/leak.mp4")
    entry = {
        "id": 0,
        "task": "EPM",
        "video": "test/held.mp4",
        "question": "q",
        "options": ["a", "b"],
        "gt": 0,
    }
    write_json(root / "ovo.json", [entry | {"realtime": 2}])
    if sources is not None:
        write_json(root / "sources.json", sources)
    products = [root / name for name in ("corpus", "turns", "validation")]
    for product in products:
        product.mkdir()
    corpus.run(
        root / "corpus",
        media=media,
        benchmark=root / "ovo.json",
        sources=root / "sources.json",
        limits=Limits(),
    )
    dialogues = [
        dialogue(path.relative_to(media).as_posix(), number)
        for path in media.glob("train/*.mp4")
        for number in range(2)
    ]
    dialogues.sort(key=lambda one: one.sample_id)
    rows = write_turns(root / "turns/turns.parquet", dialogues)
    write_events(root / "turns/events.parquet", dialogues)
    write_json(root / "validation/result.json", {"success": True, "rows": rows})
    annotations = root / "annotations/narration-0"
    write_json(annotations / "summary.json", SUMMARY)
    for product in [*products, annotations]:
        write_json(product / "identity.json", {"stage": product.name})
    return Inputs(media, *products, [annotations])


def dialogue(video_id: str, number: int) -> Dialogue:
    """Sample `number` of a clip of 4 s: one event from 1 s to 2 s."""
    raw = {
        "id": f"narration-{video_id}-{number}",
        "video_path": video_id,
        "task_type": "narration" if number else "event_caption",
        "source": "test",
        "question": [{"content": "what?", "time": 0}],
        "response": [{"content": "patches", "st_time": 1, "end_time": 2, "time": ""}],
    }
    return convert_sample(raw, 4, duration_s=4.0)
