"""What a model family must say; nothing outside this room names one.

Shapes: I images, P patches, N visual tokens, F width of a tower row, B rows, L tokens, D hidden.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from components.model.positions import Grid

MIN_PIXELS, MAX_PIXELS = 3136, 100352  # of one frame (paper, training details)


@dataclass(frozen=True)
class Marks:
    """How a frame is written: `start`, n times `pad`, `end`, then `gap`.

    `template` is what the family's chat template writes for it, before its processor puts in the rest.
    """

    start: str
    pad: str
    end: str
    gap: str  # plain text behind every image
    template: str


@dataclass(frozen=True)
class Visual:
    """What the language model is given of the frames of one forward.

    places: (B, L) bool, the image placeholders. rows: the connector's outputs, (N, D) each; the first is put
    at the places, the next ones are added there behind the first, second, ... layer (deepstack).
    """

    places: Tensor
    rows: tuple[Tensor, ...]


class Family(Protocol):
    """The facts about one `model_type`. All have ChatML turns, `model.language_model` and `lm_head`."""

    name: str  # the `model_type`
    marks: Marks
    vision: str  # names of the vision tower's parameters begin with it
    connector: tuple[str, ...]  # names of the connector's begin with one of these (they win over `vision`)

    def model_class(self) -> Any:
        """The library's class of the model."""
        ...

    def read_images(self, folder: Path) -> Any:
        """The folder's image processor without torchvision, one frame as the paper has it."""
        ...

    def encode(self, config: Any, images: Any, frames: Sequence[np.ndarray]) -> tuple[Tensor, list[Grid]]:
        """Pixels of (H, W, 3) uint8 frames by the image processor `images`, and the patch grid of each."""
        ...

    def merge_size(self, config: Any) -> int:
        """Patches per side that make one visual token."""
        ...

    def tower(self, model: Any, pixel_values: Tensor, grids_I3: Tensor) -> Tensor:
        """Everything before the connector: (N, F) in reading order, with gradient where there is one."""
        ...

    def connect(self, model: Any, features_NF: Tensor) -> tuple[Tensor, ...]:
        """The connector: tower rows -> `Visual.rows`."""
        ...

    def positions(
        self, ids: Sequence[int], grids: Sequence[Grid], *, image_token: int, merge: int, start: int
    ) -> tuple[Tensor, int]:
        """Positions (3, L) of tokens and the next free one; a family with 1-D positions repeats its row."""
        ...

    def language(
        self, model: Any, embeds_BLD: Tensor, positions_3BL: Tensor, visual: Visual | None, **options: Any
    ) -> Tensor:
        """The language model without its head: last hidden states (B, L, D); `options` go to the library."""
        ...

    def patch_filters(self, model: Any) -> Tensor:
        """Weights that read a patch: (filters, channels, ...)."""
        ...
