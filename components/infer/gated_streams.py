"""Streams under a `Timing`: one live session, and many plans at once, equal in states and texts.

Nothing a gated stream said before changes what it says next, so the turns of all plans are decided in batches
and each (video, question, turn) once.
"""

import copy
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from components.core.errors import UsageError
from components.infer.gated import CONTEXT_TURNS, Moment, Shown, Timing
from components.infer.plans import Frames, Plan, Watched
from components.infer.questions import Waiting
from components.infer.session import MAX_NEW_TOKENS, StreamTurn
from components.infer.spent import Spent
from components.model.adapter import Adapter
from components.model.positions import Grid
from components.protocol.states import State
from components.protocol.turns import Turn

Said = tuple[float, str | None]  # the probability of speaking, and what is said where it is spoken
Key = tuple[str, str, int, int, float]  # video, question, asked, turn, end of the frames shown


class Answers:
    """Decides and answers moments with one timing; `spent` adds up."""

    def __init__(self, timing: Timing, max_new_tokens: int):
        self.timing, self.max_new_tokens, self.spent = timing, max_new_tokens, Spent()

    def said(self, moments: Sequence[Moment]) -> list[Said]:
        """The decision of each moment, with its text where the timing fires."""
        with _Counted(self):
            shares = self.timing.shares(moments)
        speaking = [place for place, share in enumerate(shares) if share >= self.timing.threshold]
        texts = dict(zip(speaking, self.texts([moments[place] for place in speaking]), strict=True))
        return [(share, texts.get(place)) for place, share in enumerate(shares)]

    def texts(self, moments: Sequence[Moment]) -> list[str]:
        """What the offline model answers at some moments."""
        asked = [moment.about(moment.question) for moment in moments]
        with _Counted(self):
            found = self.timing.offline.answer_many(asked, max_new_tokens=self.max_new_tokens)
        self.spent.texts += len(found)
        return found


class _Counted:
    """Adds what the offline model does in the block to `spent`."""

    def __init__(self, answers: Answers):
        self.answers, self.offline = answers, answers.timing.offline

    def __enter__(self) -> None:
        self.before = self.offline.forwards, self.offline.tokens

    def __exit__(self, *_: object) -> None:
        self.answers.spent.forwards += self.offline.forwards - self.before[0]
        self.answers.spent.tokens += self.offline.tokens - self.before[1]


class GatedStreams:
    """`lockstep.Lockstep.watch` under a timing."""

    def __init__(self, timing: Timing, frames: Frames, *, max_new_tokens: int = MAX_NEW_TOKENS):
        self.frames, self.answers = frames, Answers(timing, max_new_tokens)

    @property
    def spent(self) -> Spent:
        """What watching cost so far."""
        return self.answers.spent

    @torch.no_grad()
    def watch(
        self, plans: Sequence[Plan], *, share: bool = True, done: Callable[[int], None] | None = None
    ) -> list[Watched]:
        """Watch every plan; results in the order of the plans.

        `share`: moments that are alike in several plans are decided once. Exact where a turn's frames do not
        depend on `until_s`, that is at one frame a second.
        """
        known: dict[Key, Said] = {}
        results = []
        for plan in plans:
            results.append(self._watch(plan, known if share else {}, shared=share))
            if done:
                done(1)
        return results

    def _watch(self, plan: Plan, known: dict[Key, Said], *, shared: bool) -> Watched:
        shown = {
            turn: _shown(*self.frames.rows(plan.video, turn, plan.until_s)) for turn in range(plan.turns)
        }
        end = 0.0 if shared else plan.until_s
        moments = standing(plan, shown)
        keys = [(plan.video, m.question, m.asked, m.turn, end) for m in moments]
        new = [place for place, key in enumerate(keys) if key not in known]
        asked = [place for place in new if moments[place].question]
        known.update({keys[place]: (0.0, None) for place in new})
        said = self.answers.said([moments[place] for place in asked])
        known.update({keys[place]: each for place, each in zip(asked, said, strict=True)})
        self.answers.spent.turns += len(new)
        turns = [
            turn_of(known[key][1], m.turn, plan.questions(m.turn))
            for key, m in zip(keys, moments, strict=True)
        ]
        if not plan.force or not moments[-1].question:
            return Watched(turns)
        text = turns[-1].text
        return Watched(turns, self.answers.texts(moments[-1:])[0] if text is None else text)


