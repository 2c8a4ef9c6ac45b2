"""The paper's half a million labels: raw labels -> turn table -> gate, with time by part and peak memory.

    python benchmarks/labels.py [--samples 465800] [--turns 46e6] [--shards 16] [--json] [--plant]

Labels are drawn from the paper's task shares and histogram of video lengths (tests/support/paper_labels.py):
about 71 turns a sample, or `--turns` in all. Three labels, in the first, middle and last shard, hold a state
token: conversion must name those three responses and no other. `--plant` spoils three rows of a copy of the
turn table, of samples of the same shards, and has that judged: the gate must name those rows and no other. At
last `--slice` labels go through the spelled-out path, sample by sample, and by column. The gate is a process
of its own in the DAG, so the raw labels are let go before it.
"""

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from components.core.process import fix_environment
from components.protocol.batch import Tally, place_all
from components.protocol.dialogues import lengths_of
from components.protocol.many import write_tables
from components.protocol.rawfiles import LABEL_SCHEMA, JsonPart, Part, RawLabels, each, open_labels
from components.protocol.tables import write_turns
from tests.support import paper_labels
from tests.support.processes import tree_mb
from tests.support.spoiled import FAULTS, spoil

T = TypeVar("T")
POLL_S = 0.2


class Meter:
    """Seconds, processor seconds and peak memory (this process and its children together) of named parts."""

    def __init__(self) -> None:
        self.peak_mb, self.ended = 0.0, threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        while not self.ended.wait(POLL_S):
            self.peak_mb = max(self.peak_mb, tree_mb(os.getpid()))

    def part(self, name: str, body: Callable[[], T], rows: int = 0) -> T:
        """Run a part and print its line; rows per second where `rows` is given."""
        self.peak_mb, begun, used = 0.0, time.perf_counter(), sum(os.times()[:4])
        result = body()
        seconds, peak = time.perf_counter() - begun, max(self.peak_mb, tree_mb(os.getpid()))
        rate = f", {rows / seconds / 1e6:6.2f} M rows/s" if rows else ""
        cpu = sum(os.times()[:4]) - used  # children count once they have ended
        print(f"{name:32}{seconds:8.1f} s, {cpu:8.1f} s of processor, {peak:6.0f} MiB{rate}", flush=True)
        return result


def convert(folder: Path, raw: RawLabels, order: list[int], workers: int | None = None) -> Tally:
    """Write turns.parquet and events.parquet."""
    tally = Tally()
    turns, events = folder / "turns.parquet", folder / "events.parquet"
    lengths = lengths_of(folder / "manifest.parquet")
    write_tables(turns, raw, order, lengths, tally, events=events, workers=workers)
    return tally


def judge(meter: Meter, folder: Path, turns: Path, rows: int) -> dict[str, Any]:
    """The gate on a turn table, with its events and manifest: the result object."""
    from components.validate.gate import run_gate
    from components.validate.profiles import make_profile
    from components.validate.suite import build_suites  # imports Great Expectations, which is not measured
    from components.validate.tables import load_tables

    assert build_suites is not None
    events, manifest = folder / "events.parquet", folder / "manifest.parquet"
    tables = meter.part("gate: read", lambda: load_tables(turns, events, manifest), rows)
    profile = make_profile("paper", paper_labels.profile())
    return meter.part("gate: judge", lambda: run_gate(tables, profile).result, rows)


def compare(meter: Meter, folder: Path, part: Part) -> None:
    """The two paths over the same labels, in this process: the spelled-out one, then the columns."""
    (folder / "slice").mkdir()
    if isinstance(part, JsonPart):
        labels = folder / "slice/labels.json"
        labels.write_text(json.dumps(part.labels()), encoding="utf-8")
    else:
        labels = folder / "slice/labels.parquet"
        pq.write_table(pa.Table.from_pylist(part.labels(), schema=LABEL_SCHEMA), labels)
    raw, lengths = open_labels([labels]), lengths_of(folder / "manifest.parquet")
    order = list(range(len(raw.ids)))
    old, new = folder / "slice/old.parquet", folder / "slice/new.parquet"

    def one_by_one() -> None:
        samples = Tally().watch(place_all(each(raw, order), lengths))
        write_turns(old, (sample.dialogue() for sample in samples), events=old.with_suffix(".events"))

    def columns() -> None:
        write_tables(new, raw, order, lengths, Tally(), events=new.with_suffix(".events"), workers=0)

    used = []
    for name, body in (("slice: sample by sample", one_by_one), ("slice: columns", columns)):
        begun = time.process_time()
        meter.part(name, body)
        used.append(time.process_time() - begun)
    same = "the same bytes" if old.read_bytes() == new.read_bytes() else "DIFFERENT bytes"
    print(f"columns: {used[0] / used[1]:.1f} x less processor time, {same}")


