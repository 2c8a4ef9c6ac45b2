"""`streamo import` as users call it: files, counts on stdout, exit codes, missing videos; then convert."""

import json

import pytest

from components.cli.main import main
from tests.support.videos import plain

ROWS = {
    "v_a": {"duration": 3, "timestamps": [[0, 1], [1, 9]], "sentences": ["a dog", "a cat"]},
    "v_b": {"duration": 4, "timestamps": [[1, 2]], "sentences": ["a bird"]},
    "v_c": {"duration": -1, "timestamps": [[1, 2]], "sentences": ["a fish"]},
}


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "train.json"
    path.write_text(json.dumps(ROWS))
    return path


def run(*argv):
    return main(["import", "activitynet_captions", *map(str, argv)])


def test_import_then_convert_then_the_gate(tmp_path, rows, capsys):
    out, lengths, table, events = (tmp_path / n for n in ("o.json", "d.json", "t.parquet", "e.parquet"))
    assert run(rows, out, "--durations-out", lengths, "--json") == 0
    shown = capsys.readouterr()
    summary = json.loads(shown.out)
    assert summary["counts"]["labels"] == len(json.loads(out.read_text())) == 2
    assert [row["reason"] for row in summary["rejected"]] == ["bad_duration"]
    assert [row["id"] for row in summary["dropped"]] == ["train.json:v_a/1"]
    assert "rows 3: 2 labels of 2 videos, 1 rejected (1 bad_duration)" in shown.err
    assert json.loads(lengths.read_text()) == {"activitynet/v_a.mp4": 3.0, "activitynet/v_b.mp4": 4.0}
    assert main(["convert", str(out), str(table), "--durations", str(lengths), "--events", str(events)]) == 0
    assert "all" in capsys.readouterr().err and table.stat().st_size and events.stat().st_size


def test_same_seed_same_bytes(tmp_path, rows):
    outs = [tmp_path / f"{n}.json" for n in range(3)]
    for out, seed in zip(outs, ("0", "0", "5"), strict=True):
        assert run(rows, out, "--seed", seed) == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert len(json.loads(outs[2].read_text())) == 2


def test_a_forgotten_output_does_not_cost_the_last_input(tmp_path, rows, capsys):
    other = tmp_path / "val.json"
    other.write_text(rows.read_text())
    assert run(rows, other) == 2
    assert "no import wrote it" in capsys.readouterr().err and json.loads(other.read_text()) == ROWS
    assert run(rows, tmp_path / "out.json") == run(rows, tmp_path / "out.json") == 0


def test_missing_videos_are_reported_by_source(tmp_path, rows, capsys):
    root, missing = tmp_path / "media", tmp_path / "missing.json"
    (root / "activitynet").mkdir(parents=True)
    plain(root / "activitynet/v_a.mp4")
    (root / "activitynet/v_b.mp4").symlink_to(rows)  # leads out of the root: as good as missing
    assert run(rows, tmp_path / "o.json", "--media-root", root, "--missing-out", missing) == 0
    assert "videos 2: 1 found, missing (1 activitynet_captions)" in capsys.readouterr().err
    report = json.loads(missing.read_text())
    assert report["missing"] == [
        {"video_path": "activitynet/v_b.mp4", "source": "activitynet_captions", "labels": 1}
    ]
    assert (report["videos"], report["found"], report["labels_without_video"]) == (2, 1, 1)


def test_an_import_without_a_label_writes_nothing(tmp_path, capsys):
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"v_c": ROWS["v_c"]}))
    assert run(path, tmp_path / "o.json") == 1
    assert "none of 1 rows could be used" in capsys.readouterr().err
    assert not (tmp_path / "o.json").exists()


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["import", "nope", "a", "b.json"], 2, "invalid choice"),
        (["import", "didemo", "a.json", "b.txt"], 2, "ends in .json"),
        (["import", "didemo", "a.json", "b.json", "--missing-out", "m"], 2, "needs --media-root"),
        (["import", "didemo", "nowhere.json", "b.json"], 1, "no such file"),
        (["import", "didemo", "only-one.json"], 2, "OUT.json"),
    ],
)
def test_wrong_use_is_said_in_one_line(tmp_path, monkeypatch, capsys, argv, code, words):
    monkeypatch.chdir(tmp_path)
    assert main(argv) == code
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("table", ["[]", '{"a": 0}', '{"a": true}', '{"a": "5"}'])
def test_a_wrong_table_of_lengths_is_refused(tmp_path, rows, capsys, table):
    (tmp_path / "d.json").write_text(table)
    assert run(rows, tmp_path / "o.json", "--durations", tmp_path / "d.json") == 1
    assert "d.json" in capsys.readouterr().err


def test_missing_videos_of_a_set_that_needs_them_are_reported_even_if_no_label_is_left(tmp_path, capsys):
    talk = [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}] * 2
    rows = [{"video": f"{name}.mp4", "data_source": "x", "conversations": talk} for name in "ab"]
    (tmp_path / "l.json").write_text(json.dumps(rows))
    root, missing = tmp_path / "media", tmp_path / "missing.json"
    (root / "LLaVA_Video" / "x").mkdir(parents=True)
    argv = [tmp_path / "l.json", tmp_path / "o.json", "--media-root", root, "--missing-out", missing]
    assert main(["import", "llava_video", *map(str, argv)]) == 1
    assert "videos 2: 0 found, missing (2 llava_video/x)" in capsys.readouterr().err
    listed = [{"video_path": f"LLaVA_Video/x/{n}.mp4", "source": "llava_video/x", "labels": 2} for n in "ab"]
    assert json.loads(missing.read_text())["missing"] == listed and not (tmp_path / "o.json").exists()
    plain(root / "LLaVA_Video" / "x" / "a.mp4")
    assert main(["import", "llava_video", *map(str, argv)]) == 0
    assert json.loads(missing.read_text())["missing"] == listed[1:]