def standing(plan: Plan, shown: Mapping[int, Shown]) -> list[Moment]:
    """The turns of a plan, each with the last question asked by then; "" before the first one."""
    moments, asked, question = [], 0, ""
    for turn in range(plan.turns):
        for text in plan.questions(turn):
            asked, question = turn, text
        moments.append(Moment(turn, asked, question, shown))
    return moments


def turn_of(text: str | None, turn: int, questions: tuple[str, ...]) -> Turn:
    """A turn on which `text` was said, or nothing."""
    return Turn(turn, questions, State.SILENCE if text is None else State.RESPONSE, text)


def _shown(rows_NF: Tensor, grids: Sequence[Grid]) -> Shown:
    return rows_NF, tuple(grids)


class GatedSession:
    """A live stream under a timing, with the calls of `StreamSession`."""

    def __init__(self, timing: Timing, adapter: Adapter, *, max_new_tokens: int = MAX_NEW_TOKENS):
        self.adapter, self.answers = adapter, Answers(timing, max_new_tokens)
        self.shown: dict[int, Shown] = {}
        self.turn = 0  # the next turn
        self._waiting = Waiting()
        self._asked, self._question = 0, ""

    def ask(self, text: str, at: float | None = None) -> int:
        """Ask on the next turn, or `at` seconds by rule of time 1; returns the turn."""
        return self._waiting.ask(text, at, self.turn)

    def waiting(self) -> list[tuple[float, str]]:
        """`(seconds, text)` of questions no turn has shown yet."""
        return self._waiting.left()

    def push(self, frames: Sequence[np.ndarray]) -> StreamTurn:
        """Show the k images, (H, W, 3) uint8, of the next second and return what is done."""
        if not len(frames) or any(frame.ndim != 3 or frame.shape[2] != 3 for frame in frames):
            raise UsageError(f"turn {self.turn}: expected (height, width, 3) images")
        pixel_values, grids = self.adapter.encode_frame(frames)
        return self.push_features(self.adapter.features(pixel_values, grids), grids)

    @torch.no_grad()
    def push_features(self, features_NF: Tensor, grids: Sequence[Grid]) -> StreamTurn:
        """`push` with the frames' vision-tower rows; `logits` of the turn is empty, no stream was run."""
        turn, before = self.turn, self.answers.spent.forwards
        questions = self._waiting.take(turn)
        self.shown[turn] = _shown(features_NF, grids)
        self.shown.pop(turn - CONTEXT_TURNS, None)
        self.turn += 1
        if questions:
            self._asked, self._question = turn, questions[-1]
        share, text = self.answers.said([self._moment()])[0] if self._question else (0.0, None)
        self.answers.spent.turns += 1
        return StreamTurn(
            turn, questions, State.SILENCE if text is None else State.RESPONSE, text,
            start_s=float(turn), end_s=float(turn + 1),
            p_silence=1.0 - share, p_standby=0.0, p_response=share,
            forwards=self.answers.spent.forwards - before, logits=torch.empty(0),
        )  # fmt: skip

    def force(self) -> str:
        """What it would have said on the turn just pushed."""
        if not self._question:
            raise UsageError("an answer can be forced only where a question stands")
        return self.answers.texts([self._moment()])[0]

    def clone(self) -> "GatedSession":
        """An independent session at the same point of the stream; the cost is added up in one place."""
        other = copy.copy(self)
        other.shown, other._waiting = dict(self.shown), self._waiting.copy()
        return other

    def _moment(self) -> Moment:
        return Moment(self.turn - 1, self._asked, self._question, self.shown)
