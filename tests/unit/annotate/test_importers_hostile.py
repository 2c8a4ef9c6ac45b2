"""Importers on hostile files: every row is a label or a rejection with its reason; nothing ends an import."""

import json

import pytest

from components.annotate.importers import IMPORTERS
from components.annotate.importers.account import Options
from components.annotate.importers.et_instruct import clauses, ours, query
from components.annotate.importers.rows import write_rows
from components.core.errors import DataError
from components.core.files import dumps
from components.protocol.times import LONGEST_S
from tests.support.imported import balanced, reasons, said

HUGE = 10**400  # JSON holds such a number, a double does not
HEAD = "video,task,question,answer,time"


def read(name, path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = balanced(IMPORTERS[name].read([path], Options()))
    dumps(found.labels)  # what was taken can be written
    return found


def test_numbers_that_fit_into_no_double(tmp_path):
    rows = {
        "v_a": {"duration": 10, "timestamps": [[0, HUGE], [1, 2]], "sentences": ["x", "y"]},
        "v_b": {"duration": HUGE, "timestamps": [[0, 5]], "sentences": ["x"]},
        "v_c": {"duration": 1e308, "timestamps": [[0, 5]], "sentences": ["x"]},
        "v_d": {"duration": 9, "timestamps": [["0", "9" * 400 + ":00"]], "sentences": ["x"]},
    }
    found = read("activitynet_captions", tmp_path / "t.json", json.dumps(rows))
    assert said(found.labels[0]) == [("y", 1.0, 2.0)] and len(found.labels) == 1
    assert reasons(found.dropped) == {"t.json:v_a/0": "unreadable_time", "t.json:v_d/0": "unreadable_time"}
    assert reasons(found.rejected) == {
        "t.json:v_b": "bad_duration",
        "t.json:v_c": "bad_duration",
        "t.json:v_d": "no_usable_part",
    }


def test_a_time_that_no_video_reaches_is_outside_one_of_unknown_length(tmp_path):
    lines = [f"A 0.0 {'9' * 400}##a", f"B 0 {int(LONGEST_S) + 1}##b", f"C 0 {int(LONGEST_S)}##c"]
    found = read("charades_sta", tmp_path / "t.txt", "\n".join(lines))
    assert list(reasons(found.rejected).values()) == ["unreadable_time", "outside_video"]
    assert [label["video_path"] for label in found.labels] == ["charades/C.mp4"]


def test_more_segments_than_a_video_can_have(tmp_path):
    row = {"video": "a.mp4", "description": "x", "times": [[0, 1], [0, 1]]}
    found = read("didemo", tmp_path / "t.json", json.dumps([{**row, "num_segments": n} for n in (HUGE, 6)]))
    assert reasons(found.rejected) == {"t.json:0": "bad_duration"} and len(found.labels) == 1


@pytest.mark.parametrize("name", ["csv", "jsonl", "didemo", "activitynet_captions", "charades_sta"])
def test_a_byte_order_mark_and_line_ends_of_another_system(tmp_path, name):
    content = {
        "csv": f"{HEAD}\r\na.mp4,narration,q,x,1\r\n",
        "jsonl": '{"video": "a.mp4", "task": "narration", "question": "q", "answer": "x"}\r\n',
        "didemo": '[{"video": "a.mp4", "description": "x", "num_segments": 6, "times": [[0, 1], [0, 1]]}]',
        "activitynet_captions": '{"v": {"duration": 9, "timestamps": [[0, 1]], "sentences": ["x"]}}',
        "charades_sta": "AAA 0 1##x\r\n",
    }[name]
    suffix = {"csv": "csv", "jsonl": "jsonl", "charades_sta": "txt"}.get(name, "json")
    found = read(name, tmp_path / f"t.{suffix}", b"\xef\xbb\xbf" + content.encode())
    assert len(found.labels) == 1 and found.rejected == []


def test_cells_keep_their_line_breaks_and_odd_letters(tmp_path):
    rows = f'{HEAD}\na.mp4,narration,"first\nsecond",yes,1\nb.mp4,narration,one\u2028line\x85,yes,1\n'
    found = read("csv", tmp_path / "t.csv", rows)
    assert [label["question"][0]["content"] for label in found.labels] == [
        "first\nsecond",
        "one\u2028line",  # blanks at its end are taken off: U+0085 is one
    ]


def test_a_bad_row_of_csv_is_one_rejection_at_its_first_line(tmp_path):
    rows = [HEAD, 'a.mp4,narration,"two\nlines",x', f"a.mp4,narration,q,{'x' * 200_000},1"]
    found = read(
        "csv", tmp_path / "t.csv", "\n".join([*rows, 'a.mp4,narration,"q"q,x,1', "a.mp4,narration,q,x,1"])
    )
    assert reasons(found.rejected) == dict.fromkeys(["t.csv:2", "t.csv:4", "t.csv:5"], "malformed")
    assert len(found.labels) == 1


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (f'{HEAD}\na.mp4,narration,"q,x,1\nb.mp4,narration,q,x,1\n', "line 2.*never closed"),
        (f"{HEAD},time\na.mp4,narration,q,x,1,2\n", "'time' stands twice"),
        ("video,task\na.mp4,narration\n", "lacks question"),
        ("", "lacks video, task, question"),
    ],
)
def test_a_file_of_csv_that_would_be_misread_is_refused(tmp_path, rows, says):
    with pytest.raises(DataError, match=rf"t\.csv.*{says}"):
        read("csv", tmp_path / "t.csv", rows)


