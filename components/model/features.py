"""Output of the frozen vision tower: computed once and kept within a budget of memory, or once a pack."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from components.model.adapter import Adapter
from components.model.positions import Grid

Wanted = tuple[str, int, int]  # video_id, first picture, picture after the last


class Source(Protocol):
    """Where pictures come from (`components.video.source`)."""

    def frames(self, video_id: str, start: int, stop: int) -> Sequence[np.ndarray]:
        """Pictures start .. stop - 1 of a video, (H, W, 3) uint8 each."""
        ...

    def content(self, video_id: str) -> str:
        """SHA-256 of the video's bytes."""
        ...


@dataclass(frozen=True)
class Seen:
    """What some pictures of a video show: tower rows of each picture (n, F) and its grids."""

    rows: tuple[Tensor, ...]
    grids: tuple[tuple[Grid, ...], ...]


class FeatureCache:
    """Tower features by (SHA-256 of the video, pictures); least recently used ones beyond the budget go.

    The tower is asked for whole entries, never for what is missing of one: the same pictures in a call of
    another size may differ in the last bit, and a resumed run must repeat an uninterrupted one.
    """

    def __init__(self, adapter: Adapter, source: Source, *, budget_mb: float = 1024.0):
        """`budget_mb`: mebibytes kept; 0 keeps nothing, and the tower runs once for each `get_all`."""
        self.adapter, self.source = adapter, source
        self.budget, self.used = int(budget_mb * 2**20), 0
        self.kept: OrderedDict[tuple[str, int, int], Seen] = OrderedDict()

    def get(self, video_id: str, stop: int, start: int = 0) -> Seen:
        """Features of pictures start .. stop - 1 of a video."""
        return self.get_all([(video_id, start, stop)])[0]

    def get_all(self, wanted: Sequence[Wanted]) -> list[Seen]:
        """Features of the pictures of a pack's sequences, in order."""
        return [self._get(*item) for item in wanted] if self.budget else self._compute(wanted)

    def _get(self, video_id: str, start: int, stop: int) -> Seen:
        key = (self.source.content(video_id), start, stop)
        if key in self.kept:
            self.kept.move_to_end(key)
            return self.kept[key]
        (seen,) = self._compute([(video_id, start, stop)])
        self.kept[key] = seen
        self.used += _size(seen)
        while self.used > self.budget and len(self.kept) > 1:
            _, dropped = self.kept.popitem(last=False)
            self.used -= _size(dropped)
        return seen

    def _compute(self, wanted: Sequence[Wanted]) -> list[Seen]:
        """One call of the tower for all pictures."""
        images = [image for item in wanted for image in self.source.frames(*item)]
        pixels, grids = self.adapter.encode_frame(images)
        parts = iter(torch.split(self.adapter.features(pixels, grids), self.adapter.n_visual(grids)))
        rest = iter(grids)
        out = []
        for _, start, stop in wanted:
            shown = [(next(parts), next(rest)) for _ in range(start, stop)]
            out.append(Seen(tuple(rows for rows, _ in shown), tuple((grid,) for _, grid in shown)))
        return out


def _size(seen: Seen) -> int:
    return sum(rows.numel() * rows.element_size() for rows in seen.rows)
