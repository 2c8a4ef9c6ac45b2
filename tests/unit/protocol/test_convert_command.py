"""`streamo convert`: both outputs, the three sources of length, counts, exit codes."""

import json

import numpy as np
import pytest
from protocol_labels import event, instant, label

from components.cli.main import main
from components.protocol.tables import read_events, read_samples


@pytest.fixture
def raw(tmp_path):
    labels = [
        label([0], [event(3, 6), event(6, 3)], id="b"),
        label([2], [instant(2)], id="a", video_path="w.mp4"),
        label([0], [event(20, 30)], id=""),
    ]
    path = tmp_path / "raw.json"
    path.write_text(json.dumps(labels))
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_json_lines_hold_messages_in_the_order_of_the_labels(raw, tmp_path, capsys):
    assert main(["convert", str(raw), str(tmp_path / "out.jsonl"), "--num-turns", "10"]) == 0
    dialogues = lines(tmp_path / "out.jsonl")
    assert [dialogue["id"] for dialogue in dialogues] == ["b", "a", "test-v.mp4-2"]
    assert set(dialogues[0]) == {"id", "messages", "videos"}
    assert dialogues[1]["videos"] == ["w.mp4"]
    assert dialogues[1]["messages"][5:7] == [
        {"role": "user", "content": "q0\n<2s-3s>\n<stream>"},
        {"role": "assistant", "content": "</Response> @2"},
    ]
    said = capsys.readouterr()
    assert said.out == ""
    assert "responses in 4: 2 placed" in said.err
    assert "1 ends_before_start, 1 response_after_end" in said.err
    assert "set aside: b: ends_before_start: response 1" in said.err


def test_the_table_is_sorted_and_has_its_events(raw, tmp_path):
    out, events = tmp_path / "out.parquet", tmp_path / "events.parquet"
    assert main(["convert", str(raw), str(out), "--num-turns", "10", "--events", str(events)]) == 0
    assert [sample.sample_id for sample in read_samples(out)] == ["a", "b", "test-v.mp4-2"]
    assert [(sample_id, e.text) for sample_id, e in read_events(events)] == [("a", "@2"), ("b", "3-6")]


