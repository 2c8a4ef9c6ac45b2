"""Each public set's form, in small: what becomes a label, what is rejected and why."""

import json

import pytest

from components.annotate.importers import IMPORTERS
from components.annotate.importers.account import Options
from components.annotate.importers.didemo import agreed
from components.annotate.wording import templates
from components.core.errors import DataError
from components.protocol.labels import LabelError
from tests.support.imported import balanced, reasons, said


def read(name, path, content, **options):
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        path.write_text(json.dumps(content))
    return balanced(IMPORTERS[name].read([path], Options(**options)))


CAPTIONS = {
    "v_good": {
        "duration": 10.0,
        "timestamps": [
            [0, 4],
            [3.5, 10.4],
            [2, 2],
            [5, 4],
            [1, 11],
            [10, 10.5],
            [1, 2],
            [1, 2],
            [0, 1],
            [0, 1],
        ],
        "sentences": [
            " A  dog.",
            "Ends late.",
            "e",
            "f",
            "g",
            "h",
            "",
            "x </ Standby> y",
            "A cat.",
            "A cat.",
        ],
    },
    "v_odd_times": {
        "duration": 5,
        "timestamps": [["a", 2], [1], None, [-1, 2], [0, 2]],
        "sentences": list("abcde"),
    },
    "v_lengths": {"duration": 5, "timestamps": [[0, 1]], "sentences": []},
    "v_endless": {"duration": 0, "timestamps": [[0, 1]], "sentences": ["a"]},
    "v_nothing": {"duration": 5, "timestamps": [[7, 8]], "sentences": ["a"]},
    "v_no_object": 7,
    "v_keys": {"duration": 5},
    "../up": {"duration": 5, "timestamps": [[0, 1]], "sentences": ["a"]},
    "http://x": {"duration": 5, "timestamps": [[0, 1]], "sentences": ["a"]},
}


def test_activitynet_keeps_the_good_events_of_a_video(tmp_path):
    found = read("activitynet_captions", tmp_path / "t.json", CAPTIONS)
    good, odd = found.labels
    assert good["video_path"] == "activitynet/v_good.mp4" and good["task_type"] == "event_caption"
    assert said(good) == [("A dog.", 0, 4), ("Ends late.", 3.5, 10.0), ("A cat.", 0, 1)]
    assert good["question"][0]["time"] == 0.0 and good["question"][0]["content"] in templates("every_event")
    assert said(odd) == [("e", 0, 2)]
    assert found.durations == {"activitynet/v_good.mp4": 10.0, "activitynet/v_odd_times.mp4": 5.0}
    assert found.counts["notes"] == {"end_trimmed": 1}
    assert reasons(found.rejected) == {
        "t.json:v_lengths": "malformed",
        "t.json:v_endless": "bad_duration",
        "t.json:v_nothing": "no_usable_part",
        "t.json:v_no_object": "malformed",
        "t.json:v_keys": "malformed",
        "t.json:../up": "unsafe_path",
        "t.json:http://x": "unsafe_path",
    }
    dropped = [row["reason"] for row in found.dropped if row["id"].startswith("t.json:v_good/")]
    assert dropped == [
        *["empty_span", "ends_before_start", "outside_video", "outside_video"],
        *["empty_text", "state_token_in_text", "duplicate"],
    ]
    late = {row["id"]: row["reason"] for row in found.dropped if "v_odd" in row["id"]}
    assert set(late.values()) == {"unreadable_time"} and len(late) == 4
    assert found.counts["parts"] == 10 + 5 + 1


def test_a_video_named_twice_in_one_file_is_counted(tmp_path):
    row = '{"duration": 5, "timestamps": [[0, 1]], "sentences": ["%s"]}'
    found = read("activitynet_captions", tmp_path / "t.json", f'{{"v": {row % "a"}, "v": {row % "b"}}}')
    assert [said(label) for label in found.labels] == [[("b", 0, 1)]]
    assert reasons(found.rejected) == {"t.json:v": "duplicate"}