def test_own_rows_are_told_apart_by_suffix(tmp_path):
    assert len(read("csv", tmp_path / "t.CSV", f"{HEAD}\na.mp4,narration,q,x,1\n").labels) == 1
    with pytest.raises(DataError, match=r"t\.tsv: expected a name that ends in \.csv"):
        read("csv", tmp_path / "t.tsv", "video\ttask\n")


def test_the_duration_of_a_sample_may_stand_in_any_of_its_rows(tmp_path):
    rows = [
        "video,task,question,answer,start,end,sample,duration",
        "a.mp4,event_caption,q,x,3,4,s,",
        "a.mp4,event_caption,q,y,30,40,s,10",
        "a.mp4,event_caption,q,z,5,6,s,11",
    ]
    found = read("csv", tmp_path / "t.csv", "\n".join(rows))
    assert found.durations == {"a.mp4": 10.0} and said(found.labels[0]) == [("x", 3.0, 4.0)]
    assert list(reasons(found.dropped).values()) == ["outside_video", "sample_differs"]


def test_a_sample_named_0_and_a_row_with_two_kinds_of_time(tmp_path):
    row = {"video": "a.mp4", "task": "narration", "question": "q", "sample": 0, "duration": 9}
    rows = [{**row, "answer": "x", "time": 1}, {**row, "answer": "y", "time": 2, "start": 1, "end": 2}]
    rows.append({**row, "answer": "z", "time": 3})
    found = read("jsonl", tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows)))
    assert [item["content"] for item in found.labels[0]["response"]] == ["x", "z"]
    assert reasons(found.dropped) == {"t.jsonl:sample 0/2": "malformed"}


def test_negatives_are_labels_that_say_nothing(tmp_path):
    rows = [
        "video,task,question,answer,time,absent,duration",
        "a.mp4,event_caption,Tell me when a dog barks.,,,yes,10",
        "b.mp4,narration,Narrate.,,,TRUE,10",
        "c.mp4,event_caption,q,woof,3,yes,10",
        "d.mp4,event_caption,q,,,no,10",
        "e.mp4,event_caption,q,,,maybe,10",
    ]
    found = read("csv", tmp_path / "t.csv", "\n".join(rows))
    assert [(label["kind"], label["response"]) for label in found.labels] == [("absent", [])] * 2
    assert found.counts["notes"] == {"negative": 2}
    assert list(reasons(found.rejected).values()) == ["malformed", "empty_text", "malformed"]


def test_released_labels_of_one_name_in_two_folders_are_noted(tmp_path):
    row = {
        "task_type": "QA",
        "source": "HACS",
        "question": [{"content": "q", "time": "1"}],
    }
    paths = ["hacs/train/a.mp4", "hacs/val/a.mp4", "hacs/val/b.mp4", "../../etc/c.mp4"]
    rows = [
        {**row, "video_path": path, "response": [{"content": f"a{number}", "time": "2"}]}
        for number, path in enumerate(paths)
    ]
    found = read("streamo", tmp_path / "t.json", json.dumps(rows))
    assert found.counts["notes"] == {"other_folder": 1}
    assert [label["video_path"] for label in found.labels] == [f"hacs/{name}.mp4" for name in "aabc"]
    (tmp_path / "o.jsonl").write_text("\n".join(map(json.dumps, rows)))  # one row a line
    assert IMPORTERS["streamo"].read([tmp_path / "o.jsonl"], Options()).labels == found.labels


def test_rows_are_written_one_by_one_as_one_json_list(tmp_path):
    for rows in ([], [{"b": 1, "a": "é"}], [{"a": 1}, {"a": 2}]):
        write_rows(tmp_path / "o.json", iter(rows))
        lines = ",\n".join(dumps(row, indent=None).strip() for row in rows)
        assert (tmp_path / "o.json").read_text() == f"[\n{lines}\n]\n"
        assert json.loads((tmp_path / "o.json").read_text()) == rows
    with pytest.raises(ValueError, match="Out of range float"):
        write_rows(tmp_path / "o.json", [{"a": 3}, {"a": float("nan")}])
    assert json.loads((tmp_path / "o.json").read_text()) == rows
    assert [path.name for path in tmp_path.iterdir()] == ["o.json"]  # nothing half written is left


def test_texts_that_would_keep_a_regular_expression_busy_for_hours():
    digits = "1" * 200_000
    assert ours(digits) == digits and list(clauses(digits)) == []
    assert query("find" + " 'a" * 20_000).startswith("find 'a")
    assert query("When does 'a dog barks at 5' happen?") == "a dog barks at 5"
    assert ours("It is from 2.5 - 4.8 seconds.") == "It is from 2.5s to 4.8s."
