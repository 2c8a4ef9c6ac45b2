"""Sets whose rows are conversations or labels already, and the user's own rows."""

import json

import pytest

from components.annotate.importers import IMPORTERS
from components.annotate.importers.account import Options
from components.core.errors import DataError
from components.protocol.states import State
from tests.support.imported import balanced, reasons, said
from tests.support.videos import plain


def read(name, path, rows, **options):
    path.write_text(rows if isinstance(rows, str) else json.dumps(rows), encoding="utf-8")
    return balanced(IMPORTERS[name].read([path], Options(**options)))


def released(source="ActivityNet", path="/somewhere/v_a.mp4", task="Event Caption", **more):
    return {
        "video_name": "v_a.mp4",
        "video_path": path,
        "task_type": task,
        "source": source,
        "question": [{"content": "describe", "time": "1"}],
        "response": [{"content": "a dog", "st_time": 5, "end_time": "00:07", "time": ""}],
        **more,
    }


def test_released_labels_count_their_seconds_from_the_first_frame(tmp_path):
    rows = [
        released(),
        released("LLaVA_Video", "LLaVA_Video/x/y.mp4", "QA"),
        released("Youcookv2", "abc", "Time-sensitive QA"),
        released("my own", "own/z.webm", "Narration", response=[{"content": "x", "time": "5.0"}]),
    ]
    found = read("streamo", tmp_path / "raw.json", rows)
    by_task = {label["task_type"]: label for label in found.labels}
    assert sorted(by_task) == ["event_caption", "narration", "offline_qa", "tsqa"]
    assert said(by_task["event_caption"]) == [("a dog", 4.0, 7.0)]
    assert by_task["event_caption"]["question"] == [{"content": "describe", "time": 0.0}]
    assert by_task["narration"]["response"][0]["time"] == 4.0
    assert {task: label["video_path"] for task, label in by_task.items()} == {
        "event_caption": "activitynet/v_a.mp4",
        "narration": "own/z.webm",
        "offline_qa": "LLaVA_Video/x/y.mp4",
        "tsqa": "youcook2/abc.mp4",
    }
    assert by_task["offline_qa"]["source"] == "streamo/LLaVA_Video"


def test_released_labels_that_cannot_be_used(tmp_path):
    rows = [
        released(task="Singing"),
        released("LLaVA_Video", "/absolute/y.mp4"),
        released("LLaVA_Video", "../../y.mp4"),
        released(question=[]),
        released(question=[{"content": "q", "time": "soon"}]),
        released(question=[{"content": f"q {State.SILENCE}", "time": 1}]),
        released(response=[{"content": "x", "time": ""}, {"content": " ", "time": 3}]),
        released(video_path="", video_name=""),
        "no object",
        released(response=[{"content": "late", "st_time": 9, "end_time": 3}, {"content": "kept", "time": 3}]),
        released(),
        released(),
    ]
    found = read("streamo", tmp_path / "raw.json", rows)
    assert [row["reason"] for row in found.rejected] == [
        *["unknown_task", "unsafe_path", "unsafe_path", "no_question", "unreadable_time"],
        *["state_token_in_text", "no_usable_part", "malformed", "malformed", "duplicate"],
    ]
    assert sorted(said(label)[0][0] for label in found.labels) == ["a dog", "kept"]
    assert [row["reason"] for row in found.dropped] == ["unreadable_time", "empty_text", "ends_before_start"]


def chat(*values):
    senders = ["human", "gpt"] * len(values)
    return [{"from": sender, "value": value} for sender, value in zip(senders, values, strict=False)]


def et(task, asked, told, **more):
    return {
        "task": task,
        "source": "coin",
        "video": "coin/a.mp4",
        "duration": 60.5,
        "conversations": chat(asked, told),
        **more,
    }


FIND = "<image>\nFind the event: 'a man's dog runs'. The format of your response should be: '<a> - <b>'."
STEPS = "36.0 - 44.0 seconds, clean the bananas. 49.0 - 57.0 seconds, cut them."