def test_two_files_that_share_a_video(tmp_path):
    one = {"v": {"duration": 5, "timestamps": [[0, 1]], "sentences": ["a"]}}
    two = {"v": {"duration": 5, "timestamps": [[1, 2]], "sentences": ["b"]}}
    paths = [tmp_path / name for name in ("one.json", "two.json", "same.json")]
    for path, rows in zip(paths, (one, two, one), strict=True):
        path.write_text(json.dumps(rows))
    found = balanced(IMPORTERS["activitynet_captions"].read(paths, Options()))
    assert [label["id"][-2:] for label in found.labels] == ["-0", "-1"]
    assert reasons(found.rejected) == {"same.json:v": "duplicate"}


def test_the_wording_depends_on_the_seed_alone(tmp_path):
    rows = {f"v{n}": {"duration": 5, "timestamps": [[0, 1]], "sentences": ["a"]} for n in range(200)}
    asked = [
        [
            label["question"][0]["content"]
            for label in read("activitynet_captions", tmp_path / "t.json", rows, seed=s).labels
        ]
        for s in (0, 0, 1)
    ]
    assert asked[0] == asked[1] != asked[2]
    assert set(asked[0]) == set(templates("every_event"))


def test_youcook2_in_its_official_form(tmp_path):
    steps = [{"segment": [1, 3], "sentence": "cut", "id": 0}, {"segment": [4], "sentence": "fry", "id": 1}]
    rows = {"database": {"abc": {"duration": 9.5, "annotations": steps, "subset": "training"}, "bad": []}}
    found = read("youcook2", tmp_path / "t.json", rows)
    assert [said(label) for label in found.labels] == [[("cut", 1, 3)]]
    assert found.labels[0]["video_path"] == "youcook2/abc.mp4"
    assert found.counts["part_reasons"] == {"unreadable_time": 1} and found.counts["reasons"] == {
        "malformed": 1
    }


def test_qvhighlights_tells_each_window_and_takes_them_all_or_none(tmp_path):
    lines = [
        {
            "qid": 1,
            "query": "a  dog",
            "duration": 20,
            "vid": "x_0.0_20.0",
            "relevant_windows": [[6, 8], [2, 4], [2, 4]],
        },
        {
            "qid": 2,
            "query": "a cat",
            "duration": 20,
            "vid": "x_0.0_20.0",
            "relevant_windows": [[6, 8], [19, 24]],
        },
        {"qid": 3, "query": "no window", "duration": 20, "vid": "x", "relevant_windows": []},
        {"qid": 4, "query": " ", "duration": 20, "vid": "x", "relevant_windows": [[1, 2]]},
    ]
    text = "\n".join([*map(json.dumps, lines), "not json", "", json.dumps([1])])
    found = read("qvhighlights", tmp_path / "t.jsonl", text)
    [label] = found.labels
    assert label["video_path"] == "qvhighlights/x_0.0_20.0.mp4" and label["task_type"] == "event_grounding"
    assert said(label) == [("from 2s to 4s", 2, 4), ("from 6s to 8s", 6, 8)]
    assert label["question"][0]["content"].endswith("a dog") and label["question"][0]["time"] == 0.0
    assert found.counts["notes"] == {"span_repeated": 1}
    assert reasons(found.rejected) == {
        "t.jsonl:2": "outside_video",
        "t.jsonl:3": "no_usable_part",
        "t.jsonl:4": "empty_text",
        "t.jsonl:5": "malformed",
        "t.jsonl:7": "malformed",
    }


def test_didemo_takes_the_span_most_annotators_gave(tmp_path):
    row = {"num_segments": 5, "video": "a.mov", "description": "she waves", "annotation_id": 1}
    rows = [
        {**row, "times": [[0, 0], [1, 2], [1, 2], [4, 4]]},
        {**row, "times": [[0, 0], [1, 2], [3, 3]]},
        {**row, "times": [[2, 1]]},
        {**row, "times": [[5, 5], [5, 5]]},
        {**row, "times": [[0, 0.5]]},
        {**row, "times": [], "num_segments": 0},
    ]
    found = read("didemo", tmp_path / "t.json", rows)
    assert [said(label) for label in found.labels] == [[("from 5s to 15s", 5.0, 15.0)]]
    assert found.durations == {"didemo/a.mov": 25.0} and found.counts["notes"] == {"duration_by_segments": 1}
    assert list(reasons(found.rejected).values()) == [
        *["annotators_disagree", "ends_before_start", "outside_video", "unreadable_time", "bad_duration"]
    ]
    assert agreed([(0, 0), (0, 0), (3, 4), (3, 4), (4, 4)]) == (3, 4)
    with pytest.raises(LabelError):
        agreed([(0, 0), (1, 1)])


