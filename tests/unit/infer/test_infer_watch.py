import json

import av
import numpy as np
import pytest

from components.cli.main import main
from components.core.errors import DataError, UsageError
from components.infer.session import StreamSession
from components.infer.watch import Question, count_turns, parse_question, pictures, watch_file
from components.model.tiny import build_tiny

FIELDS = {"turn", "start_s", "end_s", "state", "text", "p_silence", "p_standby", "p_response", "latency_ms"}


@pytest.fixture(scope="module")
def clip(tmp_path_factory, video):
    """An MP4 of 6.5 s at 4 fps: each second of the noise video stands still."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=4, options={"crf": "10"})
        stream.width = stream.height = 56
        stream.pix_fmt = "yuv420p"
        for index in range(26):
            frame = av.VideoFrame.from_ndarray(video[index // 4], format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("argument", "question"),
    [
        ("what now?", Question("what now?", 0.0)),
        ("what now?@4.5", Question("what now?", 4.5)),
        ("what now? @ 4s", Question("what now?", 4.0)),
        ("mail me @home", Question("mail me @home", 0.0)),
        ("a@1@2", Question("a@1", 2.0)),
    ],
)
def test_questions_on_the_command_line(argument, question):
    assert parse_question(argument) == question


def test_pictures_come_turn_by_turn(clip, video):
    assert count_turns(clip) == 7
    shown = list(pictures(clip, 7, 2))
    assert [len(images) for images in shown] == [2] * 7
    for turn, images in enumerate(shown):
        assert np.abs(images[0].astype(int) - video[turn]).mean() < 40


def test_watching_a_file_equals_pushing_its_pictures(adapter, clip):
    questions = [Question("what color is the lamp?"), Question("how many times did the ball jump?", 2.5)]
    watched = [t for t, _ in watch_file(StreamSession(adapter, max_new_tokens=4), clip, questions)]
    session = StreamSession(adapter, max_new_tokens=4)
    session.ask(questions[0].text, at=0)
    session.ask(questions[1].text, at=2.5)
    assert watched == [session.push(images) for images in pictures(clip, 7)]
    assert [turn.questions for turn in watched if turn.questions] == [
        (questions[0].text,),
        (questions[1].text,),
    ]
    assert watched[3].questions


def test_the_command_prints_one_json_line_a_turn(adapter, tiny_dir, clip, capsys):
    code = main(
        ["stream", "--model", str(tiny_dir), str(clip), "--ask", "what color is the lamp?@1", "--json"]
    )
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0 and [row["turn"] for row in rows] == list(range(7))
    assert all(set(row) == FIELDS for row in rows)
    session = StreamSession(adapter)
    session.ask("what color is the lamp?", at=1)
    for row, images in zip(rows, pictures(clip, 7), strict=True):
        turn = session.push(images)
        assert (row["state"], row["text"]) == (turn.state.label, turn.text)
        assert row["p_silence"] + row["p_standby"] + row["p_response"] == pytest.approx(1, abs=1e-5)
        assert row["latency_ms"] > 0 and row["end_s"] == row["start_s"] + 1


def test_the_command_for_people(tiny_dir, clip, capsys):
    assert main(["stream", "--model", str(tiny_dir), str(clip), "--ask", "what color is the lamp?@1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 8 and lines[1] == "    1s  > what color is the lamp?"


@pytest.mark.parametrize(
    ("extra", "code", "says"),
    [
        (["--ask", "too late@6.2"], 2, "the last turn is 6"),
        (["--fps", "0"], 2, "frames a second"),
        (["--ask", ""], 2, "needs text"),
        (["--max-new-tokens", "0"], 2, "--max-new-tokens"),
    ],
)
def test_wrong_use_is_one_line(tiny_dir, clip, capsys, extra, code, says):
    assert main(["stream", "--model", str(tiny_dir), str(clip), *extra]) == code
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("streamo:")]
    assert len(error) == 1 and says in error[0]


def test_a_file_that_is_no_video_is_refused(adapter, tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("no video")
    with pytest.raises(DataError, match=r"text\.mp4"):
        list(watch_file(StreamSession(adapter), path, []))


def test_a_question_after_the_end_is_refused(adapter, clip):
    with pytest.raises(UsageError, match="turn is 6"):
        list(watch_file(StreamSession(adapter), clip, [Question("late", 7.0)]))


def test_a_base_without_states_cannot_stream(tmp_path, clip, capsys):
    build_tiny(tmp_path, ["what color is the lamp?"], seed=0, states=False)
    assert main(["stream", "--model", str(tmp_path), str(clip)]) == 1
    assert "</Silence>" in capsys.readouterr().err


def test_a_missing_file_is_wrong_use(tiny_dir, capsys):
    assert main(["stream", "--model", str(tiny_dir), "nowhere.mp4"]) == 2
    assert "nowhere.mp4: no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "turns"),
    [("no_duration.webm", 5), ("video_180.mov", 1), ("smpte-2997.mp4", 11), ("unordered.mov", 1)],
)
def test_real_clips_have_a_turn_a_second(adapter, shared_data, name, turns):
    (path,) = (shared_data / "videos").rglob(name)
    watched = [
        turn for turn, _ in watch_file(StreamSession(adapter, max_new_tokens=2), path, [Question("what?")])
    ]
    assert [turn.turn for turn in watched] == list(range(turns))
    assert watched[0].questions == ("what?",)


@pytest.mark.parametrize("name", ["Mpeg4.mp4", "mp4-with-audio.mp4", "test.wav"])
def test_real_files_without_pictures_are_refused(adapter, shared_data, name):
    (path,) = (shared_data / "videos").rglob(name)
    with pytest.raises(DataError, match="video"):
        list(watch_file(StreamSession(adapter), path, []))