@pytest.mark.parametrize("marked", [False, True], ids=["txt", "vid"])
def test_et_instruct_in_both_of_its_files(tmp_path, marked):
    def mark(text, *times):
        for time in times if marked else ():
            text = text.replace(f"{time:.1f}", "<vid>", 1)
        return text

    rows = [
        et("tvg", FIND, mark("It happens in 2.5 - 4.8 seconds.", 2.5, 4.8), tgt=[2.5, 4.8]),
        et(
            "tal",
            "Find all jumps.",
            mark("In 1.0 - 2.0 and 3.0 - 4.0 seconds.", 1, 2, 3, 4),
            tgt=[[1, 2], [3, 4]],
        ),
        et("slc", "<image>\nWhich steps?", mark(STEPS, 36, 44, 49, 57), tgt=[36, 44, 49, 57]),
        et("rvq", mark("What happens in 12.0 - 18.0 seconds?", 12, 18), "She waves.", src=[12, 18]),
    ]
    found = read("et_instruct", tmp_path / "et.json", rows)
    assert not found.rejected and found.durations == {"coin/a.mp4": 60.5}
    caption, find, tal, ask = found.labels
    assert said(caption) == [("clean the bananas.", 36, 44), ("cut them.", 49, 57)]
    assert find["question"][0]["content"].endswith(": a man's dog runs")
    assert said(find) == [("from 2.5s to 4.8s", 2.5, 4.8)]
    assert said(tal) == [("from 1s to 2s", 1, 2), ("from 3s to 4s", 3, 4)]
    assert ask["question"][0]["content"].endswith("What happens in from 12s to 18s?")
    assert ask["question"][0]["time"] == ask["response"][0]["time"] == 60.0
    assert {label["source"] for label in found.labels} == {"et_instruct/coin"}


def test_et_instruct_rows_without_a_streaming_form(tmp_path):
    rows = [
        et("vhd", "Which moment?", "At 3.0 seconds.", tgt=[3]),
        et("slc", "Steps?", STEPS, tgt=[36, 44]),
        et("slc", "Steps?", "I see none.", tgt=None),
        et("rar", "What happens around 12.0 seconds?", "A."),
        et("tvg", FIND, "In <vid> - <vid> seconds.", tgt=[2.5]),
        et("tvg", FIND, "x", tgt=[2.5, 70]),
        et("tvg", FIND, "x", tgt=7),
        et("tvg", FIND, "x", conversations=chat("a", "b", "c", "d")),
        et("rvq", "What?", "It.", duration=-1),
        et(["tvg"], "a", "b"),
        7,
    ]
    found = read("et_instruct", tmp_path / "et.json", rows)
    assert not found.labels
    assert [row["reason"] for row in found.rejected] == [
        *["task_not_streamed", "answer_unreadable", "no_usable_part", "time_in_text", "malformed"],
        *["outside_video", "unreadable_time", "malformed", "bad_duration", "task_not_streamed", "malformed"],
    ]


CHOICE = "<image>\nWhere is she?\nA. at home\nB. at sea\nPlease answer with the letter and the option."


def llava():
    return [
        {
            "id": "1",
            "data_source": "0_30_s_nextqa",
            "video": "NextQA/1.mp4",
            "conversations": chat(CHOICE, "B. at sea", "What does she do?", "She waves."),
        },
        {"id": "2", "data_source": "x", "video": "NextQA/1.mp4", "conversations": chat("<image>\nWhy?", "")},
        {"id": "3", "data_source": "x", "video": "NextQA/1.mp4", "conversations": chat("only a question")},
        {"id": "4", "data_source": "x", "video": "/etc/1.mp4", "conversations": chat("a", "b")},
        {"id": "5", "data_source": "x", "video": "far.mp4", "conversations": chat("a", "b")},
    ]