def test_charades_takes_lengths_from_its_table(tmp_path):
    (tmp_path / "v1.csv").write_text("id,subject,length\nAAA,x,12.5\nBBB,y,3\n")
    lines = [
        "AAA 1.0 12.9##opens a door.",
        "BBB 4.0 5.0##sits.",
        "CCC 1.0 50.0##walks.",
        "AAA 8 7##x",
        "no mark",
    ]
    (tmp_path / "t.txt").write_text("\n".join([*lines, lines[0]]) + "\n")
    (tmp_path / "t.json").write_text(
        json.dumps({"annotations": [{"image_id": "AAA.mp4", "caption": "stands", "timestamp": [0.5, 2]}]})
    )
    paths = [tmp_path / name for name in ("t.txt", "t.json", "v1.csv")]
    found = balanced(IMPORTERS["charades_sta"].read(paths, Options()))
    assert {label["video_path"] for label in found.labels} == {"charades/AAA.mp4", "charades/CCC.mp4"}
    assert found.durations == {"charades/AAA.mp4": 12.5}
    assert sorted(said(label)[0] for label in found.labels) == [
        ("from 0.5s to 2s", 0.5, 2),
        ("from 1s to 12.5s", 1, 12.5),
        ("from 1s to 50s", 1, 50),
    ]
    assert list(reasons(found.rejected).values()) == [
        *["outside_video", "ends_before_start", "malformed", "duplicate"]
    ]


def test_known_lengths_of_the_caller_come_first(tmp_path):
    (tmp_path / "t.txt").write_text("AAA 1.0 2.0##opens a door.\n")
    told = {"charades/AAA.mp4": 30.0, "charades/other.mp4": 5.0}
    found = balanced(IMPORTERS["charades_sta"].read([tmp_path / "t.txt"], Options(durations=told)))
    assert found.durations == {"charades/AAA.mp4": 30.0}


@pytest.mark.parametrize(
    ("name", "content"), [("didemo", "{}"), ("youcook2", "[]"), ("streamo", '"x"'), ("csv", "a\n1\n")]
)
def test_a_file_of_another_form_is_an_error_that_names_it(tmp_path, name, content):
    path = tmp_path / ("t.csv" if name == "csv" else "t.json")
    path.write_text(content)
    with pytest.raises(DataError, match=r"t\.(csv|json)"):
        IMPORTERS[name].read([path], Options())
    with pytest.raises(DataError, match="no such file"):
        IMPORTERS[name].read([path.with_name(f"none{path.suffix}")], Options())


def test_spans_are_held_against_the_length_the_caller_knows(tmp_path):
    row = {"video": "a.mp4", "description": "x", "num_segments": 6, "times": [[5, 5], [5, 5]]}
    query = {"vid": "b", "query": "x", "duration": 150, "relevant_windows": [[140, 150]]}
    own = {"video": "c.mp4", "task": "event_caption", "question": "q", "answer": "x", "start": 5, "end": 9}
    texts = {
        "charades_sta": ("t.txt", "AAA 1.0 2.0##opens.\nAAA 8.0 9.5##closes.\n", "charades/AAA.mp4"),
        "didemo": ("t.json", json.dumps([row]), "didemo/a.mp4"),
        "qvhighlights": ("q.jsonl", json.dumps(query), "qvhighlights/b.mp4"),
        "activitynet_captions": (
            "a.json",
            json.dumps({"v": {"duration": 90, "timestamps": [[1, 2], [50, 60]], "sentences": ["x", "y"]}}),
            "activitynet/v.mp4",
        ),
        "jsonl": ("o.jsonl", json.dumps({**own, "duration": 30}), "c.mp4"),
    }
    for name, (file, content, video) in texts.items():
        (tmp_path / file).write_text(content)
        shorter = balanced(IMPORTERS[name].read([tmp_path / file], Options(durations={video: 4.0})))
        gone = {*reasons(shorter.rejected).values(), *reasons(shorter.dropped).values()}
        assert gone == {"outside_video"}, name
        assert "duration_by_segments" not in shorter.counts["notes"]
        longer = balanced(IMPORTERS[name].read([tmp_path / file], Options(durations={video: 1000.0})))
        assert (longer.rejected, longer.dropped, longer.durations) == ([], [], {video: 1000.0}), name
