"""The gate against a plain Python loop over the same rows: `python benchmarks/bench_gate.py [--rows N]`.

Prints rows per second of reading, of the gate and of the loop, their ratios, and the peak memory of the gate.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.protocol.columns import TURN_SCHEMA
from components.protocol.states import LABELS, contains_state_token

TURNS = 102  # a sample of the paper's mean length; 12 : 3 : 2 in every 17 turns
CHUNK = 2_000  # samples written at once


def write_table(path: Path, rows: int) -> int:
    """A clean turn table of about `rows` rows; returns the exact number."""
    samples = max(1, rows // TURNS)
    with pq.ParquetWriter(path, TURN_SCHEMA, compression="zstd") as out:
        for first in range(0, samples, CHUNK):
            out.write_table(make_samples(first, min(CHUNK, samples - first)))
    return samples * TURNS


def make_samples(first: int, count: int) -> pa.Table:
    """`count` clean samples of TURNS turns each."""
    place = np.tile(np.arange(TURNS), count)
    sample = pa.array(np.repeat(np.arange(count), TURNS), pa.int32())
    half = place % 17
    state = np.where(half < 12, 0, np.where(half < 15, 1, 2)).astype(np.int32)
    asked = (place == 0).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(asked)]).astype(np.int32)
    names = pa.array([f"sample-{first + n:08d}" for n in range(count)])
    videos = pa.array([f"train/{(first + n) // 3:07d}.mp4" for n in range(count)])
    zeros = pa.array(np.zeros(len(place), dtype=np.int32))
    texts = pa.array(np.where(state == 2, "the lamp turns red", None), pa.string())
    columns = {
        "sample_id": pa.DictionaryArray.from_arrays(sample, names),
        "video_id": pa.DictionaryArray.from_arrays(sample, videos),
        "video_duration_s": pa.array(np.full(len(place), float(TURNS))),
        "task": pa.DictionaryArray.from_arrays(zeros, pa.array(["narration"])),
        "source": pa.DictionaryArray.from_arrays(zeros, pa.array(["bench"])),
        "turn": pa.array(place, pa.int32()),
        "start_s": pa.array(place, pa.float64()),
        "end_s": pa.array(place + 1.0),
        "question": pa.ListArray.from_arrays(pa.array(offsets), pa.array(["what happens?"] * count)),
        "state": pa.DictionaryArray.from_arrays(pa.array(state), pa.array(LABELS)),
        "text": texts,
    }
    return pa.table([columns[name] for name in TURN_SCHEMA.names], schema=TURN_SCHEMA)


def naive(path: Path, limit: int) -> tuple[int, int]:
    """The same rules in a loop over at most `limit` rows: (rows, failing rows)."""
    rows = failing = 0
    for _, sample in groupby(records(path, limit), key=lambda row: row["sample_id"]):
        last, asked = -1, False
        for row in sample:
            rows += 1
            asked = asked or bool(row["question"])
            answer = row["state"] == "response"
            failing += not (
                row["turn"] == last + 1
                and row["start_s"] == row["turn"]
                and row["end_s"] == row["turn"] + 1
                and row["start_s"] < row["video_duration_s"]
                and row["state"] in LABELS
                and answer == bool(row["text"])
                and (asked or not answer)
                and not any(contains_state_token(text) for text in [row["text"] or "", *row["question"]])
            )
            last = row["turn"]
    return rows, failing


def records(path: Path, limit: int) -> Iterator[dict[str, object]]:
    """Rows as dicts, at most `limit`."""
    left = limit
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(1 << 16):
            yield from batch.slice(0, left).to_pylist()
            left -= min(left, len(batch))
            if not left:
                return


def peak_mb() -> float:
    """Peak resident memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure everything in one run on one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--naive-rows", type=int, default=200_000)
    args = parser.parse_args()
    from components.validate.gate import run_gate
    from components.validate.profiles import choose_profile
    from components.validate.suite import build_suites  # the import of Great Expectations is not measured
    from components.validate.tables import load_tables

    assert build_suites is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turns.parquet"
        rows = write_table(path, args.rows)
        before, start = peak_mb(), time.perf_counter()
        tables = load_tables(path)
        read = time.perf_counter()
        outcome = run_gate(tables, choose_profile("paper", None))
        done, gate_mb = time.perf_counter(), peak_mb()
        looped, failing = naive(path, args.naive_rows)
        naive_rate = looped / (time.perf_counter() - done)
    assert outcome.result["success"] and failing == 0, "a clean table must pass both"
    rate = rows / (done - start)
    print(f"{rows} rows: read {read - start:.2f} s, gate {done - read:.2f} s; {rate / 1e6:.2f} M rows/s")
    print(f"peak {gate_mb:.0f} MiB, {before:.0f} MiB before reading")
    faster = rate / naive_rate
    print(f"plain loop ({looped} rows): {naive_rate / 1e6:.3f} M rows/s; the gate is {faster:.1f} x faster")


if __name__ == "__main__":
    main()
