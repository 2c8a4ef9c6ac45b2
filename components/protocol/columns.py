"""Schemas of the turn and the event table, and dialogues -> Arrow columns, built a column at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from components.protocol.states import LABELS, STATES
from components.protocol.turns import Dialogue

_WORD = pa.dictionary(pa.int32(), pa.string())
_CODE = {state: code for code, state in enumerate(STATES)}

TURN_SCHEMA = pa.schema(
    [
        pa.field("sample_id", _WORD, nullable=False),
        pa.field("video_id", _WORD, nullable=False),
        pa.field("video_duration_s", pa.float64(), nullable=False),
        pa.field("task", _WORD, nullable=False),
        pa.field("source", _WORD, nullable=False),
        pa.field("turn", pa.int32(), nullable=False),
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
        pa.field("question", pa.list_(pa.string()), nullable=False),
        pa.field("state", _WORD, nullable=False),
        pa.field("text", pa.string()),
    ]
)
EVENT_SCHEMA = pa.schema(
    [
        pa.field("sample_id", _WORD, nullable=False),
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("question_turn", pa.int32(), nullable=False),
    ]
)


def turn_table(dialogues: Sequence[Dialogue]) -> pa.Table:
    """The turns of some dialogues as one Arrow table (TURN_SCHEMA); a quarantined dialogue adds no row."""
    lengths = np.array([len(dialogue.turns) for dialogue in dialogues], dtype=np.int64)
    turns = [turn for dialogue in dialogues for turn in dialogue.turns]
    index = np.array([turn.turn for turn in turns], dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(turn.questions) for turn in turns])]).astype(np.int32)
    questions = pa.array([question for turn in turns for question in turn.questions], pa.string())
    states = pa.array(np.array([_CODE[turn.state] for turn in turns], dtype=np.int32))
    durations = np.array([dialogue.duration_s for dialogue in dialogues], dtype=np.float64)
    columns = {
        "sample_id": repeat_words([dialogue.sample_id for dialogue in dialogues], lengths),
        "video_id": repeat_words([dialogue.video_id for dialogue in dialogues], lengths),
        "video_duration_s": pa.array(np.repeat(durations, lengths)),
        "task": repeat_words([dialogue.task for dialogue in dialogues], lengths),
        "source": repeat_words([dialogue.source for dialogue in dialogues], lengths),
        "turn": pa.array(index),
        "start_s": pa.array(index.astype(np.float64)),
        "end_s": pa.array(index.astype(np.float64) + 1.0),
        "question": pa.ListArray.from_arrays(pa.array(offsets), questions),
        "state": pa.DictionaryArray.from_arrays(states, pa.array(LABELS)),
        "text": pa.array([turn.text for turn in turns], pa.string()),
    }
    return pa.table([columns[name] for name in TURN_SCHEMA.names], schema=TURN_SCHEMA)


def event_table(dialogues: Sequence[Dialogue]) -> pa.Table:
    """The placed responses of some dialogues as one Arrow table (EVENT_SCHEMA)."""
    events = [event for dialogue in dialogues for event in dialogue.events]
    lengths = np.array([len(dialogue.events) for dialogue in dialogues], dtype=np.int64)
    columns = [
        repeat_words([dialogue.sample_id for dialogue in dialogues], lengths),
        pa.array([event.start_s for event in events], pa.float64()),
        pa.array([event.end_s for event in events], pa.float64()),
        pa.array([event.text for event in events], pa.string()),
        pa.array([event.question_turn for event in events], pa.int32()),
    ]
    return pa.table(columns, schema=EVENT_SCHEMA)


def repeat_words(words: Sequence[str], lengths: np.ndarray[Any, Any]) -> pa.DictionaryArray:
    """Word i repeated lengths[i] times, dictionary encoded in the order of first appearance."""
    codes: dict[str, int] = {}
    indices = np.array([codes.setdefault(word, len(codes)) for word in words], dtype=np.int32)
    return pa.DictionaryArray.from_arrays(
        pa.array(np.repeat(indices, lengths)), pa.array(list(codes), pa.string())
    )
