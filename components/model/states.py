"""The three state tokens are added to a base model before it is trained to stream (paper, section 3.2)."""

from typing import Any

import torch
from torch import Tensor

from components.core.errors import DataError
from components.core.seeds import derive
from components.model.layout import ASSISTANT_HEAD, has_states, state_ids, trusted_ids
from components.protocol.states import STATES

MAX_MULTIPLE = 256
NOISE = 0.1  # of the standard deviation of all rows: enough to part the three, small beside the rows


def add_states(model: Any, tokenizer: Any, seed: int) -> tuple[int, int, int]:
    """Make each state one special token with a sensible row; returns ids of (silence, standby, response).

    `</Response>` starts as the mean row of the assistant header plus noise, since text follows it as it
    follows the header; the others as the mean of all rows plus noise. Existing tokens are left alone.

    Raises:
        DataError: the tokenizer has some of the three, or one of them as an ordinary token.

    """
    if has_states(tokenizer):
        return state_ids(tokenizer)
    known = len(tokenizer)
    found = [state.value for state in STATES if state.value in tokenizer.get_vocab()]
    if found:
        name = tokenizer.name_or_path or "tokenizer"
        raise DataError(f"{name}: has {', '.join(found)}, expected all three states or none")
    tokenizer.add_special_tokens(
        {"extra_special_tokens": [state.value for state in STATES]}, replace_extra_special_tokens=False
    )
    ids = state_ids(tokenizer)
    rows = model.get_input_embeddings().num_embeddings
    if max(ids) >= rows:
        model.resize_token_embeddings(padded(max(ids) + 1, rows, known), mean_resizing=False)
    header = trusted_ids(tokenizer, ASSISTANT_HEAD)
    for matrix in _matrices(model):
        _fill(matrix, ids, header, known, seed)
    return ids


def padded(wanted: int, rows: int, known: int) -> int:
    """Rows of the token matrices that hold `wanted` tokens, padded as they are now.

    Published matrices are larger than the tokenizer (`known` tokens) and their `rows` a multiple of 64, 128
    or 256, which kernels like: such a multiple is kept. Others grow by what is needed.
    """
    if rows <= known:
        return wanted
    multiple = min(rows & -rows, MAX_MULTIPLE)  # the largest power of two that divides the rows
    return -(-wanted // multiple) * multiple


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
