"""Products of the stages before `base` and `train` for a few rendered clips, in seconds."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.files import write_json
from components.protocol.tables import write_turns
from tests.support.small_world import all_labels, dialogue_of, small_world


@dataclass(frozen=True)
class Products:
    """Paths as the stages have them: media root, manifest, annotations, dataset."""

    media: Path
    manifest: Path
    annotations: Path
    dataset: Path


def small_products(folder: Path, clips: int = 4) -> Products:
    """Render `clips` clips, label them, and write the dataset; the last clip is the validation split."""
    scenes = small_world(folder / "data", clips=clips)
    labels = all_labels(folder / "data", scenes)
    split = {scene.video_id: "train" for scene in scenes} | {scenes[-1].video_id: "validation"}
    base = [label for label in labels if label["task_type"] == "base_qa"]
    write_json(folder / "annotations/base_qa-0/labels.json", base)
    dialogues = [dialogue_of(label, scenes) for label in labels if label["task_type"] != "base_qa"]
    for name in ("train", "validation"):
        chosen = sorted((d for d in dialogues if split[d.video_id] == name), key=lambda d: d.sample_id)
        (folder / "dataset" / name).mkdir(parents=True)
        write_turns(folder / "dataset" / name / "shard-000.parquet", chosen)
    write_json(folder / "dataset/split.json", split)
    rows = {
        "video_id": [scene.video_id for scene in scenes],
        "duration_s": [float(s.duration_s) for s in scenes],
    }
    pq.write_table(pa.table(rows), folder / "manifest.parquet")
    return Products(
        folder / "data/media", folder / "manifest.parquet", folder / "annotations", folder / "dataset"
    )
