"""The three state tokens are added to a base model before it is trained to stream (paper, section 3.2)."""

from typing import Any

import torch
from torch import Tensor

from components.core.seeds import derive
from components.model.layout import has_states, read_layout, state_ids
from components.protocol.states import STATES

NOISE = 0.1  # of the standard deviation of all rows: enough to part the three, small beside the rows


def add_states(model: Any, tokenizer: Any, seed: int) -> tuple[int, int, int]:
    """Make each state one special token with a sensible row; returns ids of (silence, standby, response).

    `</Response>` starts as the mean row of the assistant header plus noise, since text follows it as it
    follows the header; the others as the mean of all rows plus noise. Existing tokens are left alone.
    """
    if has_states(tokenizer):
        return state_ids(tokenizer)
    known = len(tokenizer)
    tokenizer.add_special_tokens({"additional_special_tokens": [state.value for state in STATES]})
    ids = state_ids(tokenizer)
    embedding = model.get_input_embeddings()
    if max(ids) >= embedding.num_embeddings:
        model.resize_token_embeddings(max(ids) + 1, mean_resizing=False)
    header = list(read_layout(tokenizer).assistant_head)
    for matrix in _matrices(model):
        _fill(matrix, ids, header, known, seed)
    return ids


def _matrices(model: Any) -> list[Tensor]:
    """The token matrices: one where input and output are tied, two where they are not."""
    inputs, outputs = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    return [inputs] if outputs is inputs else [inputs, outputs]


@torch.no_grad()
def _fill(matrix_VD: Tensor, ids: tuple[int, int, int], header: list[int], known: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(derive(seed, "state rows"))
    rows_VD = matrix_VD[:known].float()
    noise_3D = (
        torch.randn(3, rows_VD.shape[1], generator=generator).to(rows_VD.device) * NOISE * rows_VD.std()
    )
    start_3D = torch.stack([rows_VD.mean(0), rows_VD.mean(0), rows_VD[header].mean(0)])
    matrix_VD[list(ids)] = (start_3D + noise_3D).to(matrix_VD.dtype)
