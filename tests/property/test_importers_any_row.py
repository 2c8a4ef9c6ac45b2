"""Rows with anything in any place: each is a label or a counted rejection, never a crash, never lost."""

import copy
import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.annotate.importers import IMPORTERS
from components.annotate.importers.account import Options
from components.protocol.states import contains_state_token
from tests.support.imported import balanced

TALK = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "1.0 - 2.0 seconds, it."}]
ET = {
    "source": "coin",
    "video": "coin/a.mp4",
    "duration": 9.5,
    "src": None,
    "tgt": [1, 2],
    "conversations": TALK,
}
OWN = {
    "video": "a.mp4",
    "task": "tsqa",
    "question": "q",
    "question_time": 1,
    "answer": "a",
    "start": 1,
    "end": 2,
}
ROWS = {
    "activitynet_captions": [{"duration": 9.5, "timestamps": [[0, 2], [1, 3.5]], "sentences": ["a", "b"]}],
    "youcook2": [{"duration": 9, "annotations": [{"segment": [1, 2], "sentence": "a"}]}],
    "qvhighlights": [{"query": "a", "vid": "x", "duration": 9, "relevant_windows": [[1, 2], [3, 4]]}],
    "didemo": [{"num_segments": 5, "video": "x", "description": "a", "times": [[0, 1], [0, 1], [2, 2]]}],
    "charades_sta": [{"image_id": "x", "caption": "a", "timestamp": [1, 2]}],
    "streamo": [
        {
            "video_path": "v.mp4",
            "task_type": "QA",
            "source": "coin",
            "question": [{"content": "q", "time": 1}],
            "response": [
                {"content": "a", "st_time": 2, "end_time": 3, "time": ""},
                {"content": "b", "time": 4},
            ],
        }
    ],
    "et_instruct": [{**ET, "task": task} for task in ("tvg", "slc", "rvq")],
    "llava_video": [{"video": "a.mp4", "data_source": "x", "conversations": [*TALK, *TALK]}],
    "jsonl": [OWN, {**OWN, "sample": "s", "time": 3, "duration": 9, "source": "me"}],
}
JUNK = st.sampled_from(
    [
        *[
            None,
            True,
            10**400,
            "9" * 400,
            1e308,
            0,
            -1,
            7,
            1.5,
            math.nan,
            math.inf,
            1e300,
            10**30,
            "",
            " ",
            "x",
            "3",
            "00:09",
            "-1",
            "nan",
        ],
        *[
            "</Response>",
            "a < / standby >",
            "<stream>",
            "\ud800",
            "\0",
            "../x",
            "/x",
            "file:x",
            "a\\b",
            "<vid>",
            "9 s",
        ],
        *[[], [[]], [1], [1, 2], [2, 1], [[1, 2], 3], ["a", "b"], {}, {"content": 1}, {"segment": [1, 2]}],
    ]
)


def places(value, here=()):
    """Every path into a JSON value, the value itself too."""
    yield here
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from places(child, (*here, key))


@st.composite
def damaged(draw, name):
    rows = copy.deepcopy(draw(st.lists(st.sampled_from(ROWS[name]), min_size=1, max_size=4)))
    for _ in range(draw(st.integers(0, 3))):
        *way, last = draw(st.sampled_from([place for place in places(rows) if place]))
        held = rows
        for key in way:
            held = held[key]
        if isinstance(held, dict) and draw(st.booleans()):
            held.pop(last)
        else:
            held[last] = copy.deepcopy(draw(JUNK))
    return rows


def write(name, path, rows):
    """The rows as a file of the set."""
    if name == "jsonl":  # a column that is not known ends the import on purpose
        rows = [
            {k: v for k, v in row.items() if k in {*OWN, "sample", "time"}} if isinstance(row, dict) else row
            for row in rows
        ]
    if name in {"qvhighlights", "jsonl"}:
        path.write_text("\n".join(json.dumps(row) for row in rows))
    elif name in {"activitynet_captions", "youcook2"}:
        named = {f"v{n}" if n else "\ud800": row for n, row in enumerate([None, *rows])}
        path.write_text(json.dumps({"database": named} if name == "youcook2" else named))
    else:
        path.write_text(json.dumps({"annotations": rows} if name == "charades_sta" else rows))


@pytest.mark.parametrize("name", ROWS)
@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_any_row_is_a_label_or_a_counted_rejection(name, tmp_path, data):
    rows = data.draw(damaged(name))
    path = tmp_path / ("t.jsonl" if name == "jsonl" else "t.json")
    write(name, path, rows)
    found = balanced(IMPORTERS[name].read([path], Options(durations={"LLaVA_Video/x/a.mp4": 9.5})))
    json.dumps([found.rejected, found.dropped], ensure_ascii=False).encode("utf-8")  # can be written
    assert found.counts["rows"] >= (len(rows) if name != "jsonl" else 1)
    for label in found.labels:
        assert json.loads(json.dumps(label, allow_nan=False)) == label
        texts = [item["content"] for item in (*label["question"], *label["response"])]
        assert not any(contains_state_token(text) or not text.strip() for text in texts)
        assert not label["video_path"].startswith("/") and ".." not in label["video_path"].split("/")
        times = [
            float(r[key])
            for r in label["response"]
            for key in ("st_time", "end_time", "time")
            if r[key] != ""
        ]
        assert all(0 <= time < math.inf for time in times)
