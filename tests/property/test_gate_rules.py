"""The vectorised rules against a slow restatement, and against what the conversion writes."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.protocol.convert import convert_sample, num_turns
from components.protocol.tables import event_table, turn_table
from components.validate import rules_ids, rules_states, rules_time
from components.validate.rules import ROW_RULES
from components.validate.tables import load_tables

SETTINGS = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
ROW = st.fixed_dictionaries(
    {
        "turn": st.integers(0, 4),
        "shift": st.sampled_from([0.0, 0.0, 0.0, 0.5, -1.0, 1.0]),
        "length": st.sampled_from([1.0, 1.0, 1.0, 0.0, 2.0]),
        "duration_s": st.sampled_from([3.5, 9.0]),
        "state": st.integers(-1, 2),
        "has_question": st.booleans(),
        "video": st.sampled_from(["a", "b"]),
    }
)
TABLE = st.lists(st.lists(ROW, min_size=1, max_size=6), max_size=4)


def frame_of(samples: list[list[dict[str, object]]]) -> pd.DataFrame:
    rows = [{**row, "sample": f"s{number}"} for number, sample in enumerate(samples) for row in sample]
    names = ["sample", "turn", "shift", "length", "duration_s", "state", "has_question", "video"]
    frame = pd.DataFrame(rows, columns=names)
    frame["start_s"] = frame["turn"].astype(float) + frame.pop("shift").astype(float)
    frame["end_s"] = frame["start_s"] + frame.pop("length").astype(float)
    frame["sample"] = pd.Categorical(frame["sample"], categories=[f"s{n}" for n in range(len(samples))])
    kinds = {"turn": np.int32, "duration_s": float, "state": np.int8, "has_question": bool}
    return frame.astype(kinds | {"video": "category"})


def slow_time(sample: pd.DataFrame) -> dict[str, list[bool]]:
    """The three rules of time and the repeated turns of one sample, row by row."""
    rows = sample.to_dict("records")
    seen: set[int] = set()
    out: dict[str, list[bool]] = {name: [False] * len(rows) for name in ("repeated", "late", "back", "gap")}
    judged = []
    for place, row in enumerate(rows):
        out["repeated"][place] = row["turn"] in seen
        seen.add(row["turn"])
        out["late"][place] = row["start_s"] >= row["duration_s"]
        if not (out["repeated"][place] or out["late"][place]):
            judged.append(place)
    for before, place in zip([None, *judged], judged, strict=False):
        row, last = rows[place], None if before is None else rows[before]
        back = row["end_s"] <= row["start_s"]
        if last is not None:
            back = back or row["start_s"] <= last["start_s"] or row["turn"] < last["turn"]
        out["back"][place] = back
        due = 0 if last is None else last["turn"] + 1
        out["gap"][place] = (row["turn"], row["start_s"], row["end_s"]) != (due, row["turn"], row["turn"] + 1)
    if any(out["back"]):
        out["gap"] = [False] * len(rows)
    return out


@given(TABLE)
@SETTINGS
def test_rules_of_time_equal_the_slow_ones(samples: list[list[dict[str, object]]]) -> None:
    frame = frame_of(samples)
    slow = [slow_time(part) for _, part in frame.groupby("sample", observed=True)]
    for name, rule in [
        ("repeated", rules_time.repeated_turns),
        ("late", rules_time.past_end),
        ("back", rules_time.backward),
        ("gap", rules_time.gaps),
    ]:
        assert rule(frame).tolist() == [value for part in slow for value in part[name]], name


@given(TABLE)
@SETTINGS
def test_questions_and_videos_equal_the_slow_ones(samples: list[list[dict[str, object]]]) -> None:
    frame = frame_of(samples)
    unasked, second = [], []
    for _, part in frame.groupby("sample", observed=True):
        asked = [row.turn for row in part.itertuples() if row.has_question]
        first = min(asked, default=10**6)
        unasked += [row.state == rules_states.RESPONSE and row.turn < first for row in part.itertuples()]
        second += [row.video != part["video"].iloc[0] for row in part.itertuples()]
    assert rules_states.unasked(frame).tolist() == unasked
    assert rules_ids.second_video(frame).tolist() == second


TIME = st.floats(0, 14, allow_nan=False).map(lambda value: round(value, 2))


@st.composite
def labels(draw: st.DrawFn) -> dict[str, object]:
    questions = [
        {"content": f"q{n}", "time": time}
        for n, time in enumerate(draw(st.lists(TIME, min_size=1, max_size=3)))
    ]
    responses = []
    for number, (wide, one, other) in enumerate(
        draw(st.lists(st.tuples(st.booleans(), TIME, TIME), max_size=8))
    ):
        content = f"answer {number % 3}"  # texts repeat: they name no event by themselves
        if wide:
            span = {"st_time": min(one, other), "end_time": max(one, other), "time": ""}
        else:
            span = {"st_time": "", "end_time": "", "time": one}
        responses.append({"content": content, **span})
    return {"question": questions, "response": responses}


@given(
    st.lists(st.tuples(labels(), TIME), min_size=1, max_size=5), st.sampled_from(["corrected", "released"])
)
@settings(SETTINGS, max_examples=100)
def test_the_gate_accepts_whatever_the_conversion_writes(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[dict[str, object], float]], rules: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    dialogues = []
    for number, (label, duration) in enumerate(drawn):
        raw = {"id": f"s{number}", "video_path": "v.mp4", "task_type": "narration", "source": "t", **label}
        seconds = duration + 1
        dialogues.append(convert_sample(raw, num_turns(seconds), duration_s=seconds, rules=rules))
    pq.write_table(turn_table(dialogues), folder / "gate_t.parquet")
    pq.write_table(event_table(dialogues), folder / "gate_e.parquet")
    tables = load_tables(folder / "gate_t.parquet", folder / "gate_e.parquet")
    assert tables.events is not None
    for rule in ROW_RULES:
        frame = tables.turns if rule.table == "turns" else tables.events
        if set(rule.needs) <= set(frame.columns):
            assert not rule.find(frame).any(), rule.name