def test_llava_video_asks_when_the_whole_video_was_seen(tmp_path):
    found = read(
        "llava_video",
        tmp_path / "qa.json",
        llava(),
        durations={"LLaVA_Video/0_30_s_nextqa/NextQA/1.mp4": 12.2, "LLaVA_Video/x/NextQA/1.mp4": 9},
    )
    assert found.counts["rows"] == 6
    one, two = found.labels
    assert one["question"][0]["content"].endswith(
        "Where is she?\nA. at home\nB. at sea\nPlease answer with the letter and the option."
    )
    assert one["question"][0]["time"] == one["response"][0]["time"] == 12.0
    assert [label["response"][0]["content"] for label in (one, two)] == ["B. at sea", "She waves."]
    assert found.durations == {"LLaVA_Video/0_30_s_nextqa/NextQA/1.mp4": 12.2}
    assert reasons(found.rejected) == {
        "qa.json:1:0": "empty_text",
        "qa.json:2": "malformed",
        "qa.json:3": "unsafe_path",
        "qa.json:4:0": "unknown_duration",
    }


def test_lengths_come_from_the_files_below_the_media_root(tmp_path):
    rows = [{"data_source": "x", "video": "clip.mp4", "conversations": chat("What?", "It.")}]
    (tmp_path / "root/LLaVA_Video/x").mkdir(parents=True)
    plain(tmp_path / "root/LLaVA_Video/x/clip.mp4", seconds=3)
    found = read("llava_video", tmp_path / "qa.json", rows, media_root=tmp_path / "root")
    assert found.durations == {"LLaVA_Video/x/clip.mp4": 3.0}
    assert found.labels[0]["question"][0]["time"] == 2.0


OWN = """video,task,question,question_time,answer,start,end,time,sample,source,duration
a.mp4,event_caption,describe,,a dog,1,2.5,,s1,,10
a.mp4,event_caption,describe,,a cat,4,3,,s1,,10
a.mp4,event_caption,describe,,a bird,00:05,10.4,,s1,,10
b.mp4,event_grounding,find it,,,1,2,,,mine,
b.mp4,offline_qa,what?,3,blue,,,,,mine,
b.mp4,tsqa,what now?,3,blue,,,7,,mine,
b.mp4,tsqa,,3,blue,,,7,,mine,
b.mp4,base_qa,what?,3,blue,,,7,,mine,
../b.mp4,tsqa,what?,3,blue,,,7,,mine,
b.mp4,tsqa,short
a.mp4,event_caption,other,,a fish,1,2,,s1,,10
"""


def test_own_rows_in_a_table(tmp_path):
    found = read("csv", tmp_path / "mine.csv", OWN)
    caption, find, qa, tsqa = found.labels
    assert said(caption) == [("a dog", 1, 2.5), ("a bird", 5, 10)] and caption["source"] == "mine"
    assert said(find) == [("from 1s to 2s", 1, 2)]
    assert (qa["question"][0]["time"], qa["response"][0]["time"], tsqa["response"][0]["time"]) == (3, 3, 7)
    assert qa["question"][0]["content"] == "what?" and found.durations == {"a.mp4": 10.0}
    assert [row["reason"] for row in found.rejected] == [
        "empty_text",
        "unknown_task",
        "unsafe_path",
        "malformed",
    ]
    assert [row["reason"] for row in found.dropped] == ["ends_before_start", "sample_differs"]


def test_own_rows_as_json_lines(tmp_path):
    line = {"video": "b.mp4", "task": "tsqa", "question": "what?", "answer": "blue", "time": 7}
    found = read("jsonl", tmp_path / "mine.jsonl", f"{json.dumps(line)}\n\n{{\n[]\n")
    assert found.labels[0]["response"][0]["time"] == 7.0
    assert reasons(found.rejected) == {"mine.jsonl:3": "malformed", "mine.jsonl:4": "malformed"}
    with pytest.raises(DataError, match="unknown column 'answr'"):
        read("jsonl", tmp_path / "mine.jsonl", json.dumps({**line, "answr": 1}))
    with pytest.raises(DataError, match="the header lacks task, question"):
        read("csv", tmp_path / "mine.csv", "video,answer\n")
