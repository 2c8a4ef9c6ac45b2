"""Stage bodies for `audit_world`: the real layouts of every product, around work of milliseconds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.core.files import read_json, write_json
from components.core.hashing import sha256_file
from components.evaluate.ovo_rules import PointScore, table
from components.evaluate.points import validation_points
from components.evaluate.state_scores import Watched, build_validation
from components.lineage.stage import Stage, stage
from components.protocol.states import State
from components.protocol.tables import read_samples, write_turns
from components.protocol.turns import Dialogue, Turn
from components.registry.copies import copy_results, wanted
from components.registry.model_files import copy_model
from components.registry.receipts import copy_receipts
from components.video.manifest import Video, read_manifest, write_manifest
from components.video.origin import Origins

Body = Callable[[Stage], None]
CODE = ["components/__init__.py", "components/toy"]
CORPUS, LABELS, TURNS = "artifacts/corpus", "artifacts/annotations/narration-0", "artifacts/turns"
GATE, DATASET, MODEL = "artifacts/validation", "artifacts/dataset", "models/focal-0"
SUITES = ["validation", "ovo"]
EVALUATED = {suite: f"artifacts/evaluation/focal-0-{suite}" for suite in SUITES}
TASKS = (("OCR", "realtime"), ("REC", "forward"))


@dataclass(frozen=True)
class ToyStage:
    """One stage: its product, what it reads, its matrix item and its body."""

    out: str
    deps: list[str]
    body: Body
    item: dict[str, object] = field(default_factory=dict)
    params: list[str] = field(default_factory=list)


def stage_entry(toy: ToyStage) -> dict[str, Any]:
    """Its entry in dvc.yaml."""
    matrix = {"matrix": {key: [value] for key, value in toy.item.items()}} if toy.item else {}
    return {
        **matrix,
        "cmd": "exec python -m components.toy",
        "deps": [*toy.deps, *CODE],
        "params": ["seed", *toy.params],
        "outs": [toy.out],
    }


def run_stages() -> None:
    """Run every stage in the current folder, in order."""
    for name, toy in STAGES.items():
        with stage(name.partition("@")[0], toy.out, item=toy.item) as st:
            toy.body(st)


def corpus(st: Stage) -> None:
    """Manifest of every video; one whose bytes say `broken` is quarantined."""
    media, origins = Path("data/media"), Origins(Path("data/sources.json"))
    rows, rejected = [], []
    for path in sorted(media.rglob("*.mp4")):
        name = path.relative_to(media).as_posix()
        if path.read_bytes().startswith(b"broken"):
            rejected.append({"id": name, "reason": "decode_error", "detail": ""})
            continue
        role, origin = "benchmark" if name.startswith("bench/") else "corpus", origins.of(name)
        shape = (5.0, 5, 1.0, False, 0, 8, 8, "h264")
        rows.append(Video(name, *shape, sha256_file(path), role, origin.source, origin.licence, ""))
    write_manifest(st.dir / "manifest.parquet", rows)
    write_json(st.dir / "quarantine.json", rejected)
    write_json(st.dir / "summary.json", {"usable": len(rows), "files": len(rows) + len(rejected)})


def trained(role: str = "corpus") -> list[str]:
    """The videos of one role."""
    return [row.video_id for row in read_manifest(Path(CORPUS) / "manifest.parquet", role=role)]


def annotate(st: Stage) -> None:
    """One label a video."""
    labels = [{"id": f"narration-{name}-0", "video_path": name} for name in trained()]
    write_json(st.dir / "labels.json", labels)
    write_json(
        st.dir / "summary.json", {"teacher": "world-1", "prompt": "07d80416236a", "labels": len(labels)}
    )


def dialogues(st: Stage) -> None:
    """One sample of five turns a video."""
    states = [State.SILENCE, State.STANDBY, State.RESPONSE, State.SILENCE, State.SILENCE]
    turns = [
        Turn(i, ("go",) if i == 0 else (), s, "y" if s is State.RESPONSE else None)
        for i, s in enumerate(states)
    ]
    samples = [Dialogue(f"narration-{name}-0", name, "narration", "test", 5.0, turns) for name in trained()]
    write_turns(st.dir / "turns.parquet", samples)
    write_json(st.dir / "summary.json", {"samples": len(samples)})


def validate(st: Stage) -> None:
    """The gate says yes."""
    rule = {"checked": True, "detail": "", "examples": [], "failed": 0, "passed": True}
    unchecked = {"checked": False, "detail": "no manifest", "examples": [], "failed": 0, "passed": None}
    write_json(
        st.dir / "result.json", {"success": True, "rows": 5, "rules": {"time": rule, "video": unchecked}}
    )


def dataset(st: Stage) -> None:
    """The last video validates, the ones named `drop` are excluded."""
    samples = list(read_samples([Path(TURNS) / "turns.parquet"]))
    kept = [one for one in samples if "drop" not in one.video_id]
    split = {one.video_id: "train" if one is not kept[-1] else "validation" for one in kept}
    splits = {}
    for name in ("train", "validation"):
        part = [one for one in kept if split[one.video_id] == name]
        (st.dir / name).mkdir()
        write_turns(st.dir / name / "shard-000.parquet", part)
        shares = {"silence": 0.6, "standby": 0.2, "response": 0.2}
        cell = {"samples": len(part), "videos": len(part), "turns": 5 * len(part), "shares": shares}
        splits[name] = cell
    out = sorted(set(trained()) - set(split))
    write_json(st.dir / "split.json", split)
    write_json(
        st.dir / "quarantine.json", [{"id": name, "reason": "near_duplicate", "detail": ""} for name in out]
    )
    write_json(st.dir / "summary.json", {"splits": splits, "licences": {"CC0-1.0": len(kept)}})


def train(st: Stage) -> None:
    """Weights that depend on the data and the steps."""
    split = read_json(Path(DATASET) / "split.json")
    write_json(st.dir / "config.json", {"steps": st.param("train.steps")})
    write_json(st.dir / "streamo.json", {"step": st.param("train.steps"), "videos": sorted(split)})
    (st.dir / "model.safetensors").write_bytes(repr(sorted(split)).encode() * 9)


def evaluate_validation(st: Stage) -> None:
    """Every sample of the dataset, one state said wrong in each."""
    samples = list(
        read_samples([Path(DATASET) / name / "shard-000.parquet" for name in ("train", "validation")])
    )
    watched = []
    for one in samples:
        truth = [turn.state.label for turn in one.turns]
        watched.append(
            Watched(one.sample_id, one.video_id, one.task, truth, ["silence", "silence", *truth[2:]])
        )
    streams = [vars(one) for one in watched]
    write_json(st.dir / "scores.json", {**build_validation(watched, seed=st.seed), "steps": 3})
    write_json(st.dir / "points.json", validation_points(watched, "0" * 64))
    write_json(st.dir / "predictions.json", {"suite": "validation", "streams": streams})


def evaluate_ovo(st: Stage) -> None:
    """Three points a task and column, the first of each right."""
    points, columns = [], {}
    for column in ("matched", "naive"):
        scored = [PointScore(task, n, 0, float(n % 3 == 0)) for task, _ in TASKS for n in range(3)]
        columns[column] = {"model": table(scored), "comparison": {"forward": {"accuracy": 33.33}}}
        points += [
            {"id": f"{column}-{task}-{n}", "group": group, "task": task, "video_id": "bench/b0.mp4",
             "match": str(n), "column": column, "correct": n % 3 == 0}
            for task, group in TASKS for n in range(3)
        ]  # fmt: skip
    write_json(st.dir / "scores.json", {"suite": "ovo", "steps": 3, "columns": columns})
    write_json(st.dir / "points.json", {"schema": 1, "suite": "ovo", "heldout": "0" * 64, "points": points})


def report(st: Stage) -> None:
    """results.json with what the audit compares."""
    scores = {suite: read_json(Path(folder) / "scores.json") for suite, folder in EVALUATED.items()}
    summary = read_json(Path(DATASET) / "summary.json")
    entry = {"validation": scores["validation"], "ovo": scores["ovo"]["columns"]}
    facts = {"splits": summary["splits"], "licences": summary["licences"]}
    gate = read_json(Path(GATE) / "result.json")
    write_json(st.dir / "results.json", {"models": {"focal-0": entry}, "dataset": facts, "gate": gate})


def register(st: Stage) -> None:
    """The product as room registry lays it out, by its own functions."""
    root = Path()
    missing = copy_results(root, st.dir, wanted("focal-0", SUITES))
    assert missing == []
    products = [CORPUS, LABELS, TURNS, GATE, DATASET, MODEL, *EVALUATED.values(), "artifacts/report"]
    receipts = copy_receipts(root, products, st.dir)
    files = copy_model(Path(MODEL), st.dir)
    (st.dir / "README.md").write_text("# card\n")
    groups = {"forward": {"accuracy": 33.33}}
    macro_f1 = read_json(Path(EVALUATED["validation"]) / "scores.json")["macro_f1"]
    scores = {"column": "matched", "groups": groups, "macro_f1": {"accuracy": macro_f1}}
    candidate = {"model": "focal-0", "loss": "focal", "seed": 0, "scores": scores}
    verdict = {"candidate": candidate, "decision": "register", "files": files, "receipts": receipts}
    write_json(st.dir / "verdict.json", verdict)


FOCAL: dict[str, object] = {"loss": "focal", "seed": 0}
STAGES = {
    "corpus": ToyStage(CORPUS, ["data"], corpus, params=["corpus"]),
    "annotate": ToyStage(LABELS, ["data", CORPUS], annotate, {"task": "narration", "shard": 0}),
    "dialogues": ToyStage(TURNS, [CORPUS, "artifacts/annotations"], dialogues),
    "validate": ToyStage(GATE, [TURNS], validate),
    "dataset": ToyStage(DATASET, ["data", CORPUS, TURNS, GATE], dataset),
    "train": ToyStage(MODEL, ["data", DATASET], train, FOCAL, ["train.steps"]),
    "evaluate": ToyStage(EVALUATED["validation"], [MODEL, DATASET], evaluate_validation, FOCAL),
    "benchmark": ToyStage(EVALUATED["ovo"], [MODEL, CORPUS], evaluate_ovo, FOCAL),
    "report": ToyStage("artifacts/report", ["artifacts/evaluation", "models", DATASET, GATE], report),
    "register": ToyStage(
        "artifacts/register",
        [
            CORPUS,
            "artifacts/annotations",
            TURNS,
            GATE,
            DATASET,
            "artifacts/evaluation",
            "artifacts/report",
            "models",
        ],
        register,
    ),
}
