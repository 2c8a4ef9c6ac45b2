"""How many tokens and labels a sample has at an offset, without its pixels: exact, cheap on every rank."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from components.model.adapter import Adapter
from components.protocol.states import State
from components.protocol.turns import Dialogue, shift_times
from components.train.labels import Labels
from components.train.windows import Sizes

FrameSize = Callable[[str], tuple[int, int]]


class Measure:
    """Counts the tokens and the labels that `components.model.encode` will make (tested equal).

    Frames of equal size have equal grids, so the image processor is asked once a size, with a black picture.
    """

    def __init__(self, adapter: Adapter, frame_size: FrameSize):
        """`frame_size(video_id)` gives the (height, width) of a video's pictures."""
        self.adapter, self.frame_size = adapter, frame_size
        self.text = lru_cache(maxsize=65536)(lambda text: len(adapter.text_ids(text)))
        self.visual = lru_cache(maxsize=4096)(self._visual)
        self.user = lru_cache(maxsize=65536)(self._user)
        self.answer = lru_cache(maxsize=65536)(self._answer)

    def sizes(self, dialogue: Dialogue, offset: int) -> Sizes:
        """Tokens and labels of a dialogue, turn by turn, with `offset` seconds added to its clock."""
        visual = self.visual(*self.frame_size(dialogue.video_id))
        layout = self.adapter.layout
        around = len(layout.assistant_head) + len(layout.tail)
        turns, asked, labels = [], [], []
        for turn in dialogue.turns:
            asked.append(sum(self.text(f"{shift_times(question, offset)}\n") for question in turn.questions))
            text = None if turn.text is None else shift_times(turn.text, offset)
            tokens, learnt = self.answer(turn.state, text)
            turns.append(asked[-1] + self.user(turn.turn + offset, visual) + around + tokens)
            labels.append(learnt)
        return Sizes(len(self.adapter.prefix_ids()), tuple(turns), tuple(asked), tuple(labels))

    def _visual(self, height: int, width: int) -> int:
        _, grids = self.adapter.encode_frame([np.zeros((height, width, 3), np.uint8)])
        return self.adapter.n_visual(grids)[0]

    def _answer(self, state: State, text: str | None) -> tuple[int, Labels]:
        """Tokens of an answer, and its labels: those tokens and the one that ends it."""
        ids = self.adapter.answer_ids(state, text)
        silence, standby, response = (ids.count(known) for known in self.adapter.state_ids)
        return len(ids), (silence, standby, response, len(ids) + 1)

    def _user(self, second: int, visual: int) -> int:
        return len(self.adapter.user_ids((), second, [visual]))
