import json

import jsonschema
import pytest

from components.annotate.wording import templates
from components.cli.main import main
from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.evaluate.streamo_bench import format, world
from components.evaluate.streamo_bench.leak import check_apart, names
from components.evaluate.streamo_bench.make import Recipe, make
from components.evaluate.streamo_bench.timelines import read_public
from components.protocol.states import State
from components.protocol.tables import write_turns
from components.protocol.turns import Dialogue, Turn
from tests.support.bench_sets import PUBLIC, public_file, public_set, world_set, world_timelines


def test_every_kind_is_asked_on_every_video_and_due_after_it_is_asked(tmp_path):
    for bench in (public_set(tmp_path), world_set()):
        assert {task.kind for task in bench.tasks} == set(format.KINDS)
        assert {task.video_id for task in bench.tasks} == {video.video_id for video in bench.videos}
        for task in bench.tasks:
            (event,) = task.truth if task.kind.endswith("grounding") else (None,)
            if task.kind == format.FORWARD:
                assert task.asked_s <= event.start_s
            if task.kind == format.BACKWARD:
                assert task.asked_s >= event.end_s
            assert all(task.due_s(moment) >= task.asked_s for moment in task.truth)


def test_a_seed_gives_one_set_whatever_the_order_of_the_videos():
    timelines = world_timelines(8)
    recipe = Recipe("world", 3, videos=5, grounding=world.GROUND)
    first, again = make(timelines, recipe), make(timelines[::-1], recipe)
    assert first == again
    assert (
        first.fingerprint()
        != make(timelines, Recipe("world", 4, videos=5, grounding=world.GROUND)).fingerprint()
    )


def test_another_video_changes_no_task_of_the_others():
    recipe = Recipe("world", 0, grounding=world.GROUND)
    few, more = make(world_timelines(5), recipe), make(world_timelines(6), recipe)
    assert few.tasks == more.tasks[: len(few.tasks)]


def test_captions_that_occur_twice_are_no_grounding_question_and_are_counted(tmp_path):
    bench = public_set(tmp_path)
    asked = [task.question for task in bench.tasks if task.kind == format.FORWARD]
    assert not any("peel the onion" in question for question in asked)
    assert bench.left_out["event_text_not_unique"] == 2


def test_a_step_is_asked_for_only_where_steps_do_not_overlap(tmp_path):
    asked = {
        (task.video_id, task.question) for task in public_set(tmp_path).tasks if task.kind == format.TSQA
    }
    assert len([1 for video, _ in asked if video == "v_GLd3aX16zBg"]) == 2
    assert len([1 for video, _ in asked if video == "v_4B6j3gYkvr4"]) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (None, "video_malformed"),
        ({"duration": float("inf"), "timestamps": [], "sentences": []}, "video_malformed"),
        ({"duration": 9, "timestamps": [[0, 1]], "sentences": []}, "video_malformed"),
        ({"duration": 9, "timestamps": [], "sentences": []}, "video_without_event"),
        ({"duration": 9, "timestamps": [[4, 2]], "sentences": ["x"]}, "event_outside_video"),
        ({"duration": 9, "timestamps": [[4, 20]], "sentences": ["x"]}, "event_outside_video"),
        ({"duration": 9, "timestamps": [["a", 2]], "sentences": ["x"]}, "event_without_time"),
        ({"duration": 9, "timestamps": [[0, 2]], "sentences": ["  "]}, "event_without_text"),
        ({"duration": 9, "timestamps": [[0, 2]], "sentences": [None]}, "event_without_text"),
        ({"duration": 9, "timestamps": [[0, 2]], "sentences": ["</ Response>"]}, "event_spells_a_token"),
    ],
)
def test_what_cannot_be_used_is_left_out_by_reason(tmp_path, row, reason):
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({**PUBLIC, "bad": row}))
    timelines, left_out = read_public(path, "anywhere")
    assert len(timelines) == len(PUBLIC)
    assert left_out[reason] == 1
    assert timelines[0].licence == "unknown"


def test_the_world_asks_in_the_words_of_its_training_labels():
    for wording, task in (
        (world.GROUND, "event_grounding"),
        (world.NARRATE, "narration"),
        (world.CAPTION, "event_caption"),
        (world.KEEP, "tsqa"),
    ):
        assert templates(task)[0] == wording


