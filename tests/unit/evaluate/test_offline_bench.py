"""Published offline benchmarks asked of a small model on small clips: pictures, parts, resumption, files."""

import json
from argparse import Namespace

import pytest

from components.core.errors import UsageError
from components.core.files import read_json
from components.core.hashing import sha256_tree
from components.evaluate.benchmarks import BENCHMARKS
from components.evaluate.offline import bench
from components.evaluate.offline.asking import SETS
from components.evaluate.offline.bench import Settings
from components.evaluate.offline.sampling import instants, one_a_second
from components.evaluate.offline.subtitles import at_instants
from components.model.tiny import build_tiny
from tests.support.heldout import write_clip

SRT = "1\n00:00:00,000 --> 00:00:01,500\n<b>hello</b> there\n\n2\n00:00:06,000 --> 00:00:07,000\nlater\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A base without states, two clips, and four benchmarks that ask about them and about a missing one."""
    root = tmp_path_factory.mktemp("bench")
    build_tiny(root / "model", ["what color is the lamp? A B C D yes no"], 3, states=False)
    for number, name in enumerate(("a", "b")):
        write_clip(root / "videos" / f"{name}.mp4", 8, number)
    (root / "subtitles").mkdir()
    (root / "subtitles/a.srt").write_text(SRT)
    questions = {name: {"action": [{"question": "Is it?", "answer": "yes"}]} for name in ("a", "b", "gone")}
    (root / "tempcompass").mkdir()
    (root / "tempcompass/yes_no.json").write_text(json.dumps(questions))
    rows = [
        {"id": name, "video_id": name, "question": "Question: Q?\nOptions:\n(A) x\n(B) y", "answer": 1}
        | {"task_type": "action_count"}
        for name in ("a", "b", "gone")
    ]
    (root / "mvbench.json").write_text(json.dumps(rows))
    rows = [
        {
            "id": name,
            "video_id": name,
            "video_path": f"{name}.mp4",
            "question": "Q?",
            "candidates": ["x", "y"],
        }
        | {"correct_choice": 0, "question_category": "S2E"}
        for name in ("a", "gone")
    ]
    (root / "lvb_val.json").write_text(json.dumps(rows))
    videomme(root / "videomme.parquet")
    return root


def videomme(path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"video_id": f"00{n}", "duration": "short", "domain": "D", "sub_category": "S", "videoID": name}
        | {"question_id": f"00{n}-{k}", "task_type": "T", "question": "Q?", "answer": "A"}
        | {"options": ["A. x", "B. y", "C. z", "D. w"]}
        for n, name in enumerate(("a", "b"))
        for k in (1, 2)
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)


FILES = {
    "mvbench": ("mvbench.json", "results.json", True),
    "tempcompass": ("tempcompass", "results", False),
    "videomme": ("videomme.parquet", "results.json", True),
    "longvideobench": ("lvb_val.json", "results.json", True),
}


def asked(place, out, name, **more):
    annotations = place / FILES[name][0]
    settings = Settings(name, 4, "subtitles" in more, 3)
    return bench.run(place / "model", annotations, place / "videos", out, settings, **more)


@pytest.mark.parametrize("name", SETS)
def test_results_are_files_that_the_scorer_reads_and_a_missing_video_is_counted(place, tmp_path, name):
    told = asked(place, tmp_path / "out", name)
    missing = {"videomme": {}}.get(name, {"video_not_found": 1})
    assert told["rejected"] == missing and told["answered"] + sum(missing.values()) == told["questions"]
    benchmark = BENCHMARKS[name].get()
    annotations = place / FILES[name][0] if FILES[name][2] else None
    args = Namespace(annotations=annotations, judge=None, seed=0)
    scored = benchmark.score(benchmark.load(args, tmp_path / "out" / FILES[name][1]), 0)
    assert sum(cell["total"] for cell in scored["tasks"].values()) == told["questions"]
    rows = read_json(tmp_path / "out/predictions.json")["questions"]
    expected = [0.0, 2.0, 4.0, 6.0] if name == "longvideobench" else [1.0, 3.0, 5.0, 7.0]
    assert [row["times"] for row in rows if "times" in row] == [expected] * told["answered"]
    assert not (tmp_path / "out.partial").exists()


def test_an_interrupted_run_goes_on_and_ends_with_the_same_bytes(place, tmp_path, monkeypatch):
    asked(place, tmp_path / "whole", "videomme")
    real, calls = bench.Run.answer, []

    def stops(self, ask, shown, times):
        calls.append(ask.key)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, ask, shown, times)

    monkeypatch.setattr(bench.Run, "answer", stops)
    with pytest.raises(KeyboardInterrupt):
        asked(place, tmp_path / "cut", "videomme")
    asked(place, tmp_path / "cut", "videomme")
    assert calls == ["000-1", "000-2", "001-1", "001-1", "001-2"]
    assert sha256_tree(tmp_path / "cut") == sha256_tree(tmp_path / "whole")
    with pytest.raises(UsageError, match="other settings"):
        bench.run(
            place / "model",
            place / "videomme.parquet",
            place / "videos",
            tmp_path / "cut",
            Settings("videomme", 2, False, 3),
        )


def test_subtitles_of_the_shown_instants_stand_before_the_question(place, tmp_path):
    told = asked(place, tmp_path / "out", "videomme", subtitles=place / "subtitles")
    assert told["subtitles_not_found"] == 2  # those of clip b
    rows = read_json(tmp_path / "out/predictions.json")["questions"]
    assert [row["subtitles"] for row in rows] == [1, 1, None, None]
    path = place / "subtitles/a.srt"
    assert at_instants(path, [1.0, 3.0], 0.0) == ["hello there"]
    assert at_instants(path, [1.0, 6.5], 0.0) == ["hello there", "later"]
    assert at_instants(path, [0.5], 6.0) == ["later"]


def test_instants_keep_to_the_part_that_is_asked_about():
    assert instants("mvbench", 20.0, 4, (4.0, 8.0)) == [4.5, 5.5, 6.5, 7.5]
    assert instants("mvbench", 6.0, 2, (4.0, 99.0)) == [4.5, 5.5]  # the video ends before its part
    assert instants("longvideobench", 3.9, 64) == [0.0, 1.3, 2.6]
    assert one_a_second([0.25, 0.75, 1.25, 3.5]) == ([0.25, 1.25, 3.5], [0, 1, 3])


def test_published_mvbench_files_name_folder_and_part(tmp_path):
    from components.evaluate.offline.mvbench import SCHEME

    for task in SCHEME.tasks:
        row = {"video": "v.mp4", "question": "Q?", "candidates": ["x", "y"], "answer": "y"}
        row |= {"start": 1.5, "end": 4.0} if task == "action_sequence" else {}
        (tmp_path / f"{task}.json").write_text(json.dumps([row]))
    asks = {ask.key: ask for ask in SETS["mvbench"](tmp_path).asks}
    ask = asks["action_sequence-0"]
    assert ask.names[0] == "star/Charades_v1_480/v.mp4" and ask.bound == (1.5, 4.0)
    assert ask.prompt.splitlines()[:3] == ["Q?", "A. x", "B. y"]
    assert asks["moving_count-0"].bound is None
