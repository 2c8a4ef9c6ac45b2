"""Decoded frames of training videos, one a turn, kept within a budget of memory."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from components.video.frames import num_turns
from components.video.root import MediaRoot
from components.video.source import VideoSource


class FrameCache:
    """Frames by video_id; least recently used videos are dropped beyond `budget_mb` mebibytes."""

    def __init__(self, media: Path, turns: Mapping[str, int], *, budget_mb: float):
        self.source, self.turns = VideoSource(MediaRoot(media)), turns
        self.budget, self.used = int(budget_mb * 2**20), 0
        self.kept: OrderedDict[str, list[np.ndarray]] = OrderedDict()

    def get(self, video_id: str) -> Sequence[np.ndarray]:
        """One (H, W, 3) uint8 image for each turn of the video."""
        if video_id in self.kept:
            self.kept.move_to_end(video_id)
            return self.kept[video_id]
        frames = list(self.source.frames(video_id, 0, self.turns[video_id]))
        self.kept[video_id] = frames
        self.used += sum(frame.nbytes for frame in frames)
        while self.used > self.budget and len(self.kept) > 1:
            _, dropped = self.kept.popitem(last=False)
            self.used -= sum(frame.nbytes for frame in dropped)
        return frames

    def frames(self, video_id: str, start: int, stop: int) -> Sequence[np.ndarray]:
        """The images of turns start .. stop - 1."""
        return self.get(video_id)[start:stop]

    def content(self, video_id: str) -> str:
        """SHA-256 of the video."""
        return self.source.content(video_id)


def turns_by_video(manifest: Path) -> dict[str, int]:
    """How many turns each video of the corpus has."""
    table = pq.read_table(manifest, columns=["video_id", "duration_s"]).to_pydict()
    return {name: num_turns(s) for name, s in zip(table["video_id"], table["duration_s"], strict=True)}
