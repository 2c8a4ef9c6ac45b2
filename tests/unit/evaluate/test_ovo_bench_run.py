"""A whole run on a made-up annotation file: rows, rejections, resuming, refusals."""

import json
import shutil

import pytest

from components.cli.main import main
from components.core.errors import DataError, UsageError
from components.core.files import read_json
from components.core.hashing import sha256_tree
from components.evaluate import ovo_bench
from components.evaluate.ovo_bench.journal import Journal
from components.evaluate.ovo_bench.settings import Settings, window_of
from components.evaluate.ovo_format import load_annotations, load_results
from components.evaluate.streams import stream_from
from tests.support import ovo_bench_set

SETTINGS = Settings(window_turns=8, max_new_tokens=3)


class Place:
    def __init__(self, root):
        self.model = ovo_bench_set.model(root / "model")
        self.annotations, self.videos = ovo_bench_set.write_set(root)
        self.root = root

    def run(self, out, settings=SETTINGS, **other):
        annotations = other.get("annotations", self.annotations)
        return ovo_bench.run(self.model, annotations, self.videos, out, settings)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def finished(place):
    out = place.root / "out"
    return out, place.run(out)


def test_every_entry_has_an_official_row(place, finished):
    out, _ = finished
    entries = load_annotations(place.annotations)
    for folder in ("results", "readings/interval", "readings/strict", "readings/forced"):
        results = load_results(out / folder)
        rows = {(row["task"], row["id"]): row for rows in results.values() for row in rows}
        assert rows.keys() == {(entry["task"], entry["id"]) for entry in entries}
    rows = {(row["task"], row["id"]): row for rows in load_results(out / "results").values() for row in rows}
    assert set(rows["OCR", 20]) == {"id", "video", "task", "question", "response", "ground_truth"}
    assert rows["OCR", 20]["ground_truth"] == "C"
    points = rows["REC", 30]["test_info"]
    assert [set(point) for point in points] == [{"realtime", "count", "response"}] * 3
    assert all(point["response"].isdigit() for point in points)
    assert {point["response"] for point in rows["SSR", 31]["test_info"]} <= {"Yes", "No"}
    forced = {row["id"]: row["response"] for row in load_results(out / "readings/forced")["realtime"]}
    assert forced[40] is None  # its video is missing: no reading may answer it


def test_what_could_not_be_asked_is_counted_and_scored_as_missing(finished):
    out, told = finished
    assert told["rejected"] == {
        "video_not_found": {"entries": 1, "points": 1},
        "video_unreadable": {"entries": 1, "points": 2},
    }
    rejections = {row["id"]: row for row in told["rejections"]}
    assert set(rejections) == {"OJR-40", "REC-41"}
    assert str(out.parent) not in json.dumps(told["rejections"])
    rows = load_results(out / "results")
    assert [row["response"] for row in rows["realtime"] if row["id"] == 40] == [None]
    (broken,) = [row for row in rows["forward"] if row["id"] == 41]
    assert [point["response"] for point in broken["test_info"]] == [None, None]


def test_the_counts_add_up_to_the_points(finished):
    _, told = finished
    answered = sum(sum(how.values()) for how in told["how"].values())
    lost = sum(count["points"] for count in told["rejected"].values())
    assert answered + lost == told["points"] == 12 + 4 + 4 + 3 + 1 + 2


def test_the_streams_are_kept_for_the_scores(finished):
    out, _ = finished
    kept = read_json(out / "predictions.json")["streams"]
    streams = [stream_from(value) for value in kept]
    assert {(stream.task, stream.step) for stream in streams} >= {
        ("SSR", "open the box"),
        ("SSR", "close the box"),
        ("CRR", None),
    }
    assert all(set(stream.states[: stream.question_turn]) <= {"silence"} for stream in streams)


