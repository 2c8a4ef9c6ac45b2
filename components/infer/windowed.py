"""A stream of limited memory: it keeps its last turns and the questions asked so far, however long it runs.

The window is that of `components.protocol.windows`, which training shares. To move it by one turn would mean
to encode all of it again each second (reference.md, defect 7), so it moves by half: when `width` turns are
held and one more is due, the last `width - width // 2` are encoded again, with the standing questions on the
first of them, and the stream goes on from there. Each turn is so encoded about twice, and every decision is
made on between half and the whole of `width` turns. When the window moves depends on the turn's number alone,
so streams of one video that share their turns before a question stay alike.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from components.core.errors import UsageError
from components.infer.decisions import Policy
from components.infer.session import MAX_NEW_TOKENS, Past, StreamSession, StreamTurn
from components.infer.spent import Spent
from components.model.adapter import Adapter
from components.model.positions import Grid
from components.protocol.states import STATES
from components.protocol.turns import Turn
from components.protocol.windows import window


@dataclass(frozen=True)
class Kept:
    """A turn in the window: as it was lived, and what encoding it again needs."""

    turn: Turn
    past: Past


class WindowedSession:
    """A `StreamSession` that holds at most `width` turns.

    Args:
        adapter: a model with state tokens.
        width: turns kept, at least 2.
        keep: turns that stay when the window moves, fewer than `width`; by default half of them. `width - 1`
            encodes the whole window again each second, and every decision sees all of it.
        max_new_tokens: tokens of an answer's text at most.
        spent: where forwards, turns, texts and tokens are added up; sessions may share it.
        policy: decides on each turn; by default the arg max over the three states.

    """

    def __init__(
        self,
        adapter: Adapter,
        *,
        width: int,
        keep: int | None = None,
        max_new_tokens: int = MAX_NEW_TOKENS,
        spent: Spent | None = None,
        policy: Policy | None = None,
    ):
        if width < 2:
            raise UsageError(f"a window of {width} turns cannot be moved by half; keep 2 turns or more")
        self.adapter, self.width, self.max_new_tokens = adapter, width, max_new_tokens
        self.keep = width - width // 2 if keep is None else keep
        self.policy = policy
        if not 1 <= self.keep < width:
            raise UsageError(f"a window of {width} turns that keeps {self.keep} of them never moves")
        self.spent = spent if spent is not None else Spent()
        self.kept: list[Kept] = []
        self._session = StreamSession(adapter, max_new_tokens=max_new_tokens, policy=policy)
        self._waiting: list[str] = []

    @property
    def turn(self) -> int:
        """The next turn."""
        return self._session.turn

    def ask(self, text: str) -> int:
        """Ask on the next turn; returns it."""
        self._waiting.append(text)
        return self.turn

    def push_features(self, features_NF: Tensor, grids: Sequence[Grid]) -> StreamTurn:
        """Show the next second by its frames' vision-tower rows (N, F); what the model does."""
        if len(self.kept) == self.width:
            self._move()
        session = self._session
        for text in self._waiting:
            session.ask(text)
        self._waiting = []
        before = session.forwards, len(session.fed)
        lived = session.push_features(features_NF, grids)
        self._count(session.forwards - before[0], len(session.fed) - before[1])
        self.spent.turns += 1
        self.spent.texts += lived.text is not None
        answer = (self.adapter.state_ids[STATES.index(lived.state)], *lived.text_ids)
        past = Past(lived.turn, lived.questions, answer, features_NF, tuple(grids))
        self.kept.append(Kept(Turn(lived.turn, lived.questions, lived.state, lived.text), past))
        return lived

    def force(self) -> str:
        """What the model would say on the turn just pushed if it had to; the stream is left as it is."""
        other = self._session.clone()
        before = other.forwards, len(other.fed)
        text = other.respond()
        self._count(other.forwards - before[0], len(other.fed) - before[1])
        self.spent.texts += 1
        return text

    def clone(self) -> "WindowedSession":
        """An independent session at the same point of the stream; the cost is added up in one place."""
        other = copy.copy(self)
        other.kept, other._waiting = list(self.kept), list(self._waiting)
        other._session = self._session.clone()
        return other

    def _move(self) -> None:
        """Let the older turns go; the rest is encoded again, standing questions first."""
        held = window([each.turn for each in self.kept], self.width - 1, self.keep)
        kept = self.kept[-len(held) :]
        head = Kept(held[0], replace(kept[0].past, questions=held[0].questions))
        self.kept = [head, *kept[1:]]
        self._session = StreamSession(self.adapter, max_new_tokens=self.max_new_tokens, policy=self.policy)
        self._session.replay([each.past for each in self.kept])
        self._count(self._session.forwards, len(self._session.fed))

    def _count(self, forwards: int, tokens: int) -> None:
        self.spent.forwards += forwards
        self.spent.tokens += tokens
