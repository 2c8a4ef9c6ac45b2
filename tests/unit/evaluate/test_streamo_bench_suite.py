from dataclasses import replace

import pytest
import torch

from components.cli.main import main
from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.evaluate.standalone import evaluate
from components.evaluate.streamo_bench import format, suite
from components.evaluate.streamo_bench.run import questions
from components.evaluate.streamo_bench.suite import BenchInputs, run_streamo_bench
from components.infer.session import StreamSession
from components.model.adapter import load
from components.video.frames import frames_at, turn_times
from tests.support.bench_sets import write_scenes
from tests.support.heldout import SECONDS, heldout_checkout, tiny_model

FILES = ("set.json", "predictions.json", "scores.json", "points.json")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Three held-out clips with scene files, and a random model."""
    root = heldout_checkout(tmp_path_factory.mktemp("bench"))
    write_scenes(root / "data", SECONDS)
    write_json(root / "artifacts/dataset/split.json", dict.fromkeys(SECONDS, "benchmark"))
    talkative(tiny_model(root / "models/focal-0"))
    return root


def talkative(folder):
    """Where the random model would stand by, which is on most turns of these clips, it now responds."""
    adapter = load(folder)
    _, standby, response = adapter.state_ids
    with torch.no_grad():
        weight_VD = adapter.model.get_input_embeddings().weight
        weight_VD[[standby, response]] = weight_VD[[response, standby]]
    adapter.save(folder)
    write_json(folder / "streamo.json", {"step": 300})


def inputs(root, **more):
    found = BenchInputs(
        model=root / "models/focal-0",
        media=root / "data/media",
        data=root / "data",
        corpus=root / "artifacts/corpus",
        dataset=root / "artifacts/dataset",
        videos=2,
        max_new_tokens=4,
        seed=0,
    )
    return replace(found, **more)


@pytest.fixture(scope="module")
def out(checkout):
    folder = checkout / "out"
    folder.mkdir()
    run_streamo_bench(folder, inputs(checkout))
    return folder


def test_every_task_of_the_set_is_watched_and_scored(out):
    bench, scores = format.load(out / "set.json"), read_json(out / "scores.json")
    streams = read_json(out / "predictions.json")["streams"]
    assert len(bench.videos) == 2
    assert [stream["id"] for stream in streams] == [task.id for task in bench.tasks]
    assert set(scores["kinds"]) == {task.kind for task in bench.tasks} == set(format.KINDS)
    assert scores["set"]["fingerprint"] == bench.fingerprint()
    assert (scores["suite"], scores["steps"]) == ("streamo_bench", 300)
    assert {row["id"] for row in read_json(out / "points.json")["tasks"]} == {task.id for task in bench.tasks}
    assert sum(table["counts"]["said"] for table in scores["kinds"].values()) > 0


def test_a_live_stream_says_what_was_scored(checkout, out):
    adapter = load(checkout / "models/focal-0")
    for stream in read_json(out / "predictions.json")["streams"][::4]:
        (ask,) = stream["asks"]
        session = StreamSession(adapter, max_new_tokens=4)
        frames = frames_at(checkout / "data/media" / stream["video"], turn_times(len(stream["states"])))
        for turn, frame in enumerate(frames):
            if turn == ask["at"]:
                session.ask(ask["text"])
            said = session.push([frame])
            assert said.state.label == stream["states"][turn]
            assert said.text == stream["texts"].get(str(turn))


def test_truths_replaced_by_garbage_change_no_prediction(checkout, out, tmp_path, monkeypatch):
    real = suite.make_set

    def spoil(task):
        return replace(task, truth=tuple(replace(one, text="garbage") for one in task.truth))

    def garbage(*args):
        made = real(*args)
        return replace(made, tasks=tuple(spoil(task) for task in made.tasks))

    monkeypatch.setattr(suite, "make_set", garbage)
    run_streamo_bench(tmp_path, inputs(checkout))
    before, after = (read_json(folder / "predictions.json") for folder in (out, tmp_path))
    assert before["streams"] == after["streams"]
    assert before["set"] != after["set"]
    assert read_json(out / "points.json")["heldout"] != read_json(tmp_path / "points.json")["heldout"]


def test_what_runs_is_told_no_truth(out):
    (fields,) = {tuple(vars(one)) for one in questions(format.load(out / "set.json"))}
    assert fields == ("id", "video_id", "text", "asked_s")


def test_without_scene_files_the_suite_says_why_it_is_empty(checkout, tmp_path):
    told = run_streamo_bench(tmp_path, inputs(checkout, data=tmp_path / "elsewhere"))
    assert told == {"skipped": suite.SKIPPED}
    assert not (tmp_path / "set.json").exists()
    for name in FILES[1:]:
        assert read_json(tmp_path / name)["skipped"] == suite.SKIPPED


def test_a_held_out_clip_that_was_trained_on_stops_the_suite(checkout, tmp_path):
    dataset = tmp_path / "dataset"
    write_json(dataset / "split.json", dict.fromkeys(SECONDS, "train"))
    with pytest.raises(DataError, match="were trained on"):
        run_streamo_bench(tmp_path, inputs(checkout, dataset=dataset))
    assert not (tmp_path / "predictions.json").exists()


def test_the_command_writes_the_bytes_of_the_suite(checkout, out, tmp_path):
    params = (checkout / "params.yaml").read_text()
    (checkout / "params.yaml").write_text(params.replace("evaluate:", "evaluate:\n  streamo_bench_videos: 2"))
    try:
        evaluate(checkout / "models/focal-0", "streamo_bench", tmp_path / "out", data=checkout)
    finally:
        (checkout / "params.yaml").write_text(params)
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (out / name).read_bytes()


def test_any_model_answers_a_set_by_the_command(checkout, out, tmp_path, capsys):
    made = tmp_path / "predictions.json"
    args = ["--set", str(out / "set.json"), "--media", str(checkout / "data/media"), "--out", str(made)]
    model = str(checkout / "models/focal-0")
    assert main(["streamo-bench", "run", model, *args, "--max-new-tokens", "4"]) == 0
    assert read_json(made)["streams"] == read_json(out / "predictions.json")["streams"]
    files = ["--annotations", str(out / "set.json"), "--results", str(made)]
    assert main(["score", "streamo_bench", *files]) == 0
    missing = ["--set", str(out / "set.json"), "--media", str(tmp_path), "--out", str(made)]
    assert main(["streamo-bench", "run", model, *missing]) == 1
    assert "streamo:" in capsys.readouterr().err