def test_the_command_scores_and_repeats_byte_for_byte(place, finished, tmp_path, capsys):
    out, again = finished[0], tmp_path / "again"
    inputs = ["--annotations", str(place.annotations), "--videos", str(place.videos)]
    command = ["evaluate", str(place.model), "--suite", "ovo-bench", *inputs, "--out", str(again)]
    assert main([*command, "--max-new-tokens", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cost"]["turns"] > 0
    assert sha256_tree(again) == sha256_tree(out) and not (tmp_path / "again.partial").exists()
    assert main([*command, "--max-new-tokens", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cost"]["turns"] == 0  # nothing is done twice
    assert main(["score", "ovo", *inputs[:2], "--results", str(out / "results"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tasks"]["REC"]["total"] == 6


def test_other_settings_are_refused_by_name(place, finished):
    out, _ = finished
    with pytest.raises(UsageError, match=r"other settings \(fps: 1 then, 2 now\)"):
        place.run(out, Settings(window_turns=8, max_new_tokens=3, fps=2))
    with pytest.raises(UsageError, match="no OVO-Bench result"):
        place.run(place.videos)


def test_a_journal_is_taken_up_and_another_runs_is_refused(place, finished, tmp_path):
    """A torn last line is done again; damage elsewhere and other settings stop the run."""
    out, _ = finished
    partial, target = tmp_path / "r.partial", tmp_path / "r"
    partial.mkdir()
    settings = read_json(out / "run.json")["settings"]
    (partial / "settings.json").write_text(json.dumps(settings))
    journal = Journal(partial / "journal.jsonl")
    journal.add({"key": "OJR-40", "rejected": {"reason": "planted", "detail": "by the test"}})
    journal.close()
    lines = (partial / "journal.jsonl").read_bytes()
    shutil.copytree(partial, tmp_path / "bad.partial")
    damaged = lines.replace(b"planted", b"altered")
    (tmp_path / "bad.partial/journal.jsonl").write_bytes(damaged + lines)
    with pytest.raises(DataError, match=r"line 1: damaged"):
        place.run(tmp_path / "bad")
    with pytest.raises(UsageError, match="seed: 0 then, 1 now"):
        place.run(target, Settings(window_turns=8, max_new_tokens=3, seed=1))
    (partial / "journal.jsonl").write_bytes(lines + lines[:50])
    told = place.run(target)
    assert told["rejected"]["planted"] == {"entries": 1, "points": 1}
    assert "video_not_found" not in told["rejected"]


def test_released_and_polling_answer_every_entry(place, tmp_path):
    """A sample of one entry a task, streamed at two pictures a second, its annotations written beside it."""
    few = {"sample": 0.01, "max_new_tokens": 2}
    released = place.run(tmp_path / "released", Settings("released", fps=2, window_turns=8, **few))
    polled = place.run(tmp_path / "polled", Settings("polling", frames=3, **few))
    assert released["entries"] == polled["entries"] == 12
    known = load_annotations(tmp_path / "polled/annotations.json")
    assert sorted(entry["task"] for entry in known) == sorted({entry["task"] for entry in known})
    assert not (tmp_path / "polled/readings").exists()
    assert len(read_json(tmp_path / "polled/predictions.json")["said"]) == 12 - sum(
        count["entries"] for count in polled["rejected"].values()
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fps", "3"],
        ["--sample", "0"],
        ["--window", "1"],
        ["--frames", "4"],
        ["--protocol", "polling", "--window", "9"],
        ["--protocol", "polling", "--fps", "2"],
        ["--protocol", "polling", "--frames", "0"],
    ],
)
def test_wrong_use_is_one_line_and_exit_2(place, tmp_path, capsys, arguments):
    inputs = ["--annotations", str(place.annotations), "--videos", str(place.videos)]
    command = ["evaluate", str(place.model), "--suite", "ovo-bench", *inputs, "--out", str(tmp_path / "o")]
    assert main([*command, *arguments]) == 2
    assert capsys.readouterr().err.startswith("streamo: --")
    assert not (tmp_path / "o.partial").exists()


def test_arguments_of_the_suite_belong_to_it(place, tmp_path, capsys):
    model = str(place.model)
    assert main(["evaluate", model, "--suite", "ovo", "--fps", "1", "--out", str(tmp_path / "o")]) == 2
    assert "--fps belongs to --suite ovo-bench" in capsys.readouterr().err
    assert main(["evaluate", model, "--suite", "ovo-bench", "--out", str(tmp_path / "o")]) == 2
    assert "needs --annotations" in capsys.readouterr().err
    with pytest.raises(DataError, match="name the turns a stream keeps with --window"):
        window_of(tmp_path)
