"""Our M-RoPE positions: the rule by hand, the library's where it is correct, and continuation of a stream."""

import pytest
import torch

from components.core.errors import InternalError
from components.model.positions import mrope_positions

PAD = 99


def positions(ids, grids, start=0):
    return mrope_positions(ids, grids, image_token=PAD, merge=2, start=start)


def test_rule_by_hand():
    """Text, text, a 2 x 3 merged image, text."""
    rows, following = positions([1, 2, *[PAD] * 6, 3], [(1, 4, 6)])
    assert rows.T.tolist() == [
        [0, 0, 0], [1, 1, 1], [2, 2, 2], [2, 2, 3], [2, 2, 4], [2, 3, 2], [2, 3, 3], [2, 3, 4], [5, 5, 5],
    ]  # fmt: skip
    assert following == 6


@pytest.mark.parametrize("grids", [[(1, 4, 4)] * 3, [(1, 4, 8), (1, 8, 4)], [(1, 16, 28), (1, 2, 2)], []])
def test_equals_the_library_on_a_full_sequence(adapter, grids):
    layout = adapter.layout
    ids = [5, 6]
    for grid in grids:
        ids += [7, layout.vision_start, *[layout.image_pad] * (grid[1] * grid[2] // 4), layout.vision_end, 8]
    rows, _ = adapter.positions(ids, grids)
    kinds = torch.tensor([[int(token == layout.image_pad) for token in ids]])
    expected, _ = adapter.model.model.get_rope_index(
        torch.tensor([ids]), mm_token_type_ids=kinds, image_grid_thw=torch.tensor(grids) if grids else None
    )
    assert torch.equal(rows, expected[:, 0])


def test_a_stream_continues_where_it_stood():
    ids, grids = [1, *[PAD] * 4, 2, 3, *[PAD] * 6, 4], [(1, 4, 4), (1, 4, 6)]
    whole, end = positions(ids, grids)
    first, middle = positions(ids[:6], grids[:1])
    second, last = positions(ids[6:], grids[1:], start=middle)
    assert torch.equal(torch.cat([first, second], 1), whole) and last == end


@pytest.mark.parametrize("grids", [[], [(1, 4, 6)], [(1, 4, 4), (1, 4, 4)]])
def test_grids_that_do_not_match_the_tokens_are_refused(grids):
    with pytest.raises(InternalError, match="grid"):
        positions([1, *[PAD] * 4, 2], grids)
