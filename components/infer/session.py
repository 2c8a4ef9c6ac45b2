"""One stream: a persistent KV cache and one forward a turn over the new tokens only.

A turn feeds the tail of the turn before (its state, its text, the end), the user's half and the assistant
header; the state is read at the last position. Silence and Standby cost nothing more. A Response is decoded
greedily on the same cache; its end token is never fed alone but with the next turn. So every token of the
dialogue is fed exactly once and the logits equal those of encoding the whole dialogue again (performance.md,
Streaming engine).

Shapes: L new tokens, N visual tokens, F width of a tower row, D hidden, V vocabulary.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from components.core.errors import DataError, UsageError
from components.infer.decisions import Policy, States
from components.infer.questions import Waiting
from components.infer.reading import banned_in_text, next_text_tokens
from components.model.adapter import Adapter
from components.model.positions import Grid
from components.protocol.states import STATES, State
from components.protocol.turns import Turn

MAX_NEW_TOKENS = 32  # of one answer's text; params evaluate.max_new_tokens agrees


@dataclass(frozen=True, kw_only=True)
class StreamTurn(Turn):
    """A `Turn` as the model lived it: its probabilities, and the logits (V,) the state was read from."""

    start_s: float
    end_s: float
    p_silence: float
    p_standby: float
    p_response: float
    truncated: bool = False  # the answer was cut at max_new_tokens
    forwards: int = 1
    text_ids: tuple[int, ...] = ()  # the tokens of `text` as they were generated and fed back
    logits: Tensor = field(repr=False, compare=False)


@dataclass(frozen=True)
class Past:
    """A turn that a stream has lived: its number, questions, answer tokens without the end, and frames."""

    turn: int
    questions: tuple[str, ...]
    answer: tuple[int, ...]  # the state token and what was said
    features: Tensor = field(repr=False)  # (N, F)
    grids: tuple[Grid, ...]


class StreamSession:
    """A model watching one stream.

    Args:
        model: an `Adapter`, or a model of a known family together with `processor`.
        processor: None with an adapter; else an object with `tokenizer` and `image_processor`.
        offset: whole seconds added to every time tag (a stream that is joined late).
        max_new_tokens: tokens of an answer's text at most.
        policy: decides on each turn; by default the arg max over the three states.

    Raises:
        DataError: the tokenizer has no state tokens (a base that was never converted).

    """

    def __init__(
        self,
        model: object,
        processor: object = None,
        *,
        offset: int = 0,
        max_new_tokens: int = MAX_NEW_TOKENS,
        policy: Policy | None = None,
    ):
        self.adapter = as_adapter(model, processor)
        self.offset, self.max_new_tokens = offset, max_new_tokens
        self.state_ids = self.adapter.state_ids
        self.policy = policy or States(self.state_ids)
        self.turn = 0  # the next turn
        self.forwards = 0
        self.fed: list[int] = []  # every token fed so far, in order
        self._waiting = Waiting()
        self._unfed: list[int] | None = None  # answer tokens to feed with the next turn; None at first
        self._position = 0
        self._banned_V = banned_in_text(self.adapter)
        self._cache = self.adapter.new_cache()

    def ask(self, text: str, at: float | None = None) -> int:
        """Ask on the next turn, or `at` seconds by rule of time 1 (turn ceil(at)); returns the turn."""
        return self._waiting.ask(text, at, self.turn)

    def waiting(self) -> list[tuple[float, str]]:
        """`(seconds, text)` of questions no turn has shown yet."""
        return self._waiting.left()

    def push(self, frames: Sequence[np.ndarray]) -> StreamTurn:
        """Show the k images, (H, W, 3) uint8, of the next second and return what the model does."""
        if not len(frames) or any(frame.ndim != 3 or frame.shape[2] != 3 for frame in frames):
            shapes = [tuple(frame.shape) for frame in frames]
            raise UsageError(f"turn {self.turn}: expected (height, width, 3) images, got shapes {shapes}")
        pixel_values, grids = self.adapter.encode_frame(frames)
        return self.push_features(self.adapter.features(pixel_values, grids), grids)

    @torch.no_grad()
    def push_features(self, features_NF: Tensor, grids: Sequence[Grid]) -> StreamTurn:
        """`push` with the frames' vision-tower rows (`Adapter.features`), which streams may share."""
        before, turn = self.forwards, self.turn
        questions = self._waiting.take(turn)
        n_visual = self.adapter.n_visual(grids)
        ids = self.adapter.turn_ids(questions, turn, self.offset, n_visual, previous=self._unfed)
        logits_V, hidden_D = self._feed(ids, grids, features_NF)
        reading = self.policy.decide(logits_V[None], hidden_D[None])[0]
        self._unfed, self.turn = [self.state_ids[STATES.index(reading.state)]], turn + 1
        spoken: list[int] = []
        text, truncated = None, False
        if reading.state is State.RESPONSE:
            spoken, truncated = self._decode()
            self._unfed, text = [], self.adapter.decode(spoken).strip()  # decoding has fed both
        return StreamTurn(
            turn, questions, reading.state, text, start_s=float(turn), end_s=float(turn + 1),
            p_silence=reading.p_silence, p_standby=reading.p_standby, p_response=reading.p_response,
            truncated=truncated, forwards=self.forwards - before, text_ids=tuple(spoken), logits=logits_V,
        )  # fmt: skip

    @torch.no_grad()
    def replay(self, past: Sequence[Past]) -> None:
        """Begin as if the stream had lived these turns and none before, in one forward over all of them.

        Raises:
            UsageError: the session has begun already, or there is nothing to live through.

        """
        if self.fed or not past:
            raise UsageError("replay() needs a session without turns, and turns to live through")
        ids: list[int] = []
        previous: Sequence[int] | None = None
        for each in past:
            visual = self.adapter.n_visual(each.grids)
            ids += self.adapter.turn_ids(each.questions, each.turn, self.offset, visual, previous=previous)
            previous = each.answer
        self._feed(ids, [grid for each in past for grid in each.grids], torch.cat([p.features for p in past]))
        self._unfed, self.turn = list(past[-1].answer), past[-1].turn + 1

    def force(self) -> str:
        """What the model would say on the turn just pushed if it had to respond; the stream is left as is."""
        return self.clone().respond()

    @torch.no_grad()
    def respond(self) -> str:
        """`force()` for a stream that ends with it: the cache now holds the answer."""
        if not self._unfed:
            raise UsageError("an answer can be forced on a pushed turn that was not a Response")
        spoken, _ = self._decode()
        return self.adapter.decode(spoken).strip()

    def clone(self) -> "StreamSession":
        """An independent session at the same point of the stream, e.g. to try a question on it."""
        other = copy.copy(self)
        other.fed, other._waiting = list(self.fed), self._waiting.copy()
        # Layers grow by concatenation into new tensors, so the two caches may share what they hold now.
        other._cache = self.adapter.new_cache([(keys, values) for keys, values, _ in self._cache])
        return other

    def _decode(self) -> tuple[list[int], bool]:
        """Text tokens after `</Response>`, all of them fed; whether they were cut before the end token."""
        spoken: list[int] = []
        token = self.state_ids[STATES.index(State.RESPONSE)]
        while True:
            logits_V, _ = self._feed([token], (), None)
            token = next_text_tokens(logits_V[None], self._banned_V)[0]
            if token == self.adapter.layout.end:
                return spoken, False
            if len(spoken) == self.max_new_tokens:
                return spoken, True
            spoken.append(token)

    def _feed(
        self, ids: Sequence[int], grids: Sequence[Grid], features_NF: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Extend the cache by `ids`; next-token logits (V,) and last hidden state (D,) of the last one."""
        adapter, device = self.adapter, self.adapter.model.device
        positions_3L, position = adapter.positions(ids, grids, self._position)
        if position > adapter.max_positions:
            need = f"the stream needs {position} positions, the model has {adapter.max_positions}"
            raise DataError(f"turn {self.turn}: {need}")
        hidden_1LD = adapter.hidden(
            torch.tensor([list(ids)], device=device),
            positions_3L[:, None].to(device),
            features_NF,
            cache=self._cache,
        )
        logits_V = adapter.logits(hidden_1LD[:, -1:])[0, -1]
        self._position, self.forwards = position, self.forwards + 1
        self.fed += ids
        return logits_V, hidden_1LD[0, -1]


def as_adapter(model: object, processor: object = None) -> Adapter:
    """The adapter itself, or one around a model and a processor with `tokenizer` and `image_processor`."""
    if isinstance(model, Adapter):
        return model
    if isinstance(processor, Adapter):
        return Adapter(model, processor.tokenizer, processor.image_processor)
    tokenizer, images = getattr(processor, "tokenizer", None), getattr(processor, "image_processor", None)
    if tokenizer is None or images is None:
        raise UsageError("expected an Adapter, or a model and a processor with tokenizer and image_processor")
    return Adapter(model, tokenizer, images)