def main() -> None:
    """Draw, convert, judge; exits 1 if something planted was not named, or something else was."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=paper_labels.SAMPLES)
    parser.add_argument("--turns", type=float, help="mean number of turns of all samples")
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--json", action="store_true", help="the labels as one JSON list, not as parquet")
    parser.add_argument("--plant", action="store_true")
    parser.add_argument("--slice", type=int, default=5_000)
    parser.add_argument("--folder", type=Path, help="below which a scratch folder is made")
    args = parser.parse_args()
    fix_environment()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        run(Path(name), args)


def to_turns(
    meter: Meter, folder: Path, shards: list[Path], marked: list[int], slice_size: int
) -> tuple[dict[str, Any], dict[str, str], Part]:
    """Raw labels to tables; the summary, which samples may be spoiled, and the labels to compare on."""
    raw = meter.part("labels indexed", lambda: open_labels(shards))
    order = sorted(range(len(raw.ids)), key=raw.ids.__getitem__)
    tally = meter.part("converted and written", lambda: convert(folder, raw, order))
    named = {row["id"] for row in tally.rows()}
    assert named == {raw.ids[row] for row in marked}, f"set aside: {tally.rows()[:5]}"
    where = {raw.ids[row - 1]: fault for row, fault in zip(marked, FAULTS, strict=True)}
    part = raw.part(order[:slice_size])
    raw.close()
    return tally.summary(), where, part


def run(folder: Path, args: argparse.Namespace) -> None:
    """The whole benchmark in one folder."""
    meter, marked = Meter(), paper_labels.of_shards(args.samples, args.shards)
    drawn = paper_labels.draw(args.samples, turns=args.turns)
    paper_labels.write_manifest(folder / "manifest.parquet", drawn)
    shards = meter.part(
        "labels drawn (not ours)",
        lambda: paper_labels.write_shards(folder / "labels", drawn, args.shards, spoiled=marked),
    )
    if args.json:
        listed = meter.part(
            "labels as JSON (not ours)", lambda: paper_labels.as_json(shards, folder / "labels.json")
        )
        print(f"{listed.stat().st_size / 2**20:.0f} MiB of JSON in one list")
        shards = [listed]
    begun = time.perf_counter()
    summary, where, part = to_turns(meter, folder, shards, marked, args.slice)
    seconds = time.perf_counter() - begun
    turns, planted = folder / "turns.parquet", set[tuple[str, str, int]]()
    if args.plant:
        whole, turns = turns, folder / "spoiled.parquet"
        planted = meter.part("rows spoiled (not ours)", lambda: spoil(whole, turns, where))
    begun = time.perf_counter()
    result = judge(meter, folder, turns, summary["turns"])
    seconds += time.perf_counter() - begun
    counts = (
        f"{summary['samples']} samples, {summary['turns']} turns, {summary['counts']['placed']} responses"
    )
    print(f"{counts}: {seconds:.0f} s; the 3 planted labels named, no other")
    rules = result["rules"].items()
    found = {(rule, row["sample_id"], row["turn"]) for rule, entry in rules for row in entry["examples"]}
    assert found == planted, f"named {found}, planted {planted}"
    for rule, sample, turn in sorted(planted):
        print(f"named, and no other row: {rule} {sample} turn {turn}")
    compare(meter, folder, part)
    print(f"shares {result['shares']}")


if __name__ == "__main__":
    main()
