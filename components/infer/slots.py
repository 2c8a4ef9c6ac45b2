"""Keys and values of many streams, one slot each with a length of its own.

The library's DynamicCache has one length for the whole batch: a stream that speaks would leave holes in all
others, and each of their turns would attend over them. Here a slot grows by its own tokens only, a step of
decoding touches the slots that speak and no other, and a stream can be copied at any point (`Snapshot`).

Shapes: S slots, B rows of one forward, H key-value heads, C capacity, K tokens attended to, L new, D head.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

START_CAPACITY = 256


@dataclass(frozen=True)
class Snapshot:
    """What a slot held: per layer the keys and values (H, n, D) of its n tokens."""

    layers: tuple[tuple[Tensor, Tensor], ...]

    @property
    def length(self) -> int:
        """Tokens held."""
        return int(self.layers[0][0].shape[1])


class SlotCache:
    """Per layer keys and values (S, H, C, D); the first `lengths[s]` tokens of slot s are valid."""

    def __init__(self, model: Any, slots: int):
        text = model.config.get_text_config()
        heads = text.num_key_value_heads
        width = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
        shape = (slots, heads, START_CAPACITY, width)
        kind = {"dtype": model.dtype, "device": model.device}
        self.layers = [
            (torch.zeros(shape, **kind), torch.zeros(shape, **kind)) for _ in range(text.num_hidden_layers)
        ]
        self.lengths = [0] * slots

    def reserve(self, tokens: int) -> None:
        """Make room for `tokens` in every slot, doubling the capacity."""
        capacity = self.layers[0][0].shape[2]
        if tokens <= capacity:
            return
        while capacity < tokens:
            capacity *= 2
        self.layers = [(_grown(keys, capacity), _grown(values, capacity)) for keys, values in self.layers]

    def snapshot(self, slot: int) -> Snapshot:
        """A copy of one slot."""
        held = self.lengths[slot]
        return Snapshot(tuple((k[slot, :, :held].clone(), v[slot, :, :held].clone()) for k, v in self.layers))

    def restore(self, slot: int, snapshot: Snapshot) -> None:
        """Begin `slot` anew with what the snapshot holds."""
        held = snapshot.length
        self.reserve(held)
        for (keys, values), (old_keys, old_values) in zip(self.layers, snapshot.layers, strict=True):
            keys[slot, :, :held], values[slot, :, :held] = old_keys, old_values
        self.lengths[slot] = held


def _grown(tensor: Tensor, capacity: int) -> Tensor:
    out = tensor.new_zeros((*tensor.shape[:2], capacity, tensor.shape[3]))
    out[:, :, : tensor.shape[2]] = tensor
    return out


class Rows:
    """The cache as one forward sees it: some slots, each extended by up to L tokens behind its own length.

    It stands where the library expects a cache: attention layers only call `update`. Rows shorter than L are
    padded on the right; a pad writes behind its slot's valid tokens, where the next forward writes over it.
    """

    def __init__(self, cache: SlotCache, slots: Sequence[int], added: Sequence[int]):
        longest = max(added)
        starts = [cache.lengths[slot] for slot in slots]
        cache.reserve(max(starts) + longest)
        self.cache = cache
        device = cache.layers[0][0].device
        everything = list(slots) == list(range(len(cache.lengths)))
        self.slots_B = None if everything else torch.tensor(list(slots), device=device)
        starts_B1 = torch.tensor(starts, device=device)[:, None]
        self.write_BL = starts_B1 + torch.arange(longest, device=device)
        self.attended = max(starts) + longest
        # Query j of a row sees its slot's valid tokens and the new ones up to itself.
        seen_BLK = torch.arange(self.attended, device=device) <= self.write_BL[..., None]
        self.mask_B1LK = seen_BLK[:, None]
        for slot, count in zip(slots, added, strict=True):
            cache.lengths[slot] += count

    def update(self, keys: Tensor, values: Tensor, layer: int, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        """Write new keys and values (B, H, L, D) of a layer; returns all that is attended to (B, H, K, D)."""
        held = self.cache.layers[layer]
        rows_B1 = torch.arange(keys.shape[0], device=keys.device) if self.slots_B is None else self.slots_B
        for store, new in zip(held, (keys, values), strict=True):
            store[rows_B1[:, None], :, self.write_BL] = new.transpose(1, 2)
        if self.slots_B is None:
            return held[0][:, :, : self.attended], held[1][:, :, : self.attended]
        return held[0][self.slots_B, :, : self.attended], held[1][self.slots_B, :, : self.attended]
