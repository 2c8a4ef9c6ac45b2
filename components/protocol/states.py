"""The three states and their spelling: the ONLY place where the tokens are written.

The closing-tag spelling is that of the released code and labels (paper, section 3; reference.md).
"""

import enum


class State(enum.StrEnum):
    """What the model decides first in every turn; the value is the token in the vocabulary."""

    SILENCE = "</Silence>"
    STANDBY = "</Standby>"
    RESPONSE = "</Response>"

    @property
    def label(self) -> str:
        """`silence`, `standby` or `response`: the spelling used in tables and metrics."""
        return self.name.lower()


STATES: tuple[State, State, State] = (State.SILENCE, State.STANDBY, State.RESPONSE)
LABELS: tuple[str, str, str] = ("silence", "standby", "response")


def from_label(label: str) -> State:
    """The state of a table label; ValueError for anything else."""
    try:
        return State[label.upper()]
    except KeyError:
        raise ValueError(f"unknown state {label!r}; expected one of {', '.join(LABELS)}") from None


def contains_state_token(text: str) -> bool:
    """Whether a foreign text spells a state token (any case, optional blanks): such text is never a state."""
    if "<" not in text:  # every token begins with it, and nearly no text has it
        return False
    squeezed = "".join(text.lower().split())
    return any(state.value.lower() in squeezed for state in STATES)