def test_a_set_survives_its_file_and_the_schema_is_the_file_s(tmp_path):
    bench = world_set()
    format.save(tmp_path / "set.json", bench)
    assert format.load(tmp_path / "set.json") == bench
    jsonschema.Draft202012Validator.check_schema(format.schema())
    jsonschema.validate(read_json(tmp_path / "set.json"), format.schema())


def broken(change):
    def apply(value):
        change(value)
        return value

    return apply


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: v.pop("seed"), "'seed' is a required property"),
        (lambda v: v["tasks"][0].update(kind="dance"), "tasks/0/kind"),
        (lambda v: v["tasks"][0].update(asked_s=1.5), "tasks/0/asked_s"),
        (lambda v: v["tasks"][0].update(truth=[]), "tasks/0/truth"),
        (lambda v: v["tasks"][0].update(licence=""), "tasks/0/licence"),
        (lambda v: v["tasks"][0].update(video_id="other.mp4"), "not among `videos`"),
        (lambda v: v["tasks"][1].update(id=v["tasks"][0]["id"]), "occurs twice"),
        (lambda v: v["videos"].append(v["videos"][0]), "occurs twice"),
        (lambda v: v["tasks"][0].update(asked_s=10_000), "asked at 10000 s"),
        (lambda v: v["tasks"][0]["truth"][0].update(start_s=9.0, end_s=3.0), "a span from 9 s to 3 s"),
        (lambda v: v["tasks"][0]["truth"][0].update(start_s=900.0, end_s=901.0), "a span from 900 s"),
        (lambda v: v["tasks"][0]["truth"].append(v["tasks"][0]["truth"][0]), "2 spans"),
        (lambda v: v["tasks"][0]["truth"][0].update(end_s=float("nan")), "to nan s"),
    ],
)
def test_a_set_that_cannot_be_meant_is_refused_with_its_place(tmp_path, change, told):
    value = json.loads(json.dumps(world_set().plain()))
    change(value)
    (tmp_path / "set.json").write_text(json.dumps(value))
    with pytest.raises(DataError, match=r"set\.json") as refused:
        format.load(tmp_path / "set.json")
    assert told in str(refused.value)


def test_more_videos_than_there_are_is_an_error():
    with pytest.raises(DataError, match="9 videos wanted, 2 of 2"):
        make(world_timelines(2), Recipe("world", 0, videos=9))


def test_one_video_has_many_names():
    assert names("v_GLd3aX16zBg") & names("yc2/train/GLd3aX16zBg.mp4")
    assert names("GLd3aX16zBg_10.0_160.0") & names("v_GLd3aX16zBg.mkv")
    assert not names("heldout/c0001.mp4") & names("train/c0001.mp4")
    assert names("heldout/c0001.mp4") & names("heldout/c0001.mkv")


def test_a_set_with_a_training_video_is_refused(tmp_path, capsys):
    bench = public_set(tmp_path)
    check_apart(bench, ["train/c0001.mp4", "v_zzzzzzzzzzz"], "split.json")
    with pytest.raises(DataError, match=r"1 of 3 videos .* were trained on: v_4B6j3gYkvr4"):
        check_apart(bench, ["clips/4B6j3gYkvr4.mp4"], "split.json")
    made, turns = tmp_path / "set.json", tmp_path / "turns.parquet"
    args = ["streamo-bench", "make", f"youcook2={public_file(tmp_path)}", "--out", str(made), "--videos", "0"]
    assert main([*args, "--path", "yc2/{video}.mp4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["videos"] == 3
    seen = Dialogue(
        "s-0", "GLd3aX16zBg.webm", "tsqa", "here", 1.0, [Turn(0, ("what?",), State.SILENCE, None)]
    )
    write_turns(turns, [seen])
    assert main(["streamo-bench", "check", str(made)]) == 0
    assert main(["streamo-bench", "check", str(made), "--trained-on", str(turns)]) == 1
    assert "yc2/v_GLd3aX16zBg.mp4" in capsys.readouterr().err


@pytest.mark.parametrize("args", [["labels.json"], ["=x"], ["a=missing.json"], ["a=x", "--path", "clip.mp4"]])
def test_wrong_use_of_make_is_said_in_one_line(tmp_path, args, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_json(tmp_path / "x", PUBLIC)
    assert main(["streamo-bench", "make", *args, "--out", "set.json"]) in (1, 2)
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "set.json").exists()
