"""A converted sample before its turns are spelled out: a byte a turn, and what is said where.

Nine turns in ten say nothing. Tables are made of this form (`columnar`), so that tens of millions of turns
are never Python objects; `Placed.dialogue()` spells the same sample out.
"""

from dataclasses import dataclass, field, replace

from components.protocol.states import STATES
from components.protocol.turns import Dialogue, Turn, plain_turn

SILENCE, STANDBY, RESPONSE = range(3)  # codes: positions in STATES and LABELS


@dataclass(slots=True)
class Placed:
    """One sample. A quarantined one has no states; `head.quarantine` says why.

    Attributes:
        head: the dialogue without its turns: ids, events, quarantine, counts.
        states: (turns,) code of each turn's state.
        texts: Response turn -> its text; exactly the turns whose code is RESPONSE.
        questions: turn -> the questions asked there, in order.

    """

    head: Dialogue
    states: bytearray = field(default_factory=bytearray)
    texts: dict[int, str] = field(default_factory=dict)
    questions: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def dialogue(self) -> Dialogue:
        """The dialogue with its turns."""
        turns = [plain_turn(turn, STATES[code]) for turn, code in enumerate(self.states)]
        for turn in {**self.texts, **self.questions}:
            state = turns[turn].state
            turns[turn] = Turn(turn, self.questions.get(turn, ()), state, self.texts.get(turn))
        return replace(self.head, turns=turns)
