"""Derived features of one sample: what can be told of its turns without looking at the video."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from components.protocol.states import STATES, State
from components.protocol.turns import Dialogue

DIGITS = 6


@dataclass(frozen=True)
class SampleFeatures:
    """A row of samples.parquet.

    `silence`, `standby`, `response`: shares of the turns. `first_response_turn` counts from the start of the
    stream, `turns_to_response` from the first question. `answer_tokens` (words between blanks) and
    `answer_characters` are means over the responses, `gap_turns` the mean distance of two responses in turns.
    None where there is no response (gap: fewer than two; turns_to_response: no question before one).
    """

    sample_id: str
    video_id: str
    task: str
    source: str
    duration_s: float
    turns: int
    silence: float
    standby: float
    response: float
    responses: int
    first_response_turn: int | None
    turns_to_response: int | None
    answer_tokens: float | None
    answer_characters: float | None
    gap_turns: float | None


@dataclass(frozen=True)
class Spoken:
    """What the responses of a stream tell, of a sample and of a session log alike."""

    silence: float
    standby: float
    response: float
    responses: int
    first_response_turn: int | None
    answer_tokens: float | None
    answer_characters: float | None
    gap_turns: float | None


def spoken(states: Sequence[State], numbers: Sequence[int], texts: Sequence[str]) -> Spoken:
    """Features of the turns of one stream.

    Args:
        states: the state of each turn.
        numbers: the turn numbers of the responses, ascending.
        texts: what each of them says.

    """
    shares = {state: round(states.count(state) / len(states), DIGITS) for state in STATES}
    gaps = [after - before for before, after in pairwise(numbers)]
    return Spoken(
        silence=shares[State.SILENCE],
        standby=shares[State.STANDBY],
        response=shares[State.RESPONSE],
        responses=len(numbers),
        first_response_turn=numbers[0] if numbers else None,
        answer_tokens=mean([len(text.split()) for text in texts]),
        answer_characters=mean([len(text) for text in texts]),
        gap_turns=mean(gaps),
    )


def mean(values: Sequence[int]) -> float | None:
    """The rounded mean; None of nothing."""
    return round(sum(values) / len(values), DIGITS) if values else None


def sample_features(dialogue: Dialogue) -> SampleFeatures:
    """The row of a dialogue that has turns."""
    said = [(turn.turn, turn.text) for turn in dialogue.turns if turn.text is not None]
    told = spoken(
        [turn.state for turn in dialogue.turns], [turn for turn, _ in said], [text for _, text in said]
    )
    asked = next((turn.turn for turn in dialogue.turns if turn.questions), None)
    answered = None if asked is None else next((turn for turn, _ in said if turn >= asked), None)
    return SampleFeatures(
        sample_id=dialogue.sample_id,
        video_id=dialogue.video_id,
        task=dialogue.task,
        source=dialogue.source,
        duration_s=round(dialogue.duration_s, DIGITS),
        turns=len(dialogue.turns),
        silence=told.silence,
        standby=told.standby,
        response=told.response,
        responses=told.responses,
        first_response_turn=told.first_response_turn,
        turns_to_response=None if answered is None or asked is None else answered - asked,
        answer_tokens=told.answer_tokens,
        answer_characters=told.answer_characters,
        gap_turns=told.gap_turns,
    )
