"""Explicit positions, so that no forward ever depends on the library's implicit ones.

M-RoPE (Qwen2-VL, section 2.1): a text token takes (n, n, n) and n grows by 1; an h x w grid of merged patches
takes t = n, y = n + row, x = n + column, and n grows by max(h, w). Positions depend on the tokens before only
through n, so a stream carries one integer from turn to turn.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from components.core.errors import InternalError

Grid = tuple[int, int, int]


def visual_tokens(grid: Grid, merge: int) -> int:
    """Merged patches (tokens) of one image with `grid` = (t, h, w) patches."""
    return grid[0] * (grid[1] // merge) * (grid[2] // merge)


def mrope_positions(
    ids: Sequence[int], grids: Sequence[Grid], *, image_token: int, merge: int, start: int = 0
) -> tuple[Tensor, int]:
    """Positions (3, L) int64 of `ids`, and the position the next token takes.

    Args:
        ids: token ids; every image is a run of `image_token` as long as its grid says.
        grids: (t, h, w) in patches for each image, in order.
        image_token: id of the placeholder.
        merge: patches merged per side.
        start: position of the first token (a stream continues here).

    Raises:
        InternalError: runs of image tokens and grids do not match.

    """
    rows: list[tuple[int, int, int]] = []
    position, index, images = start, 0, iter(grids)
    while index < len(ids):
        if ids[index] != image_token:
            rows.append((position, position, position))
            position, index = position + 1, index + 1
            continue
        grid = next(images, None)
        count = visual_tokens(grid, merge) if grid else 0
        run = ids[index : index + count]
        if grid is None or len(run) < count or any(token != image_token for token in run):
            raise InternalError(f"image tokens at {index} do not match the grid {grid}")
        height, width = grid[1] // merge, grid[2] // merge
        for frame in range(grid[0]):
            rows += [
                (position + frame, position + y, position + x) for y in range(height) for x in range(width)
            ]
        position, index = position + max(grid[0], height, width), index + count
    if next(images, None) is not None:
        raise InternalError(f"{len(grids)} grids for fewer images in {len(ids)} tokens")
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, 3).T.contiguous(), position


def text_positions(
    ids: Sequence[int], grids: Sequence[Grid], *, image_token: int, merge: int, start: int = 0
) -> tuple[Tensor, int]:
    """`mrope_positions` of a model with 1-D positions: every token takes the next one, in three equal rows.

    Raises:
        InternalError: not as many image tokens as the grids have.

    """
    shown, expected = list(ids).count(image_token), sum(visual_tokens(grid, merge) for grid in grids)
    if shown != expected:
        raise InternalError(f"{shown} image tokens, but the grids {list(grids)} have {expected}")
    row_L = torch.arange(start, start + len(ids), dtype=torch.int64)
    return row_L.expand(3, -1).contiguous(), start + len(ids)
