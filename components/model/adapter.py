"""One door to a model folder of any family: token layout, frames, positions, forward.

Shapes: B streams, L tokens, N visual tokens, P patches, D hidden, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from components.model.attention import Segments, use_packed
from components.model.families.family import Family, Visual
from components.model.families.registry import find_family
from components.model.layout import Layout, concat, foreign_ids, read_layout, state_ids, trusted_ids
from components.model.positions import Grid, visual_tokens
from components.protocol.states import State
from components.protocol.turns import SYSTEM_PROMPT, time_tag


@dataclass
class Adapter:
    """A model with its tokenizer and image processor; no call changes what another one gives."""

    model: Any
    tokenizer: Any
    image_processor: Any
    family: Family = field(init=False)
    layout: Layout = field(init=False)
    _states: tuple[int, tuple[int, int, int]] | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        self.family = find_family(self.model.config.model_type, "model")
        self.layout = read_layout(self.tokenizer, self.family.marks)
        use_packed(self.model)

    # --- text -> tokens -------------------------------------------------------------------------------------

    @property
    def state_ids(self) -> tuple[int, int, int]:
        """Token ids of (silence, standby, response); DataError for a base that has none.

        Every answer of a training sequence asks for them, so they are looked up once a vocabulary.
        """
        words = len(self.tokenizer)
        if self._states is None or self._states[0] != words:
            self._states = words, state_ids(self.tokenizer)
        return self._states[1]

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
        """Pixels of (H, W, 3) uint8 images -> pixel_values (P, patch values) and the grid of each.

        InternVL3's are (images, 3, side, side); the grid counts patches in every family.
        """
        return self.family.encode(self.model.config, self.image_processor, images)

    def n_visual(self, grids: Sequence[Grid]) -> list[int]:
        """Visual tokens of each image."""
        return [visual_tokens(grid, self.merge_size) for grid in grids]

    @property
    def merge_size(self) -> int:
        """Patches merged per side."""
        return self.family.merge_size(self.model.config)

    def tower(self, pixel_values: Tensor, grids: Sequence[Grid]) -> Tensor:
        """The vision tower before the connector: (N, F), with gradient where it is trained."""
        device = self.model.device
        grids_I3 = torch.tensor(grids, dtype=torch.int64, device=device)
        return self.family.tower(self.model, pixel_values.to(device), grids_I3)

    @torch.no_grad()
    def features(self, pixel_values: Tensor, grids: Sequence[Grid]) -> Tensor:
        """The frozen vision tower: (N, F) without gradient; cacheable."""
        return self.tower(pixel_values, grids)

    # --- forward --------------------------------------------------------------------------------------------

    def positions(self, ids: Sequence[int], grids: Sequence[Grid], start: int = 0) -> tuple[Tensor, int]:
        """Positions (3, L) and the next free position; see `components.model.positions`."""
        return self.family.positions(
            ids, grids, image_token=self.layout.image_pad, merge=self.merge_size, start=start
        )

    @property
    def max_positions(self) -> int:
        """Positions the language model was made for."""
        return int(self.model.config.get_text_config().max_position_embeddings)

    def new_cache(self, layers: Sequence[tuple[Tensor, Tensor]] = ()) -> Any:
        """An empty cache of the library, or one that holds the keys and values of each layer."""
        from transformers import DynamicCache

        return DynamicCache(list(layers) or None, config=self.model.config)

    def embed(self, input_ids_BL: Tensor, features_NF: Tensor | None) -> tuple[Tensor, Visual | None]:
        """Token embeddings (B, L, D) with the connector's rows at the image placeholders, in order.

        The second part is what a family's language model is told of them beyond that; None without frames.
        """
        embeds_BLD: Tensor = self.model.get_input_embeddings()(input_ids_BL)
        if features_NF is None or not features_NF.shape[0]:
            return embeds_BLD, None
        places_BL = input_ids_BL == self.layout.image_pad
        if int(places_BL.sum()) != features_NF.shape[0]:
            raise ValueError(f"{int(places_BL.sum())} image tokens for {features_NF.shape[0]} visual rows")
        visual = Visual(places_BL, self.family.connect(self.model, features_NF))
        rows_ND = visual.rows[0].to(embeds_BLD.dtype)
        return embeds_BLD.masked_scatter(places_BL.unsqueeze(-1), rows_ND), visual

    def hidden(
        self,
        input_ids_BL: Tensor,
        positions_3BL: Tensor,
        features_NF: Tensor | None = None,
        *,
        attention_mask: Tensor | None = None,
        cache: Any = None,
        lengths: Sequence[int] | None = None,
    ) -> Tensor:
        """Last hidden states (B, L, D) of new tokens, after the final norm; a given cache grows in place.

        Positions are always explicit: without them the library silently uses text positions for a new image.
        `lengths`: the sequences of a packed row (1, L); attention never crosses from one into another.
        """
        row = input_ids_BL.shape[1] * input_ids_BL.shape[0]
        segments = None if lengths is None else Segments.of(lengths, row, input_ids_BL.device)
        embeds_BLD, visual = self.embed(input_ids_BL, features_NF)
        return self.family.language(
            self.model,
            embeds_BLD,
            positions_3BL,
            visual,
            attention_mask=attention_mask,
            past_key_values=cache,
            use_cache=cache is not None,
            segments=segments,
        )

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
