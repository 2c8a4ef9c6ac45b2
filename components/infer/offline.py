"""A model as a plain offline VLM: some pictures, one prompt, one greedy answer; no stream, no decision when.

Shapes: B questions of one forward, L tokens, N visual rows, F width of a tower row, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from components.core.errors import DataError
from components.infer.offline_layout import Form, form_of, prompt_ids
from components.infer.reading import banned_in_text, next_text_tokens
from components.infer.session import MAX_NEW_TOKENS
from components.infer.slots import Rows, SlotCache
from components.model.adapter import Adapter
from components.model.positions import Grid

BATCH = 16


@dataclass(frozen=True)
class Question:
    """A prompt about pictures whose vision-tower rows (N, F) are at hand (`Adapter.features`).

    turns: the second each picture is shown at, for a model of the stream form; 0, 1, 2 ... without them.
    """

    prompt: str
    rows: Tensor | None
    grids: tuple[Grid, ...]
    turns: tuple[int, ...] | None = None


class OfflineModel:
    """Answers offline questions with any model folder's adapter, converted or not.

    Args:
        adapter: of the model.
        form: how a question is laid out; by default as the model was taught (`offline_layout.form_of`).

    Attributes:
        forwards, tokens: what answering cost so far.

    """

    def __init__(self, adapter: Adapter, *, form: Form | None = None):
        self.adapter, self.form = adapter, form or form_of(adapter)
        self.banned_V = banned_in_text(adapter)
        self.forwards = self.tokens = 0

    def answer(
        self,
        pictures: Sequence[np.ndarray],
        prompt: str,
        *,
        max_new_tokens: int = MAX_NEW_TOKENS,
        turns: Sequence[int] | None = None,
    ) -> str:
        """The greedy answer to one prompt about (H, W, 3) uint8 pictures in order of time.

        Raises:
            DataError: pictures and prompt need more positions than the model has.

        """
        question = self.question(pictures, prompt, turns=turns)
        return self.answer_many([question], max_new_tokens=max_new_tokens)[0]

    def question(
        self, pictures: Sequence[np.ndarray], prompt: str, *, turns: Sequence[int] | None = None
    ) -> Question:
        """A prompt with the tower's rows of its pictures."""
        if not len(pictures):
            return Question(prompt, None, ())
        pixels, grids = self.adapter.encode_frame(pictures)
        shown = None if turns is None else tuple(turns)
        return Question(prompt, self.adapter.features(pixels, grids), tuple(grids), shown)

    @torch.no_grad()
    def answer_many(
        self, questions: Sequence[Question], *, max_new_tokens: int = MAX_NEW_TOKENS, batch: int = BATCH
    ) -> list[str]:
        """The greedy answers in order, `batch` questions a forward; equal to one by one but for rounding."""
        ids = [
            prompt_ids(self.adapter, one.prompt, one.grids, form=self.form, turns=one.turns)
            for one in questions
        ]
        order = sorted(
            range(len(questions)), key=lambda place: len(ids[place])
        )  # alike lengths: less padding
        answers = [""] * len(questions)
        for start in range(0, len(order), batch):
            places = order[start : start + batch]
            found = self._batch([ids[p] for p in places], [questions[p] for p in places], max_new_tokens)
            for place, text in zip(places, found, strict=True):
                answers[place] = text
        return answers

    def _batch(
        self, ids: Sequence[list[int]], questions: Sequence[Question], max_new_tokens: int
    ) -> list[str]:
        """Encode the prompts, then add a token at a time to those that have not ended."""
        cache = SlotCache(self.adapter.model, len(ids))
        starts = [0] * len(ids)
        rows = [one.rows for one in questions if one.rows is not None]
        grids = [one.grids for one in questions]
        running = list(range(len(ids)))
        fed: list[list[int]] = list(ids)
        spoken: list[list[int]] = [[] for _ in ids]
        features_NF = torch.cat(rows) if rows else None
        for _ in range(max_new_tokens):
            logits_BV = self._forward(cache, running, fed, grids, features_NF, starts)
            chosen = next_text_tokens(logits_BV, self.banned_V)
            going = [
                (slot, token)
                for slot, token in zip(running, chosen, strict=True)
                if token != self.adapter.layout.end
            ]
            for slot, token in going:
                spoken[slot].append(token)
            running, fed = [slot for slot, _ in going], [[token] for _, token in going]
            grids, features_NF = [() for _ in going], None
            if not running:
                break
        return [self.adapter.decode(tokens).strip() for tokens in spoken]

    def _forward(
        self,
        cache: SlotCache,
        slots: Sequence[int],
        fed: Sequence[list[int]],
        grids: Sequence[Sequence[Grid]],
        features_NF: Tensor | None,
        starts: list[int],
    ) -> Tensor:
        """Feed each slot its tokens; next-token logits (B, V) of the last ones. `starts` moves on."""
        adapter, lengths = self.adapter, [len(ids) for ids in fed]
        device = adapter.model.device
        ids_BL = torch.full((len(fed), max(lengths)), adapter.layout.end)
        positions_3BL = torch.zeros((3, *ids_BL.shape), dtype=torch.int64)
        for row, (slot, ids) in enumerate(zip(slots, fed, strict=True)):
            ids_BL[row, : lengths[row]] = torch.tensor(ids)
            placed, starts[slot] = adapter.positions(ids, grids[row], starts[slot])
            positions_3BL[:, row, : lengths[row]] = placed
            if starts[slot] > adapter.max_positions:
                have = f"the model has {adapter.max_positions}; show fewer pictures"
                raise DataError(f"an offline question needs {starts[slot]} positions, {have}")
        rows = Rows(cache, slots, lengths)
        hidden_BLD = adapter.hidden(
            ids_BL.to(device),
            positions_3BL.to(device),
            features_NF,
            attention_mask=rows.mask_B1LK,
            cache=rows,
        )
        self.forwards, self.tokens = self.forwards + 1, self.tokens + sum(lengths)
        last_BD = hidden_BLD[torch.arange(len(fed)), torch.tensor(lengths) - 1]
        return adapter.logits(last_BD)
