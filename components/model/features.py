"""Output of the frozen vision tower, computed once a video and kept within a budget of memory."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from components.model.adapter import Adapter
from components.model.positions import Grid

FrameReader = Callable[[str, int], Sequence[np.ndarray]]


@dataclass(frozen=True)
class Seen:
    """What the turns of one video show: tower rows of each turn (n, F) and its grids."""

    rows: tuple[Tensor, ...]
    grids: tuple[tuple[Grid, ...], ...]


class FeatureCache:
    """Tower features by (video_id, turns), least recently used ones dropped beyond `budget_mb` mebibytes."""

    def __init__(self, adapter: Adapter, read_frames: FrameReader, *, budget_mb: float = 1024.0):
        """`read_frames(video_id, turns)` gives one (H, W, 3) uint8 image a turn."""
        self.adapter, self.read_frames = adapter, read_frames
        self.budget, self.used = int(budget_mb * 2**20), 0
        self.kept: OrderedDict[tuple[str, int], Seen] = OrderedDict()

    def get(self, video_id: str, turns: int) -> Seen:
        """Features of the first `turns` turns of a video, decoded and encoded on first use."""
        key = (video_id, turns)
        if key in self.kept:
            self.kept.move_to_end(key)
            return self.kept[key]
        pixels, grids = self.adapter.encode_frame(self.read_frames(video_id, turns))
        rows = torch.split(self.adapter.features(pixels, grids), self.adapter.n_visual(grids))
        seen = Seen(tuple(rows), tuple((grid,) for grid in grids))
        self.kept[key] = seen
        self.used += _size(seen)
        while self.used > self.budget and len(self.kept) > 1:
            _, dropped = self.kept.popitem(last=False)
            self.used -= _size(dropped)
        return seen


def _size(seen: Seen) -> int:
    return sum(rows.numel() * rows.element_size() for rows in seen.rows)
