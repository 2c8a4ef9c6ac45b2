"""The frames the rules run on, read from parquet batch by batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from components.protocol.states import LABELS
from components.validate import columns
from components.validate.schema import (
    EVENT_COLUMNS,
    TEXT_OR_NULL,
    TURN_COLUMNS,
    VIDEO_COLUMNS,
    WHOLE,
    open_table,
)

BATCH_ROWS = 1 << 18
NO_QUESTION = -1
# Column of the turn frame: column of the file.
CODED = {"sample": "sample_id", "video": "video_id", "task": "task"}
NUMBERS = {"turn": "turn", "start_s": "start_s", "end_s": "end_s", "duration_s": "video_duration_s"}
KINDS: dict[str, type] = {
    **dict.fromkeys(CODED, np.int32),
    "state": np.int8,
    "turn": np.int32,
    **dict.fromkeys(("start_s", "end_s", "duration_s"), np.float64),
    **dict.fromkeys(("has_text", "has_question", "has_token"), np.bool_),
}


@dataclass(frozen=True)
class Tables:
    """What one gate run judges.

    `turns` columns: sample, video, task (categorical), state (int8 index into LABELS, -1 unknown), turn
    (int32), start_s, end_s, duration_s (float64), has_text, has_question, has_token (bool); with a manifest
    video_known (bool); with events own_question (int32: the turn of the question a Response answers,
    NO_QUESTION where not known). The rows of one sample stand together, in the order of the file.

    `events` (or None) columns: sample (text), start_s, end_s, duration_s (float64; NaN for an unknown
    sample), sample_known (bool).
    """

    turns: pd.DataFrame
    events: pd.DataFrame | None


def load_tables(turns: Path, events: Path | None = None, videos: Path | None = None) -> Tables:
    """Read the turn table and, where given, the event table and the manifest.

    Raises:
        DataError: a file or a column cannot be read (named).

    """
    frame, texts = _read_turns(turns, with_texts=events is not None)
    if videos is not None:
        frame["video_known"] = _video_known(frame, videos)
    if events is None:
        return Tables(_grouped(frame), None)
    event_frame = _read_events(events)
    frame["own_question"] = _own_question(frame, texts, event_frame)
    facts = frame.drop_duplicates("sample").set_index("sample")["duration_s"]
    facts.index = facts.index.astype(object)
    event_frame["duration_s"] = event_frame["sample"].map(facts).astype(float)
    event_frame["sample_known"] = event_frame["sample"].isin(facts.index)
    return Tables(_grouped(frame), event_frame.drop(columns=["text", "question_turn"], errors="ignore"))


def _read_turns(path: Path, *, with_texts: bool) -> tuple[pd.DataFrame, np.ndarray]:
    """The turn frame without the joined columns, and (if asked) per row the text of a Response, else None."""
    file = open_table(path, TURN_COLUMNS)
    rows, start = file.metadata.num_rows, 0
    whole = {name: np.empty(rows, dtype=kind) for name, kind in KINDS.items()}
    texts = np.full(rows if with_texts else 0, None, dtype=object)
    coders = {name: columns.Coder() for name in CODED}
    for batch in file.iter_batches(BATCH_ROWS, columns=list(TURN_COLUMNS)):
        part = slice(start, start + len(batch))
        for name, column in CODED.items():
            codes = coders[name].codes(batch.column(column))
            whole[name][part] = columns.full(codes, column, path)
        for name, column in NUMBERS.items():
            whole[name][part] = columns.numbers(batch.column(column), column, path)
        text, question = batch.column("text"), batch.column("question")
        whole["state"][part] = _state_codes(batch.column("state"))
        whole["has_text"][part] = columns.has_text(text)
        whole["has_question"][part] = columns.has_question(question)
        whole["has_token"][part] = columns.has_token(text, question)
        if with_texts:
            texts[part] = _response_texts(text, whole["state"][part])
        start += len(batch)
    frame = {name: coders[name].categorical(whole[name]) if name in CODED else whole[name] for name in whole}
    return pd.DataFrame(frame, copy=False), texts


def _state_codes(column: pa.Array) -> np.ndarray:
    """(N,) int8 index into LABELS; -1 for null and for any other word."""
    if pa.types.is_null(column.type):
        return np.full(len(column), -1, dtype=np.int8)
    coder = columns.Coder()
    codes = coder.codes(column)
    known = [LABELS.index(word) if word in LABELS else -1 for word in coder.index]
    states: np.ndarray = np.array([*known, -1], dtype=np.int8)[codes]
    return states


def _response_texts(column: pa.Array, state: np.ndarray) -> np.ndarray:
    texts = np.full(len(state), None, dtype=object)
    rows = np.flatnonzero(state == LABELS.index("response"))
    texts[rows] = column.take(pa.array(rows)).to_pylist()
    return texts


def _read_events(path: Path) -> pd.DataFrame:
    """The event table; `text` and `question_turn` only if the file has both."""
    file = open_table(path, EVENT_COLUMNS)
    names = list(EVENT_COLUMNS)
    if {"text", "question_turn"} <= set(file.schema_arrow.names):
        open_table(path, {"text": TEXT_OR_NULL, "question_turn": WHOLE})
        names += ["text", "question_turn"]
    frame = file.read(columns=names).to_pandas(categories=[], strings_to_categorical=False)
    return frame.rename(columns={"sample_id": "sample"}).astype({"sample": object})


def _video_known(frame: pd.DataFrame, manifest: Path) -> np.ndarray:
    known = set(open_table(manifest, VIDEO_COLUMNS).read(columns=["video_id"]).column(0).to_pylist())
    names: Sequence[str] = frame["video"].cat.categories
    table = np.array([name in known for name in names], dtype=bool)
    return table[frame["video"].cat.codes.to_numpy()] if len(table) else np.empty(0, dtype=bool)


def _own_question(frame: pd.DataFrame, texts: np.ndarray, events: pd.DataFrame) -> np.ndarray:
    """(N,) int32: the earliest question an event with this Response's sample and text belongs to."""
    own = np.full(len(frame), NO_QUESTION, dtype=np.int32)
    rows = np.flatnonzero(pd.notna(texts))
    if "question_turn" not in events or not len(rows):
        return own
    asked = events.groupby(["sample", "text"], sort=False)["question_turn"].min()
    keys = pd.MultiIndex.from_arrays([frame["sample"].iloc[rows].astype(object), texts[rows]])
    own[rows] = asked.reindex(keys).fillna(NO_QUESTION).to_numpy().astype(np.int32)
    return own


def _grouped(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of one sample side by side, keeping their order in the file; no copy if they already are."""
    codes = frame["sample"].cat.codes.to_numpy()
    if len(codes) and (np.diff(codes) < 0).any():  # codes number samples in order of appearance
        return frame.iloc[np.argsort(codes, kind="stable")].reset_index(drop=True)
    return frame
