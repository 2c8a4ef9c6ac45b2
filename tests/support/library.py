"""The plain library on an interleaved input: its own positions, its own way of placing images."""

import numpy as np
import torch

from components.protocol.states import State


def interleaved(adapter, *, size=(56, 56), turns=3, seed=1):
    """(token ids of each turn, pixel_values, grids) of a short stream of random frames with a question."""
    generator = np.random.default_rng(seed)
    frames = [generator.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(turns)]
    pixels, grids = adapter.encode_frame(frames)
    parts, previous = [], None
    for turn, count in enumerate(adapter.n_visual(grids)):
        asked = ["what color is the lamp?"] if turn == 1 else []
        parts.append(adapter.turn_ids(asked, turn, 0, [count], previous=previous))
        previous = (
            adapter.answer_ids(State.RESPONSE, "red")
            if turn == 0
            else adapter.answer_ids(State.SILENCE, None)
        )
    return parts, pixels, grids


@torch.no_grad()
def library_logits(model, ids_1L, pixels, grids):
    """Logits (L, V) of the library's class, given what its processor would give it and nothing of ours."""
    inputs = {"input_ids": ids_1L, "pixel_values": pixels}
    if model.config.model_type != "internvl":
        kinds = (ids_1L == model.config.image_token_id).int()
        inputs |= {"image_grid_thw": torch.tensor(grids), "mm_token_type_ids": kinds}
    return model(**inputs).logits[0]


@torch.no_grad()
def our_logits(adapter, ids, pixels, grids):
    """Logits (L, V) by the adapter's explicit positions."""
    positions, _ = adapter.positions(ids, grids)
    hidden = adapter.hidden(torch.tensor([ids]), positions[:, None], adapter.features(pixels, grids))
    return adapter.logits(hidden[0])
