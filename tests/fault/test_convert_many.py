"""Many labels over processes: the same bytes, what is wrong is named, nobody outlives the one who asked."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from components.core.errors import DataError, InternalError
from components.protocol.batch import Tally
from components.protocol.dialogues import lengths_of
from components.protocol.many import write_tables
from components.protocol.rawfiles import RawLabels, open_labels
from components.protocol.workers import Worker
from components.validate.gate import run_gate
from components.validate.profiles import make_profile
from components.validate.tables import load_tables
from tests.support import paper_labels
from tests.support.processes import alive, wait_until
from tests.support.spoiled import FAULTS, spoil

SAMPLES, SHARDS = 1_200, 5  # three blocks
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of labels as the paper has them, one in the first, middle and last spelling a state token."""
    folder = tmp_path_factory.mktemp("many")
    drawn = paper_labels.draw(SAMPLES)
    paper_labels.write_manifest(folder / "manifest.parquet", drawn)
    marked = paper_labels.of_shards(SAMPLES, SHARDS)
    shards = paper_labels.write_shards(folder / "labels", drawn, SHARDS, spoiled=marked)
    paper_labels.as_json(shards, folder / "labels/all.json")
    return folder


def labels(folder: Path, pattern: str = "*.parquet") -> RawLabels:
    return open_labels(sorted((folder / "labels").glob(pattern)))


def convert(folder: Path, name: str, workers: int, pattern: str = "*.parquet") -> Tally:
    raw, tally = labels(folder, pattern), Tally()
    order = sorted(range(len(raw.ids)), key=raw.ids.__getitem__)
    turns, events = folder / f"{name}.parquet", folder / f"{name}-events.parquet"
    lengths = lengths_of(folder / "manifest.parquet")
    write_tables(turns, raw, order, lengths, tally, events=events, workers=workers)
    return tally


def test_processes_change_no_byte_and_lose_no_count(folder: Path) -> None:
    alone, several = convert(folder, "alone", 0), convert(folder, "several", 2)
    for name in ("", "-events"):
        assert (folder / f"alone{name}.parquet").read_bytes() == (
            folder / f"several{name}.parquet"
        ).read_bytes()
    assert alone.summary() == several.summary()
    assert alone.rows() == several.rows()
    assert alone.counts.balanced()
    assert alone.samples_in == SAMPLES


def test_one_json_list_gives_the_bytes_of_the_columns(folder: Path) -> None:
    columns, listed = convert(folder, "columns", 0), convert(folder, "listed", 2, "all.json")
    for name in ("", "-events"):
        assert (folder / f"columns{name}.parquet").read_bytes() == (
            folder / f"listed{name}.parquet"
        ).read_bytes()
    assert listed.summary() == columns.summary()
    assert listed.rows() == columns.rows()  # the three that are spoiled, of the first, middle and last shard
    assert len(listed.rows()) == 3


def test_labels_spoiled_in_the_first_middle_and_last_shard_are_named(folder: Path) -> None:
    tally, raw = convert(folder, "named", 0), labels(folder)
    marked = [raw.ids[row] for row in paper_labels.of_shards(SAMPLES, SHARDS)]
    assert [row["id"] for row in tally.rows()] == sorted(marked)
    assert {row["reason"] for row in tally.rows()} == {"state_token_in_text"}


def test_turns_spoiled_in_the_first_middle_and_last_shard_are_named_alone(folder: Path) -> None:
    convert(folder, "turns", 0)
    raw, events, manifest = labels(folder), folder / "turns-events.parquet", folder / "manifest.parquet"
    profile = make_profile("paper", paper_labels.profile() | {"tolerance": 0.05, "sources": {}})
    clean = run_gate(load_tables(folder / "turns.parquet", events, manifest), profile).result
    assert clean["success"] is True
    rows = [row - 1 for row in paper_labels.of_shards(SAMPLES, SHARDS)]
    where = {raw.ids[row]: fault for row, fault in zip(rows, FAULTS, strict=True)}
    planted = spoil(folder / "turns.parquet", folder / "spoiled.parquet", where)
    result = run_gate(load_tables(folder / "spoiled.parquet", events, manifest), profile).result
    named = {
        (rule, row["sample_id"], row["turn"])
        for rule, found in result["rules"].items()
        for row in found["examples"]
    }
    assert named == planted
    assert {rule for rule, found in result["rules"].items() if found["passed"] is False} == set(FAULTS)


def test_a_killed_worker_is_an_error_and_no_file_appears(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = Worker.__init__

    def dead(worker: Worker) -> None:
        started(worker)
        os.kill(worker.process.pid, signal.SIGKILL)

    monkeypatch.setattr(Worker, "__init__", dead)
    with pytest.raises(InternalError, match="a converting process ended with -9"):
        convert(folder, "killed", 1)
    assert not list(folder.glob("*killed*"))


def test_a_worker_dies_with_the_process_that_asks() -> None:
    start = "from components.protocol.workers import Worker; print(Worker().process.pid, flush=True)"
    asks = f"import time; {start}; time.sleep(60)"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", asks], env=env, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    assert wait_until(lambda: not alive([worker]), 20)


def test_no_usable_label_leaves_no_file(folder: Path) -> None:
    raw, tally = labels(folder), Tally()
    with pytest.raises(DataError, match="none of 0 labels could be used"):
        write_tables(folder / "nothing.parquet", raw, [], lengths_of(folder / "manifest.parquet"), tally)
    assert not (folder / "nothing.parquet").exists()
