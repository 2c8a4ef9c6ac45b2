"""Derived features with the real schemas; a video's only content is its brightness."""

from pathlib import Path

import pyarrow.parquet as pq

from components.core.files import write_json
from components.core.hashing import sha256_file
from components.monitor.schemas import SAMPLE_SCHEMA, VIDEO_SCHEMA, rows_table


def write(out: Path) -> None:
    """One row a video and one sample of each, a little apart from each other by the hash of the bytes."""
    videos, samples = [], []
    for path in sorted(Path("data/media").rglob("*.mp4")):
        name = path.relative_to("data/media").as_posix()
        jitter = int(sha256_file(path)[:4], 16) / 65536
        size = {"width": 56, "height": 56, "fps": 2.0, "source": "toy", "duration_s": 20.0 + jitter}
        look = {"contrast": jitter, "saturation": jitter, "frame_difference": jitter}
        videos.append({"video_id": name, **size, "brightness": float(path.read_text()), **look})
        said = {"responses": 2, "first_response_turn": 5, "turns_to_response": 3, "answer_tokens": 4.0}
        shares = {"turns": 21, "silence": 0.7, "standby": 0.2, "response": 0.1}
        of = {"sample_id": name, "video_id": name, "task": "narration", "source": "toy", "duration_s": 20.0}
        samples.append({**of, **shares, **said, "answer_characters": 20.0, "gap_turns": 6.0})
    pq.write_table(rows_table(samples, SAMPLE_SCHEMA), out / "samples.parquet")
    pq.write_table(rows_table(videos, VIDEO_SCHEMA), out / "videos.parquet")
    write_json(out / "summary.json", {"videos": len(videos)})
