"""Causal attention inside each segment of a packed row, registered with transformers under the name `PACKED`.

A pack is one row of sequences laid end to end. With `segments` given, a token attends to its own segment and
to nothing else, by construction: the keys of other segments are never part of a product, so there is no mask
that could let them through and none to hold in memory (32,768 squared). Without `segments` it is the
library's `sdpa`, so streams with a cache run as before.

Shapes: T tokens of the row, H query heads, K key-value heads, D head width, L query tokens, C cached tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from components.core.errors import InternalError

PACKED = "streamo_packed"


@dataclass(frozen=True)
class Segments:
    """Where the sequences of a packed row lie: their lengths, and the same as running sums on the device."""

    lengths: tuple[int, ...]
    bounds: Tensor  # (segments + 1,) int32: 0, first end, second end, ...

    @classmethod
    def of(cls, lengths: Sequence[int], tokens: int, device: torch.device) -> "Segments":
        """Segments of a row of `tokens` tokens; InternalError unless they tile it."""
        if min(lengths, default=0) < 1 or sum(lengths) != tokens:
            raise InternalError(f"segments {tuple(lengths)} do not tile a row of {tokens} tokens")
        bounds = torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32)
        return cls(tuple(lengths), bounds.to(device))


def packed_attention(
    module: Any,
    query_1HTD: Tensor,
    key_1KTD: Tensor,
    value_1KTD: Tensor,
    attention_mask: Tensor | None,
    *,
    segments: Segments | None = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Attention of a text layer: (1, T, H, D) and no weights; see the module's docstring.

    Raises:
        InternalError: segments together with a mask, a cache, dropout or a sliding window.

    """
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    if segments is None:
        shared = {"scaling": scaling, "dropout": dropout, "sliding_window": sliding_window, **options}
        out, _ = sdpa_attention_forward(module, query_1HTD, key_1KTD, value_1KTD, attention_mask, **shared)
        return out, None
    whole = query_1HTD.shape[0] == 1 and query_1HTD.shape[2] == key_1KTD.shape[2]
    if attention_mask is not None or dropout or sliding_window or not whole:
        raise InternalError("a packed row takes no mask, no cache, no dropout and no sliding window")
    if query_1HTD.is_cuda and query_1HTD.dtype in (torch.bfloat16, torch.float16):
        return _varlen(query_1HTD, key_1KTD, value_1KTD, segments, scaling), None
    return _segment_by_segment(query_1HTD, key_1KTD, value_1KTD, segments, scaling), None


def _segment_by_segment(
    query_1HTD: Tensor, key_1KTD: Tensor, value_1KTD: Tensor, segments: Segments, scaling: float | None
) -> Tensor:
    """The call each sequence would get alone; on CPU faster than a padded batch of the same segments."""
    sizes, outs = list(segments.lengths), []
    queries, keys, values = (torch.split(part, sizes, 2) for part in (query_1HTD, key_1KTD, value_1KTD))
    for query, key, value in zip(queries, keys, values, strict=True):
        out = scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling, enable_gqa=True)
        outs.append(out)
    return torch.cat(outs, 2).transpose(1, 2)


def _varlen(
    query_1HTD: Tensor, key_1KTD: Tensor, value_1KTD: Tensor, segments: Segments, scaling: float | None
) -> Tensor:
    """One flash-attention kernel over all segments (`torch.nn.attention.varlen`)."""
    from torch.nn.attention.varlen import varlen_attn

    query, key, value = (part[0].transpose(0, 1) for part in (query_1HTD, key_1KTD, value_1KTD))
    ends, longest = segments.bounds, max(segments.lengths)
    out_THD = varlen_attn(
        query, key, value, ends, ends, longest, longest,
        scale=scaling, window_size=(-1, 0), enable_gqa=True,  # (-1, 0) is causal
    )  # fmt: skip
    assert isinstance(out_THD, Tensor)
    return out_THD.unsqueeze(0)


def packed_mask(
    *,
    q_length: int,
    kv_length: int,
    q_offset: int = 0,
    attention_mask: Tensor | None = None,
    local_size: int | None = None,
    **options: Any,
) -> Tensor | None:
    """The mask of `sdpa` where a cache or padding asks for one; none for a row from its beginning.

    Positions that start anew within a row make the library build a dense mask; here isolation comes from the
    segments, so such a row has none.
    """
    from transformers.masking_utils import sdpa_mask

    if attention_mask is None and local_size is None and q_length == kv_length and not q_offset:
        return None
    sizes = {"q_length": q_length, "kv_length": kv_length, "q_offset": q_offset, "local_size": local_size}
    mask: Tensor | None = sdpa_mask(attention_mask=attention_mask, **sizes, **options)
    return mask


def use_packed(model: Any) -> None:
    """Let the language model of a vision-language model attend by `PACKED`; its tower stays as it is.

    Every adapter does this to its model, so no attention that would not know of segments is left to leak.
    """
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    ALL_ATTENTION_FUNCTIONS.register(PACKED, packed_attention)
    ALL_MASK_ATTENTION_FUNCTIONS.register(PACKED, packed_mask)
    model.set_attn_implementation({"text_config": PACKED})
    if model.config.text_config._attn_implementation != PACKED:  # the library only warns
        raise InternalError(f"{type(model).__name__} does not take a registered attention")
