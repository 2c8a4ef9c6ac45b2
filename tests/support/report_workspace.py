"""A workspace as the DAG leaves it before the report: real clips, real scoring code, three made-up models."""

import json
import struct
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from components.core.files import write_json, write_text
from components.evaluate.clock import ClockFit
from components.evaluate.points import ovo_points
from components.evaluate.scores import build_scores
from components.evaluate.state_scores import Watched, build_validation
from components.evaluate.streams import Stream, read_results
from components.video.manifest import Video, write_manifest
from components.world.generate import render
from tests.support.ovo_samples import benchmark, perfect_stream, silent_stream

FAMILY = "qwen2_5_vl"
LOSSES = ["ce", "fixed", "focal"]
SKILL = {"ce": 3, "fixed": 5, "focal": 7}  # of 8 entries in a row, how many the model answers
TASKS = ("event_caption", "tsqa", "narration")
RECEIPTS = (
    "artifacts/corpus",
    "artifacts/annotations/tsqa-0",
    "artifacts/turns",
    "artifacts/validation",
    "artifacts/dataset",
    "artifacts/report",
    f"models/base/{FAMILY}",
)


def make_workspace(
    root: Path, *, with_ovo: bool = True, families: Sequence[str] = (FAMILY,), seeds: Sequence[int] = (0,)
) -> Path:
    """Write everything that report and register read below `root`; three clips, one of each task.

    A model of a later family or seed has the skill of the loss after its own.
    """
    render(root / "data", clips=3, seed=0)
    write_summaries(root / "artifacts")
    write_json(root / "artifacts" / "corpus" / "benchmark.json", entries() if with_ovo else [])
    for (place, family), (turn, seed) in product(enumerate(families), enumerate(seeds)):
        for number, loss in enumerate(LOSSES):
            skill = SKILL[LOSSES[(number + place * (1 + turn)) % len(LOSSES)]]
            write_model(root, f"{family}-{loss}-{seed}")
            write_evaluations(root, f"{family}-{loss}-{seed}", skill, with_ovo)
    for receipt in RECEIPTS:
        write_receipt(root, receipt)
    return root


def write_receipt(root: Path, product: str) -> None:
    """A receipt with the keys every receipt has."""
    params = {"annotate.teacher": "world"} if "annotations" in product else {"train.lr": 0.001}
    identity = {"schema": 1, "stage": product.split("/")[-1], "item": {}, "seed": 0, "params": params}
    libraries = {"torch": "2.13.0"}
    write_json(
        root / product / "identity.json", {**identity, "inputs": {}, "code": {}, "libraries": libraries}
    )


def write_summaries(artifacts: Path) -> None:
    """Summaries, the gate's result and quarantines."""
    shares = {"silence": 0.7, "standby": 0.18, "response": 0.12}
    tasks = {task: {"samples": 4, "turns": 80, "shares": shares} for task in TASKS}
    side = {"videos": 2, "seconds": 44.0, "samples": 12, "turns": 240, "shares": shares, "tasks": tasks}
    corpus = {"files": 5, "usable": 3, "duration_s": 66.0, "roles": {"corpus": 3}}
    write_json(artifacts / "corpus" / "summary.json", corpus)
    bad = [
        {"id": "b.mp4", "reason": "no_video", "detail": "d"},
        {"id": "c.mp4", "reason": "no_video", "detail": "d"},
    ]
    write_json(artifacts / "corpus" / "quarantine.json", bad)
    write_json(artifacts / "turns" / "quarantine.json", [])
    write_json(artifacts / "turns" / "summary.json", {"shares": shares, "counts": {"placed": 9}})
    rules = {"states_known": {"passed": True, "failed": 0}, "video_known": {"passed": None, "failed": 0}}
    write_json(artifacts / "validation" / "result.json", {"success": True, "rows": 240, "rules": rules})
    dataset = {
        "splits": {"train": side, "validation": {**side, "videos": 1}},
        "excluded": {},
        "licences": {"CC0-1.0": 3},
        "sources": {"embedded world": 3},
    }
    write_json(artifacts / "dataset" / "summary.json", dataset)
    split = {f"train/c{n:04d}.mp4": "train" if n < 2 else "validation" for n in range(3)}
    write_json(artifacts / "dataset" / "split.json", split)
    write_manifest(artifacts / "corpus" / "manifest.parquet", [video(name) for name in split])


def video(video_id: str, sha256: str = "00" * 32) -> Video:
    """A row of the manifest."""
    size = {"width": 56, "height": 56, "rotation": 0, "codec": "h264", "variable_rate": False}
    origin = {"role": "corpus", "source": "embedded world", "licence": "CC0-1.0", "note": ""}
    return Video(video_id, 22.0, 44, 2.0, sha256=sha256, **size, **origin)


