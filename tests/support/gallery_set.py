"""A dataset product of a few samples with their videos, some of whose texts are markup."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.core.hashing import sha256_file
from components.dataset.origins import write_videos
from components.protocol.convert import convert_sample
from components.protocol.tables import write_events, write_turns
from components.video.manifest import Video
from tests.support.clips import pictures, save

SECONDS = 4
HOSTILE = '</script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1"> &amp;'
SAMPLES = (  # id, video, task, source, question, answer
    ("a", "red/one.mp4", "narration", "world", "what happens?", "a patch moves"),
    ("b", "red/one.mp4", "tsqa", "people", HOSTILE, HOSTILE),
    ("c", "two.mp4", "narration", 'a "quoted" <source>', "and now?", "another patch"),
    ("d", "two.mp4", "tsqa", "world", "when?", ""),
    ("e", "gone.mp4", "tsqa", "people", "who?", "nobody"),
)


def make_gallery_set(root: Path, samples: Sequence[tuple[str, ...]] = SAMPLES) -> tuple[Path, Path]:
    """(dataset product, media root) below `root`; the video `gone.mp4` is not there, d has no answer."""
    dataset, media = root / "dataset", root / "media"
    for name in ("red/one.mp4", "two.mp4"):
        save(media / name, pictures(name))
    dialogues = [convert_sample(raw(*one), SECONDS, duration_s=float(SECONDS)) for one in samples]
    for split in ("train", "validation"):
        (dataset / split).mkdir(parents=True)
    write_turns(dataset / "train/shard-000.parquet", dialogues[:-1])
    write_turns(dataset / "validation/shard-000.parquet", dialogues[-1:])
    write_events(dataset / "events.parquet", dialogues)
    names = sorted({one[1] for one in samples})
    videos = {name: video(name, media / name) for name in names}
    write_videos(dataset / "videos.parquet", dict.fromkeys(names, "train"), videos)
    return dataset, media


def raw(name: str, video_id: str, task: str, source: str, question: str, answer: str) -> dict[str, Any]:
    """A raw label: a question at 1 s, an event from 1 s to 3 s unless there is no answer."""
    event = {"content": answer, "st_time": 1, "end_time": 3, "time": ""}
    return {
        "id": name,
        "video_path": video_id,
        "task_type": task,
        "source": source,
        "question": [{"content": question, "time": 1}],
        "response": [event] if answer else [],
    }


def video(name: str, path: Path) -> Video:
    """A row of the manifest with what the gallery shows."""
    digest = sha256_file(path) if path.is_file() else "0" * 64
    return Video(
        name,
        float(SECONDS),
        8,
        2.0,
        False,
        0,
        64,
        48,
        "h264",
        digest,
        "corpus",
        "Clips & co",
        "CC-BY-4.0",
        "",
    )
