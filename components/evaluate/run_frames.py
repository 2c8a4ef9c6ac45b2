"""The frames a watched stream is shown: turn by turn, and never one later than its query (rule of time 6)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from components.core.errors import InternalError
from components.model.adapter import Adapter
from components.model.features import FeatureCache
from components.model.freeze import weights_of
from components.model.positions import Grid
from components.video.root import MediaRoot
from components.video.source import VideoSource


class VideoFrames:
    """Vision-tower rows of videos below a media root, computed once per video and shared by its streams.

    Args:
        adapter: the model whose tower is used.
        media: where the videos lie.
        turns: number of turns of each video.
        fps: frames a turn.

    """

    def __init__(self, adapter: Adapter, media: MediaRoot, turns: Mapping[str, int], *, fps: int = 1):
        self.turns, self.fps = turns, fps
        self.cache = FeatureCache(adapter, VideoSource(media, fps=fps))

    def serve(self, adapter: Adapter) -> None:
        """Go on with another model; rows are kept if its vision tower is the same (it was frozen)."""
        if not same_tower(self.cache.adapter, adapter):
            self.cache = FeatureCache(adapter, self.cache.source)

    def rows(self, video: str, turn: int, until_s: float) -> tuple[Tensor, Sequence[Grid]]:
        """Rows (N, F) and grids of the frames of one turn that are not later than `until_s`.

        Raises:
            InternalError: the turn lies after `until_s`: a frame from after the query was asked for.

        """
        if turn > until_s:
            raise InternalError(f"{video}: frame of turn {turn} wanted for a query at {until_s:g} s")
        seen = self.cache.get(video, self.turns[video] * self.fps)
        shown = [turn * self.fps + j for j in range(self.fps) if turn + j / self.fps <= until_s]
        rows = [seen.rows[place] for place in shown]
        return torch.cat(rows), [grid for place in shown for grid in seen.grids[place]]


def same_tower(one: Adapter, other: Adapter) -> bool:
    """Whether two models have equal vision towers (the connector behind it may differ)."""
    left, right = weights_of(one.model, "vision"), weights_of(other.model, "vision")
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)
