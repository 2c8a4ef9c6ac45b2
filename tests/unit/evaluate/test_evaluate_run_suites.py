import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import torch

from components.core.errors import DataError, InternalError
from components.core.files import read_json, write_json
from components.evaluate.ovo_format import load_annotations, load_results
from components.evaluate.ovo_score import score
from components.evaluate.run_frames import VideoFrames, same_tower
from components.evaluate.run_models import checkpoints
from components.evaluate.run_ovo import OvoInputs, run_ovo
from components.evaluate.run_validation import ValidationInputs, choose, plan, run_validation
from components.infer.session import StreamSession
from components.model.adapter import load
from components.model.tiny import build_tiny
from components.protocol.states import LABELS
from components.protocol.tables import read_samples
from components.video.frames import frames_at, turn_times
from components.video.root import MediaRoot
from tests.support.heldout import QUESTIONS, SECONDS, dialogue, entries, heldout_checkout, tiny_model


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Three clips, a benchmark on them, a dataset, and a random model with one earlier step."""
    root = heldout_checkout(tmp_path_factory.mktemp("world"))
    model = tiny_model(root / "models/focal-0")
    tiny_model(model / "step-80", step=80, seed=4)
    return root


def ovo_inputs(world, **more):
    inputs = OvoInputs(
        model=world / "models" / "focal-0",
        media=world / "data/media",
        corpus=world / "artifacts/corpus",
        dataset=world / "artifacts/dataset",
        exchanged=True,
        max_new_tokens=4,
        seed=0,
    )
    return replace(inputs, **more)


def validation_inputs(world, **more):
    inputs = ValidationInputs(
        model=world / "models" / "focal-0",
        media=world / "data/media",
        corpus=world / "artifacts/corpus",
        dataset=world / "artifacts/dataset",
        samples=6,
        max_new_tokens=4,
        seed=0,
    )
    return replace(inputs, **more)


@pytest.fixture(scope="module")
def ovo(world):
    out = world / "ovo"
    out.mkdir()
    run_ovo(out, ovo_inputs(world))
    return out


def test_every_entry_is_streamed_and_scored(world, ovo):
    predictions, scores = read_json(ovo / "predictions.json"), read_json(ovo / "scores.json")
    assert scores["steps"] == predictions["steps"] == 300
    assert len(predictions["streams"]) == len(entries()) == len(predictions["exchanged"])
    assert set(scores["at_steps"]) == {"80"}
    matched = scores["columns"]["matched"]["model"]["tasks"]
    assert {task: cell["total"] for task, cell in matched.items()} == dict.fromkeys(
        ("EPM", "OCR", "REC", "SSR", "CRR"), 3
    )
    assert scores["columns"]["naive"]["model"]["tasks"]["REC"]["total"] == 6
    assert scores["at_steps"]["80"]["columns"]["naive"]["model"]["tasks"] == {}
    assert sum(scores["mapping"].values()) == 6


def test_no_stream_goes_past_its_query(ovo):
    by_id = {entry["id"]: entry for entry in entries()}
    for stream in read_json(ovo / "predictions.json")["streams"]:
        entry = by_id[stream["entry"]]
        times = [point["realtime"] for point in entry.get("test_info", [entry])]
        assert len(stream["states"]) == max(times) + 1
        assert set(stream["states"]) <= set(LABELS)


def test_the_results_are_official_rows_for_the_official_scorer(world, ovo):
    annotations = load_annotations(world / "artifacts/corpus" / "benchmark.json")
    found = score(annotations, load_results(ovo / "results"))
    assert found["rows"] == {
        "rows": len(annotations), "duplicate_rows": 0, "unknown_rows": 0, "entries_without_row": 0
    }  # fmt: skip
    matched = read_json(ovo / "scores.json")["columns"]["matched"]["model"]["tasks"]["OCR"]
    assert found["tasks"]["OCR"]["correct"] == matched["correct"]


def test_recorded_clips_equal_a_single_session(world, ovo):
    session_adapter = load(world / "models" / "focal-0")
    clips = read_json(ovo / "predictions.json")["clips"]
    assert [clip["video"] for clip in clips] == sorted(SECONDS)
    for clip in clips:
        session = StreamSession(session_adapter, max_new_tokens=4)
        for ask in clip["asks"]:
            session.ask(ask["text"], at=ask["at"])
        images = frames_at(world / "data/media" / clip["video"], turn_times(SECONDS[clip["video"]]))
        turns = [session.push([image]) for image in images]
        assert [turn.state.label for turn in turns] == clip["states"]
        assert {str(turn.turn): turn.text for turn in turns if turn.text is not None} == clip["texts"]


def test_a_stream_is_the_begin_of_its_clip(ovo):
    predictions = read_json(ovo / "predictions.json")
    clips = {
        (clip["video"], clip["asks"][0]["text"], clip["asks"][0]["at"]): clip for clip in predictions["clips"]
    }
    compared = 0
    for stream in predictions["streams"]:
        clip = clips.get((stream["video"], stream["question"], stream["question_turn"]))
        if clip:
            compared += 1
            assert clip["states"][: len(stream["states"])] == stream["states"]
    assert compared >= len(clips)


def test_the_same_inputs_give_the_same_bytes(world, ovo):
    again = world / "again"
    again.mkdir()
    cost = run_ovo(again, ovo_inputs(world))
    for name in ("predictions.json", "scores.json", "points.json", "results/ovo.json"):
        assert (again / name).read_bytes() == (ovo / name).read_bytes()
    assert cost["turns"] > 0 and cost["ms_per_turn"] > 0


def test_predictions_follow_the_video_not_its_name(world, ovo, tmp_path):
    names = sorted(SECONDS)
    media = tmp_path / "media" / "bench"
    media.mkdir(parents=True)
    # a and c are equally long: their files change places.
    swap = {names[0]: names[2], names[2]: names[0], names[1]: names[1]}
    for name, other in swap.items():
        (tmp_path / "media" / name).write_bytes((world / "data/media" / other).read_bytes())
    out = tmp_path / "out"
    out.mkdir()
    run_ovo(out, ovo_inputs(world, media=tmp_path / "media"))
    before = {clip["video"]: clip["states"] for clip in read_json(ovo / "predictions.json")["clips"]}
    streams = {s["entry"]: s for s in read_json(ovo / "predictions.json")["streams"]}
    after = {s["entry"]: s for s in read_json(out / "predictions.json")["streams"]}
    assert set(before) == set(names)
    each = len(entries()) // 3
    for number in range(each):  # the entries of a and c stand in the same order
        one, two = after[number], streams[number + 2 * each]
        assert (one["task"], one["states"], one["texts"]) == (two["task"], two["states"], two["texts"])
        assert one["forced"] == two["forced"]
    assert any(after[number]["states"] != streams[number]["states"] for number in range(each))


def test_without_a_benchmark_the_suite_says_so(world, tmp_path):
    corpus = tmp_path / "corpus"
    write_json(corpus / "benchmark.json", [])
    out = tmp_path / "out"
    out.mkdir()
    assert "skipped" in run_ovo(out, ovo_inputs(world, corpus=corpus))
    assert read_json(out / "scores.json")["skipped"] == read_json(out / "predictions.json")["skipped"]
    assert read_json(out / "points.json")["points"] == []


def test_validation_watches_every_task_with_the_last_step(world, tmp_path):
    run_validation(tmp_path, validation_inputs(world))
    predictions, scores = read_json(tmp_path / "predictions.json"), read_json(tmp_path / "scores.json")
    assert len(predictions["streams"]) == scores["samples"] == 6
    assert (scores["of_samples"], scores["steps"], predictions["steps"]) == (11, 300, 300)
    assert {stream["task"] for stream in predictions["streams"]} == {"action_caption", "tsqa"}
    for stream in predictions["streams"]:
        assert len(stream["truth"]) == len(stream["states"]) == 5
        assert set(stream["texts"]) == {str(i) for i, s in enumerate(stream["states"]) if s == "response"}
    assert scores["selection"]["value"] == scores["macro_f1"]


def test_the_choice_of_samples_is_seeded_and_in_proportion(world):
    samples = list(read_samples(world / "artifacts/dataset" / "validation" / "shard-000.parquet"))
    chosen = choose(samples, 5, seed=1)
    assert [s.sample_id for s in chosen] == [s.sample_id for s in choose(samples[::-1], 5, seed=1)]
    assert {s.sample_id for s in chosen} != {s.sample_id for s in choose(samples, 5, seed=2)}
    assert sum(s.task == "tsqa" for s in chosen) == 4
    assert len(choose(samples, 100, seed=1)) == 11
    assert len({s.task for s in choose(samples, 2, seed=1)}) == 2


def test_all_questions_of_a_sample_are_asked(world):
    (sample,) = choose([dialogue(1, "tsqa")], 1, 0)
    assert plan(sample).asks == ((0, QUESTIONS[1]), (3, QUESTIONS[0]), (3, QUESTIONS[1]))


def test_an_empty_validation_split_is_an_error(world, tmp_path):
    (tmp_path / "validation").mkdir()
    table = pq.read_table(world / "artifacts/dataset" / "validation" / "shard-000.parquet").slice(0, 0)
    pq.write_table(table, tmp_path / "validation" / "shard-000.parquet")
    with pytest.raises(DataError, match="no sample"):
        run_validation(tmp_path, validation_inputs(world, dataset=tmp_path))


def test_a_frame_after_the_query_is_never_handed_out(world):
    adapter = load(world / "models" / "focal-0")
    frames = VideoFrames(adapter, MediaRoot(world / "data/media"), SECONDS, fps=2)
    name = "bench/a.mp4"
    assert [len(frames.rows(name, 3, until)[1]) for until in (3.0, 3.4, 3.5, 9.0)] == [1, 1, 2, 2]
    with pytest.raises(InternalError, match="turn 3"):
        frames.rows(name, 3, 2.9)


def test_rows_are_kept_for_a_model_with_the_same_tower(world, tmp_path):
    one, other = load(world / "models" / "focal-0"), load(build_tiny(tmp_path, QUESTIONS, seed=5))
    frames = VideoFrames(one, MediaRoot(world / "data/media"), SECONDS)
    first = frames.rows("bench/a.mp4", 0, 0.0)[0]
    assert same_tower(one, load(world / "models" / "focal-0")) and not same_tower(one, other)
    frames.serve(load(world / "models" / "focal-0"))
    assert torch.equal(frames.rows("bench/a.mp4", 0, 0.0)[0], first)
    assert frames.cache.adapter is one
    frames.serve(other)
    assert frames.cache.adapter is other
    assert not torch.equal(frames.rows("bench/a.mp4", 0, 0.0)[0], first)


def test_checkpoints_are_found_by_their_step(world, tmp_path):
    found = checkpoints(world / "models" / "focal-0")
    assert [kept.step for kept in found] == [300, 80]
    (tmp_path / "streamo.json").write_text(json.dumps({"step": "300"}))
    with pytest.raises(DataError, match=r"streamo\.json"):
        checkpoints(tmp_path)
