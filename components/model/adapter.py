"""One door to a Qwen2.5-VL model folder: token layout, frames, positions, forward.

Shapes: B streams, L tokens, N visual tokens, P patches, D hidden, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from components.model.layout import Layout, concat, foreign_ids, read_layout, state_ids, trusted_ids
from components.model.positions import Grid, mrope_positions, visual_tokens
from components.model.vision import merge, tower_features
from components.protocol.states import State
from components.protocol.turns import SYSTEM_PROMPT, time_tag


@dataclass
class Adapter:
    """A model with its tokenizer and image processor; nothing here keeps state between calls."""

    model: Any
    tokenizer: Any
    image_processor: Any
    layout: Layout = field(init=False)

    def __post_init__(self) -> None:
        self.layout = read_layout(self.tokenizer)

    # --- text -> tokens -------------------------------------------------------------------------------------

    @property
    def state_ids(self) -> tuple[int, int, int]:
        """Token ids of (silence, standby, response); DataError for a base that has none."""
        return state_ids(self.tokenizer)

    def text_ids(self, text: str) -> list[int]:
        """Tokens of a foreign text: special tokens in it are split into plain characters."""
        return foreign_ids(self.tokenizer, text)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of token ids, nothing skipped or cleaned."""
        text: str = self.tokenizer.decode(
            list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text

    def prefix_ids(self, system: str = SYSTEM_PROMPT) -> list[int]:
        """Tokens of the system message: what every stream begins with."""
        return [*self.layout.system_head, *self.text_ids(system), *self.layout.tail]

    def user_ids(
        self, questions: Sequence[str], turn: int, n_visual: Sequence[int], *, offset: int = 0
    ) -> list[int]:
        """Tokens of one user turn: header, questions, time tag, frames, end."""
        asked = concat([self.text_ids(f"{question}\n") for question in questions])
        tag = trusted_ids(self.tokenizer, f"{time_tag(turn, offset)}\n")
        frames = concat([self.layout.image(count) for count in n_visual])
        return [*self.layout.user_head, *asked, *tag, *frames, *self.layout.tail]

    def answer_ids(self, state: State, text: str | None) -> list[int]:
        """Tokens of an answer without its end: the state token, then ` text` for a response."""
        spoken = self.text_ids(f" {text}") if text is not None else []
        return [self.state_ids[list(State).index(state)], *spoken]

    def turn_ids(
        self,
        questions: Sequence[str],
        turn: int,
        offset: int,
        n_visual: Sequence[int],
        *,
        previous: Sequence[int] | None = None,
    ) -> list[int]:
        """Everything a stream feeds for one turn; the state is read at the last position.

        Args:
            questions: asked on this turn, in order.
            turn: index of the turn; its tag is shifted by `offset` seconds.
            offset: start of the stream's clock, in seconds.
            n_visual: visual tokens of each of the turn's frames.
            previous: answer tokens of the turn before (`answer_ids`, or the generated ids, without the end
                token); its tail is fed here. None on the first turn, which begins with the system message.

        """
        before = self.prefix_ids() if previous is None else [*previous, *self.layout.tail]
        user = self.user_ids(questions, turn, n_visual, offset=offset)
        return [*before, *user, *self.layout.assistant_head]

    # --- frames ---------------------------------------------------------------------------------------------

    def encode_frame(self, images: Sequence[np.ndarray]) -> tuple[Tensor, list[Grid]]:
        """Pixels of (H, W, 3) uint8 images -> pixel_values (P, patch values) and the grid of each."""
        out = self.image_processor.preprocess(
            list(images), return_tensors="pt", input_data_format="channels_last"
        )
        return out["pixel_values"], [(int(t), int(h), int(w)) for t, h, w in out["image_grid_thw"].tolist()]

    def n_visual(self, grids: Sequence[Grid]) -> list[int]:
        """Visual tokens of each image."""
        return [visual_tokens(grid, self.merge_size) for grid in grids]

    @property
    def merge_size(self) -> int:
        """Patches merged per side."""
        return int(self.model.config.vision_config.spatial_merge_size)

    @torch.no_grad()
    def features(self, pixel_values: Tensor, grids: Sequence[Grid]) -> Tensor:
        """Frozen vision tower, before the connector: (N, merge^2 * width); cacheable while it is frozen."""
        device = self.model.device
        grid = torch.tensor(grids, dtype=torch.int64, device=device)
        return tower_features(self.model.model.visual, pixel_values.to(device), grid)

    # --- forward --------------------------------------------------------------------------------------------

    def positions(self, ids: Sequence[int], grids: Sequence[Grid], start: int = 0) -> tuple[Tensor, int]:
        """M-RoPE positions (3, L) and the next free position; see `components.model.positions`."""
        return mrope_positions(
            ids, grids, image_token=self.layout.image_pad, merge=self.merge_size, start=start
        )

    def embed(self, input_ids_BL: Tensor, features_NF: Tensor | None) -> Tensor:
        """Token embeddings (B, L, D) with the merged visual rows put at the image placeholders, in order."""
        embeds_BLD: Tensor = self.model.get_input_embeddings()(input_ids_BL)
        if features_NF is None or not features_NF.shape[0]:
            return embeds_BLD
        mask_BL1 = (input_ids_BL == self.layout.image_pad).unsqueeze(-1)
        if int(mask_BL1.sum()) != features_NF.shape[0]:
            raise ValueError(f"{int(mask_BL1.sum())} image tokens for {features_NF.shape[0]} visual rows")
        rows_ND = merge(self.model.model.visual, features_NF)
        return embeds_BLD.masked_scatter(mask_BL1, rows_ND.to(embeds_BLD.dtype))

    def hidden(
        self,
        input_ids_BL: Tensor,
        positions_3BL: Tensor,
        features_NF: Tensor | None = None,
        *,
        attention_mask: Tensor | None = None,
        cache: Any = None,
    ) -> Tensor:
        """Last hidden states (B, L, D) of new tokens, after the final norm; a given cache grows in place.

        Positions are always explicit: without them the library silently uses text positions for a new image.
        """
        out = self.model.model.language_model(
            inputs_embeds=self.embed(input_ids_BL, features_NF),
            position_ids=positions_3BL,
            attention_mask=attention_mask,
            past_key_values=cache,
            use_cache=cache is not None,
        )
        hidden_BLD: Tensor = out.last_hidden_state
        return hidden_BLD

    def logits(self, hidden: Tensor) -> Tensor:
        """Vocabulary logits (..., V) of hidden states (..., D)."""
        out: Tensor = self.model.lm_head(hidden)
        return out

    # --- disk -----------------------------------------------------------------------------------------------

    def save(self, out_dir: Path) -> None:
        """Write a Hugging Face folder: config, one safetensors file, tokenizer, template, image processor."""
        from components.model.store import save_folder

        save_folder(self.model, self.tokenizer, self.image_processor, Path(out_dir))


def load(model_dir: str | Path, **options: Any) -> Adapter:
    """Adapter of a model folder, a pinned hub id or a `reference.json` folder; see `store.load_parts`."""
    from components.model.store import load_parts

    return Adapter(*load_parts(model_dir, **options))
