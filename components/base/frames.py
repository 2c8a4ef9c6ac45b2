"""Decoded frames of training videos, one a turn, kept within a budget of memory."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from components.video.frames import frames_at, num_turns, turn_times
from components.video.root import MediaRoot


class FrameCache:
    """Frames by video_id; least recently used videos are dropped beyond `budget_mb` mebibytes."""

    def __init__(self, media: Path, turns: Mapping[str, int], *, budget_mb: float):
        self.root, self.turns = MediaRoot(media), turns
        self.budget, self.used = int(budget_mb * 2**20), 0
        self.kept: OrderedDict[str, list[np.ndarray]] = OrderedDict()

    def get(self, video_id: str) -> Sequence[np.ndarray]:
        """One (H, W, 3) uint8 image for each turn of the video."""
        if video_id in self.kept:
            self.kept.move_to_end(video_id)
            return self.kept[video_id]
        frames = list(frames_at(self.root.resolve(video_id), turn_times(self.turns[video_id])))
        self.kept[video_id] = frames
        self.used += sum(frame.nbytes for frame in frames)
        while self.used > self.budget and len(self.kept) > 1:
            _, dropped = self.kept.popitem(last=False)
            self.used -= sum(frame.nbytes for frame in dropped)
        return frames


def turns_by_video(manifest: Path) -> dict[str, int]:
    """How many turns each video of the corpus has."""
    table = pq.read_table(manifest, columns=["video_id", "duration_s"]).to_pydict()
    return {name: num_turns(s) for name, s in zip(table["video_id"], table["duration_s"], strict=True)}
