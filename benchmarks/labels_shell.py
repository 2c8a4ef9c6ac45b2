"""Half a million released labels through the command line: import, convert, validate, one process each.

    python benchmarks/labels_shell.py [--samples 465800] [--turns 46e6]

The labels of benchmarks/labels.py as one JSON list in the released form (seconds counted from 1), so as
Streamo-Instruct-465K lies on a disk: `streamo import streamo`, `streamo convert`, `streamo validate`. Then
the same labels as a DVC stage reads them, several `labels.json` (the body of stage dialogues). Time,
processor time and peak resident memory of each process with its children. Every turn must be there, and the
three responses that spell a state token must be named, no other.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from components.annotate.importers.streamo import video_path
from components.core.process import fix_environment
from tests.support import paper_labels
from tests.support.processes import tree_mb

POLL_S = 0.2
STAGE = """
import sys
from pathlib import Path
from components.protocol.dialogues import run
out, manifest, *folders = map(Path, sys.argv[1:])
run(out, folders, manifest, rules="corrected", fps=1.0)
"""


def measured(name: str, argv: list[str], out: Path, expected: int = 0) -> float:
    """Run a process, its stdout into `out`; prints its line and returns its seconds."""
    begun, peak, ended = time.perf_counter(), 0.0, threading.Event()
    with out.open("wb") as stdout, (out.with_suffix(".err")).open("wb") as stderr:
        process = subprocess.Popen(argv, stdout=stdout, stderr=stderr)

        def watch() -> None:
            nonlocal peak
            while not ended.wait(POLL_S):
                peak = max(peak, tree_mb(process.pid))

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        _, status, used = os.wait4(process.pid, 0)
    ended.set()
    thread.join()
    seconds, code = time.perf_counter() - begun, os.waitstatus_to_exitcode(status)
    cpu, largest = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    memory = f"{max(peak, largest):6.0f} MiB in all its processes, {largest:6.0f} MiB in its largest"
    print(f"{name:10}{seconds:8.1f} s, {cpu:8.1f} s of processor, {memory}, exit {code}", flush=True)
    assert code == expected, out.with_suffix(".err").read_text()[-2000:]
    return seconds


def released(listed: Path, out: Path) -> None:
    """The same JSON list with seconds counted from 1, row by row."""
    with listed.open(encoding="utf-8") as lines, out.open("w", encoding="utf-8") as file:
        for number, line in enumerate(lines):
            text = line.strip().lstrip("[").rstrip(",]")
            if text:
                file.write(("[" if number == 0 else ",\n") + json.dumps(_row(json.loads(text))))
        file.write("]\n")


def _row(label: dict[str, Any]) -> dict[str, Any]:
    del label["id"]
    for item in (*label["question"], *label["response"]):
        for key in ("time", "st_time"):
            if isinstance(item.get(key), float):
                item[key] = round(item[key] + 1.0, 2)
    return label


def draw(folder: Path, args: argparse.Namespace) -> tuple[int, list[Path]]:
    """Write raw.json, manifest.parquet and lengths.json; the turns, and a folder of labels.json a shard."""
    drawn = paper_labels.draw(args.samples, turns=args.turns)
    marked = paper_labels.of_shards(args.samples, args.shards)
    shards = paper_labels.write_shards(folder / "labels", drawn, args.shards, spoiled=marked)
    released(paper_labels.as_json(shards, folder / "list.json"), folder / "raw.json")
    paper_labels.write_manifest(folder / "own.parquet", drawn)
    own = pq.read_table(folder / "own.parquet")
    names, seconds = own["video_id"].to_pylist(), own["duration_s"].to_pylist()
    sources = [paper_labels.SOURCES[number] for number in drawn.source]
    paths = [
        video_path({"video_path": name, "source": source})
        for name, source in zip(names, sources, strict=True)
    ]
    pq.write_table(own.set_column(0, "video_id", [paths]), folder / "manifest.parquet")
    (folder / "lengths.json").write_text(json.dumps(dict(zip(paths, seconds, strict=True))))
    folders = []
    for number, shard in enumerate(shards):
        folders.append(folder / f"annotations/task-{number}")
        folders[-1].mkdir(parents=True)
        paper_labels.as_json([shard], folders[-1] / "labels.json")
    return drawn.turns(), folders


def run(folder: Path, args: argparse.Namespace) -> None:
    """The whole benchmark in one folder."""
    turns, folders = draw(folder, args)
    print(f"{(folder / 'raw.json').stat().st_size / 2**20:.0f} MiB of JSON, {turns} turns")
    at = {name: str(folder / name) for name in ("raw.json", "labels.json", "turns.parquet", "events.parquet")}
    lengths, manifest = str(folder / "lengths.json"), str(folder / "manifest.parquet")
    command, told = [sys.executable, "-m", "components.cli"], folder / "import.out"
    imported = [*command, "import", "streamo", at["raw.json"], at["labels.json"], "--json"]
    total = measured("import", [*imported, "--durations", lengths], told)
    found = json.loads(told.read_text())
    reasons = [row["reason"] for row in found["dropped"]]
    assert reasons == ["state_token_in_text"] * 3, found["counts"]
    converted = [*command, "convert", at["labels.json"], at["turns.parquet"], "--durations", lengths]
    total += measured(
        "convert", [*converted, "--events", at["events.parquet"], "--json"], folder / "convert.out"
    )
    summary = json.loads((folder / "convert.out").read_text())
    lost = len(found["rejected"])  # a label of one response, which was spoiled
    assert (summary["samples"], summary["counts"]["quarantined"]) == (args.samples - lost, {}), summary[
        "counts"
    ]
    assert summary["turns"] == turns or lost
    judged = [
        *command,
        "validate",
        at["turns.parquet"],
        "--events",
        at["events.parquet"],
        "--videos",
        manifest,
    ]
    total += measured("validate", [*judged, "--json"], folder / "validate.out")
    print(f"import, convert and validate: {total:.0f} s; 3 responses dropped by name at import, no other")
    (folder / "stage").mkdir()
    stage = [sys.executable, "-c", STAGE, str(folder / "stage"), str(folder / "own.parquet")]
    measured("dialogues", [*stage, *map(str, folders)], folder / "stage.out")
    staged = json.loads((folder / "stage/summary.json").read_text())
    assert (staged["turns"], staged["counts"]["quarantined"]) == (turns, {"state_token_in_text": 3})


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=paper_labels.SAMPLES)
    parser.add_argument("--turns", type=float, help="mean number of turns of all samples")
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--folder", type=Path, help="below which a scratch folder is made")
    args = parser.parse_args()
    fix_environment()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        run(Path(name), args)


if __name__ == "__main__":
    main()