def test_the_summary_is_one_json_object(raw, tmp_path, capsys):
    assert main(["convert", str(raw), str(tmp_path / "out.jsonl"), "--num-turns", "10", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["samples"], summary["turns"], summary["rules"]) == (3, 30, "corrected")
    assert [row["id"] for row in summary["quarantine"]] == ["b", "test-v.mp4-2"]


def test_released_rules(raw, tmp_path):
    arguments = ["--num-turns", "10", "--rules", "released"]
    assert main(["convert", str(raw), str(tmp_path / "out.jsonl"), *arguments]) == 0
    told = [message["content"] for message in lines(tmp_path / "out.jsonl")[1]["messages"][1::2]]
    assert [text.startswith("q0\n") for text in told] == [True, True] + [False] * 8


def test_durations_from_a_file_and_an_unknown_video(raw, tmp_path, capsys):
    (tmp_path / "durations.json").write_text(json.dumps({"v.mp4": 9.5}))
    arguments = ["--durations", str(tmp_path / "durations.json"), "--json"]
    assert main(["convert", str(raw), str(tmp_path / "out.jsonl"), *arguments]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["samples"], summary["turns"]) == (2, 20)
    assert summary["samples_quarantined"] == {"unknown_video": 1}


def test_a_single_label_needs_no_list(tmp_path):
    (tmp_path / "raw.json").write_text(json.dumps(label([0], [])))
    assert main(["convert", str(tmp_path / "raw.json"), str(tmp_path / "o.jsonl"), "--num-turns", "3"]) == 0
    assert len(lines(tmp_path / "o.jsonl")) == 1


def test_lengths_are_probed_below_the_media_root(tmp_path, capsys):
    av = pytest.importorskip("av")
    (tmp_path / "media").mkdir()
    with av.open(str(tmp_path / "media/v.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=4, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for level in range(14):  # 3.5 s at 4 frames a second
            picture = np.full((32, 32, 3), 10 * level, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    (tmp_path / "media/broken.mp4").write_bytes(b"not a video")
    paths = ["v.mp4", "broken.mp4", "none.mp4", "../raw.json"]
    labels = [label([0], [event(1, 2)], id=path, video_path=path) for path in paths]
    (tmp_path / "raw.json").write_text(json.dumps(labels))
    arguments = ["--media-root", str(tmp_path / "media"), "--json"]
    assert main(["convert", str(tmp_path / "raw.json"), str(tmp_path / "out.parquet"), *arguments]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["samples"], summary["turns"]) == (1, 4)
    assert summary["samples_quarantined"] == {"unknown_video": 2, "unreadable_video": 1}
    (sample,) = read_samples(tmp_path / "out.parquet")
    assert sample.duration_s == 3.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["raw.json", "out.jsonl"], "one of the arguments --media-root --num-turns --durations is required"),
        (["raw.json", "out.jsonl", "--num-turns", "0"], "--num-turns 0: expected 1 to 1000000"),
        (["raw.json", "out.jsonl", "--num-turns", "1000000000000"], "expected 1 to 1000000"),
        (["raw.json", "raw.json.jsonl", "--num-turns", "3", "--fps", "inf"], "expected a positive number"),
        (["own.jsonl", "own.jsonl", "--num-turns", "3"], "own.jsonl: named twice"),
        (["raw.json", "o.parquet", "--num-turns", "3", "--events", "./o.parquet"], "o.parquet: named twice"),
        (["raw.json", "out.jsonl", "--num-turns", "ten"], "invalid int value"),
        (["raw.json", "out.csv", "--num-turns", "3"], "expected a name that ends in .jsonl or .parquet"),
        (["raw.json", "out.jsonl", "--num-turns", "3", "--durations", "d.json"], "not allowed with"),
        (["raw.json", "out.jsonl", "--num-turns", "3", "--rules", "old"], "invalid choice"),
        (
            ["raw.json", "out.jsonl", "--num-turns", "3", "--fps", "0"],
            "--fps 0.0: expected a positive number",
        ),
        (["raw.json", "out.jsonl", "--num-turns", "3", "--events", "e"], "--events goes with OUT.parquet"),
        (["raw.json", "out.jsonl", "--media-root", "nowhere"], "--media-root nowhere: no such folder"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(raw, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["convert", *arguments]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert message in said[0]
    assert not list(tmp_path.glob("out.*"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "not valid JSON"),
        ("[]", "none of 0 labels could be used"),
        ('[{"video_path": "v"}]', "none of 1 labels could be used"),
    ],
)
def test_data_that_cannot_be_used_is_exit_1(tmp_path, capsys, content, message):
    (tmp_path / "raw.json").write_text(content)
    assert main(["convert", str(tmp_path / "raw.json"), str(tmp_path / "o.jsonl"), "--num-turns", "3"]) == 1
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "o.jsonl").exists()


@pytest.mark.parametrize("value", ['"ten"', "-1", "true", "Infinity", "1e308", "9" * 400, "1e7"])
def test_a_broken_table_of_durations_is_exit_1(raw, tmp_path, capsys, value):
    for table in ("[1]", f'{{"v.mp4": {value}}}'):
        (tmp_path / "durations.json").write_text(table)
        arguments = ["--durations", str(tmp_path / "durations.json")]
        assert main(["convert", str(raw), str(tmp_path / "o.jsonl"), *arguments]) == 1
        assert "durations.json" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "head"), [("raw.json", b""), ("raw.jsonl", b""), ("raw.json", b"\n ")])
def test_a_byte_order_mark_is_no_part_of_the_labels(tmp_path, name, head):
    content = json.dumps(label([0], [instant(2)], id="\u00e9")).encode()
    for number, mark in enumerate((b"", b"\xef\xbb\xbf")):
        (tmp_path / name).write_bytes(mark + head + content)
        out = tmp_path / f"{number}.parquet"
        assert main(["convert", str(tmp_path / name), str(out), "--num-turns", "3"]) == 0
    assert (tmp_path / "0.parquet").read_bytes() == (tmp_path / "1.parquet").read_bytes()


def test_a_folder_in_place_of_a_file_is_exit_1(tmp_path, capsys):
    (tmp_path / "raw.json").mkdir()
    assert main(["convert", str(tmp_path / "raw.json"), str(tmp_path / "o.jsonl"), "--num-turns", "3"]) == 1
    assert "cannot be read (Is a directory)" in capsys.readouterr().err


def test_a_time_of_400_digits_costs_its_response_alone(tmp_path, capsys):
    raw = tmp_path / "raw.json"
    raw.write_text(json.dumps([label([0], [instant(10**400), instant("9" * 400), instant(2)], id="a")]))
    assert main(["convert", str(raw), str(tmp_path / "o.parquet"), "--num-turns", "3"]) == 0
    assert "responses in 3: 1 placed, 0 shifted, 0 moved_to_end, 0 joined, 2 unreadable_time" in (
        capsys.readouterr().err
    )


def test_a_name_too_long_for_the_file_system_is_a_video_that_is_not_there(tmp_path, capsys):
    raw = tmp_path / "raw.json"
    raw.write_text(json.dumps(label([0], [instant(2)], video_path="n" * 300 + ".mp4")))
    assert main(["convert", str(raw), str(tmp_path / "o.parquet"), "--media-root", str(tmp_path)]) == 1
    assert "unknown_video" in capsys.readouterr().err