def write_model(root: Path, name: str) -> None:
    """A model folder whose weights file has a real safetensors header (100 x 12 and 8 numbers)."""
    folder = root / "models" / name
    tensors = {
        "a": {"dtype": "F32", "shape": [100, 12], "data_offsets": [0, 4800]},
        "b": {"dtype": "F32", "shape": [8], "data_offsets": [4800, 4832]},
    }
    header = json.dumps(tensors).encode()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4832))
    write_json(folder / "config.json", {"model_type": "qwen2_5_vl"})
    write_json(folder / "streamo.json", {"step": 300})
    write_json(folder / "step-80" / "streamo.json", {"step": 80})
    lines = [f"{step},{300 / step:.4f},{200 / step:.4f}" for step in range(1, 301)]
    write_text(folder / "curves" / "loss.csv", "step,loss,ce_response\n" + "\n".join(lines) + "\n")
    steps = range(0, 301, 20)
    lines = [
        f"{step},{step / 400:.4f},{step / 400:.4f},{step / 400:.4f},{9 - step / 50:.4f}" for step in steps
    ]
    names = "recall_standby,recall_response,precision_response,false_alarms_per_quiet_minute"
    write_text(folder / "curves" / "states.csv", f"step,{names}\n" + "\n".join(lines) + "\n")
    lines = [f"{step},{3 - step / 200:.4f},{'' if step == 20 else 1}" for step in steps]
    write_text(folder / "curves" / "tasks.csv", "step,event_caption,tsqa\n" + "\n".join(lines) + "\n")
    write_receipt(root, f"models/{name}")


def write_evaluations(root: Path, name: str, skill: int, with_ovo: bool) -> None:
    """Scores and predictions of both suites at step 300, and scores at step 80."""
    validation = root / "artifacts" / "evaluation" / f"{name}-validation"
    streams = [watched_stream(number, skill) for number in range(3)]
    early = build_validation([to_watched(watched_stream(n, skill - 2)) for n in range(3)], seed=0)
    scores = build_validation([to_watched(stream) for stream in streams], seed=0)
    write_json(validation / "scores.json", {**scores, "steps": 300, "at_steps": {"80": early}})
    write_json(validation / "predictions.json", {"suite": "validation", "steps": 300, "streams": streams})
    ovo = root / "artifacts" / "evaluation" / f"{name}-ovo"
    if with_ovo:
        found, before = ovo_scores(skill), ovo_scores(skill - 2)
        write_json(ovo / "scores.json", {**found, "steps": 300, "at_steps": {"80": before}})
        videos = {(entry["task"], entry["id"]): entry["video"] for entry in entries()}
        streams = [
            {**stream.plain(), "video": videos[stream.task, stream.entry]} for stream in ovo_streams(skill)
        ]
        write_json(ovo / "predictions.json", {"suite": "ovo", "steps": 300, "streams": streams})
    else:
        write_json(ovo / "scores.json", {"suite": "ovo", "skipped": "no benchmark"})
    write_points(validation, skill)
    results = read_results(entries(), ovo_streams(skill))
    write_json(ovo / "points.json", ovo_points(entries(), results, "00" * 32))
    for suite in ("validation", "ovo"):
        write_receipt(root, f"artifacts/evaluation/{name}-{suite}")


def write_points(folder: Path, skill: int) -> None:
    """One row a clip and task of the validation suite; a low skill loses the last ones."""
    rows = []
    for place, (number, task) in enumerate(product(range(3), TASKS)):
        said = "response" if place < skill else "silence"
        confusion = {"response": {said: 4}, "silence": {"silence": 16}}
        video_id = f"train/c{number:04d}.mp4"
        rows.append({"id": f"{task}-{number}", "task": task, "video_id": video_id, "confusion": confusion})
    points = {"schema": 1, "suite": "validation", "heldout": "00" * 32}
    write_json(folder / "points.json", points | {"samples": rows})


def watched_stream(number: int, skill: int) -> dict[str, object]:
    """A validation stream of 20 turns of clip `number`; a low skill loses the last Responses."""
    truth = (["silence"] * 2 + ["standby"] * 2 + ["response"]) * 4
    said = [state if turn < 2.5 * skill else "silence" for turn, state in enumerate(truth)]
    texts = {str(turn): "<b>a red lamp</b>" for turn, state in enumerate(said) if state == "response"}
    return {
        "sample_id": f"{TASKS[number]}-c{number}-0",
        "video_id": f"train/c{number:04d}.mp4",
        "task": TASKS[number],
        "question_turn": 1,
        "question": "tell me <when> it ends",
        "truth": truth,
        "states": said,
        "texts": texts,
    }


def to_watched(stream: dict[str, object]) -> Watched:
    """The same as the scoring code takes it."""
    return Watched(**{key: stream[key] for key in ("sample_id", "video_id", "task", "truth", "states")})


def entries() -> list[dict[str, Any]]:
    """The benchmark on the clips of this workspace."""
    return [{**entry, "video": f"train/c{n % 3:04d}.mp4"} for n, entry in enumerate(benchmark())]


def ovo_streams(skill: int) -> list[Stream]:
    """Streams of a model that answers `skill` of 8 entries in a row."""
    return [(perfect_stream if n % 8 < skill else silent_stream)(e) for n, e in enumerate(benchmark())]


def ovo_scores(skill: int) -> dict[str, object]:
    """Scores of such a model, with a silent control."""
    entries, streams = benchmark(), ovo_streams(skill)
    return build_scores(
        entries,
        read_results(entries, streams),
        clock_fit=ClockFit(),
        seed=0,
        streams=streams,
        forced=read_results(entries, streams, forced=True),
        exchanged=read_results(entries, [silent_stream(entry) for entry in entries]),
    )
