"""Stage dialogues: folders of labels and a manifest in, tables with receipts out."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from protocol_labels import event, instant, label

from components.core.errors import DataError
from components.protocol.dialogues import run
from components.protocol.tables import read_events, read_samples

ROOT = Path(__file__).resolve().parents[3]
VIDEOS = [
    ("a.mp4", 10.0, 300, 30.0, "corpus"),
    ("b.mp4", 4.5, 135, 30.0, "corpus"),
    ("c.mp4", 8.0, 240, 30.0, "benchmark"),
]


def inputs(folder):
    (folder / "corpus").mkdir(parents=True)
    names = ("video_id", "duration_s", "frames", "fps", "role")
    rows = [dict(zip(names, video, strict=True)) for video in VIDEOS]
    pq.write_table(pa.Table.from_pylist(rows), folder / "corpus/manifest.parquet")
    labels = {
        "event_caption-0": [
            label(
                [0], [event(3, 6)], id="event_caption-a.mp4-0", video_path="a.mp4", task_type="event_caption"
            ),
            label(
                [0], [event(1, 2)], id="event_caption-c.mp4-0", video_path="c.mp4", task_type="event_caption"
            ),
        ],
        "event_grounding-0": [
            label(
                [0],
                [event(1, 3)],
                id="event_grounding-b.mp4-0",
                video_path="b.mp4",
                task_type="event_grounding",
            ),
            label(
                [0],
                [event(2, 3)],
                id="event_grounding-b.mp4-0",
                video_path="b.mp4",
                task_type="event_grounding",
            ),
        ],
        "tsqa-0": [
            label([1], [instant(1), instant(3)], id="tsqa-b.mp4-0", video_path="b.mp4", task_type="tsqa"),
            label([1], [instant(1)], id="tsqa-z.mp4-0", video_path="z.mp4", task_type="tsqa"),
        ],
        "base_qa-0": [
            label([0], [instant(0)], id="base_qa-a.mp4-0", video_path="a.mp4", task_type="base_qa")
        ],
    }
    for name, raws in labels.items():
        (folder / "annotations" / name).mkdir(parents=True)
        (folder / "annotations" / name / "labels.json").write_text(json.dumps(raws))
    return [folder / "annotations" / name for name in labels], folder / "corpus/manifest.parquet"


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def convert(tmp_path, out="out", **arguments):
    folders, manifest = inputs(tmp_path / f"in-{out}")
    (tmp_path / out).mkdir()
    return run(tmp_path / out, folders, manifest, **{"rules": "corrected", "fps": 1.0, **arguments})


def test_tables_quarantine_and_conservation(tmp_path):
    summary = convert(tmp_path)
    samples = list(read_samples(tmp_path / "out/turns.parquet"))
    assert [s.sample_id for s in samples] == [
        "event_caption-a.mp4-0",
        "event_grounding-b.mp4-0",
        "tsqa-b.mp4-0",
    ]
    assert [len(s.turns) for s in samples] == [10, 5, 5]
    assert len(list(read_events(tmp_path / "out/events.parquet"))) == 4
    quarantine = json.loads((tmp_path / "out/quarantine.json").read_text())
    assert [(row["id"], row["reason"]) for row in quarantine] == [
        ("event_caption-c.mp4-0", "benchmark_video"),
        ("event_grounding-b.mp4-0", "duplicate_id"),
        ("tsqa-z.mp4-0", "unknown_video"),
    ]
    assert json.loads((tmp_path / "out/summary.json").read_text()) == summary
    assert summary["offline_labels"] == 1
    assert summary["samples_in"] == 6 == summary["samples"] + sum(summary["samples_quarantined"].values())
    counts = summary["counts"]
    assert counts["responses_in"] == 7 == counts["placed"] + sum(counts["quarantined"].values())
    assert set(summary["tasks"]) == {"event_caption", "event_grounding", "tsqa"}


def test_shares_are_printed_overall_and_per_task(tmp_path, capsys):
    convert(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["all", "event_caption", "event_grounding", "tsqa"]
    assert lines[1].endswith("60.0 / 30.0 / 10.0 %")


def test_the_order_of_the_folders_changes_no_byte(tmp_path):
    convert(tmp_path, "one")
    folders, manifest = inputs(tmp_path / "again")
    (tmp_path / "two").mkdir()
    run(tmp_path / "two", folders[::-1], manifest, rules="corrected", fps=1.0)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_released_rules_take_their_own_number_of_turns(tmp_path):
    convert(tmp_path, rules="released", fps=2.0)
    assert [len(s.turns) for s in read_samples(tmp_path / "out/turns.parquet")] == [20, 9, 9]


def test_a_missing_folder_is_named(tmp_path):
    _, manifest = inputs(tmp_path)
    with pytest.raises(DataError, match=r"narration-0/labels\.json: no such file"):
        run(tmp_path, [tmp_path / "annotations/narration-0"], manifest, rules="corrected", fps=1.0)


def test_a_manifest_that_cannot_be_read_is_named(tmp_path):
    folders, _ = inputs(tmp_path)
    with pytest.raises(DataError, match=r"none\.parquet: not a readable manifest"):
        run(tmp_path, folders, tmp_path / "none.parquet", rules="corrected", fps=1.0)


def test_labels_must_be_a_list(tmp_path):
    folders, manifest = inputs(tmp_path)
    (folders[0] / "labels.json").write_text("{}")
    with pytest.raises(DataError, match="expected a JSON list"):
        run(tmp_path, folders, manifest, rules="corrected", fps=1.0)


def test_not_one_usable_label_is_an_error(tmp_path):
    folders, manifest = inputs(tmp_path)
    with pytest.raises(DataError, match="none of 0 labels could be used"):
        run(tmp_path, folders[-1:], manifest, rules="corrected", fps=1.0)


def checkout(folder):
    """A folder with just what stage `dialogues` reads; one annotation folder is left over from old params."""
    inputs(folder / "artifacts")
    stale = folder / "artifacts/annotations/narration-0"
    stale.mkdir()
    (stale / "labels.json").write_text("not even JSON")
    stage = {
        "cmd": "exec python -m components.lineage.dialogues",
        "deps": ["artifacts/corpus", "artifacts/annotations"],
        "params": ["seed", "dialogues", "annotate.tasks", "annotate.shards"],
        "outs": ["artifacts/turns"],
    }
    params = {
        "seed": 0,
        "dialogues": {"rules": "corrected", "fps": 1.0},
        "annotate": {"tasks": ["event_caption", "tsqa", "base_qa"], "shards": [0]},
    }
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"dialogues": stage}}))
    (folder / "params.yaml").write_text(yaml.safe_dump(params))


def start(folder):
    command = [sys.executable, "-m", "components.lineage.dialogues"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)


def test_the_stage_publishes_its_folder_with_a_receipt(tmp_path):
    checkout(tmp_path)
    done = start(tmp_path)
    assert (done.returncode, done.stderr.count("set aside")) == (0, 3)
    out = tmp_path / "artifacts/turns"
    names = {"turns.parquet", "events.parquet", "quarantine.json", "summary.json", "identity.json"}
    assert {path.name for path in out.iterdir()} == names
    first = digests(out)
    assert start(tmp_path).returncode == 0
    assert digests(out) == first


def test_the_stage_says_what_is_wrong_in_one_line_and_publishes_nothing(tmp_path):
    checkout(tmp_path)
    (tmp_path / "artifacts/annotations/tsqa-0/labels.json").unlink()
    done = start(tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["dialogues: artifacts/annotations/tsqa-0/labels.json: no such file"]
    assert not (tmp_path / "artifacts/turns").exists()
