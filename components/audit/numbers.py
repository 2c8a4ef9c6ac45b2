"""Which numbers of a version's report can be verified from what it stored, which cannot, and why."""

import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from components.audit.findings import Finding
from components.audit.locked import Locked
from components.audit.recount import (
    added,
    as_counts,
    confusion,
    differs,
    from_counts,
    macro_f1,
    macro_interval,
    per_state,
    point_table,
)

EVALUATION, RESULTS = "artifacts/evaluation/", "artifacts/report/results.json"
COLUMNS = ("matched", "naive")
NOT_RECOUNTED = {
    "intervals of ovo": "drawn in the annotation file's order; `streamo evaluate` at the commit does it",
    "blind policies, controls, readings": "need the rules of evaluation: `streamo evaluate` at the commit",
    "training curves, weights": "only training again gives them; their bytes and receipts are checked",
}


@dataclass(frozen=True)
class Number:
    """One number of the report, or a group of them.

    Attributes:
        what: what it is, with the model and suite.
        verified: True, False (it differs) or None (it cannot be told from what is stored).
        why: how it was verified, what differs, or why it cannot be told.

    """

    what: str
    verified: bool | None
    why: str


def check_numbers(locked: Locked, seed: int) -> tuple[list[Number], list[Finding]]:
    """Recount everything that is cheap; a number that differs is a finding."""
    reader = Reader(locked)
    found = [*evaluation_numbers(locked, reader, seed), *report_numbers(locked, reader)]
    found += [*split_numbers(reader), *[Number(what, None, why) for what, why in NOT_RECOUNTED.items()]]
    wrong = [Finding(f"{number.what}", "number", number.why) for number in found if number.verified is False]
    return found, wrong


class Reader:
    """JSON files of products, read once; None where no place holds the right bytes."""

    def __init__(self, locked: Locked):
        self.locked = locked
        self._known: dict[str, Any] = {}

    def json(self, path: str) -> Any:
        """The parsed file."""
        if path not in self._known:
            data = self.locked.read(path)
            self._known[path] = None if data is None else json.loads(data)
        return self._known[path]


def compared(what: str, counted: Any, stored: Any, how: str) -> Number:
    """A number that was counted against the one that is stored."""
    found = differs(counted, stored)
    return Number(what, not found, "; ".join(found[:3]) if found else how)


def evaluation_numbers(locked: Locked, reader: Reader, seed: int) -> Iterator[Number]:
    """Every evaluation's scores against its points and its watched states."""
    for out in sorted(path for path in locked.products if path.startswith(EVALUATION)):
        name = PurePosixPath(out).name
        scores, points = reader.json(f"{out}/scores.json"), reader.json(f"{out}/points.json")
        if scores is None:
            yield Number(f"{name} scores", None, "its scores.json is not to be had")
        elif "skipped" in scores:
            yield Number(f"{name} scores", None, f"skipped: {scores['skipped']}")
        elif scores.get("suite") == "ovo":
            yield from ovo_numbers(name, scores, points)
        else:
            yield from validation_numbers(name, scores, points, reader.json(f"{out}/predictions.json"), seed)


def ovo_numbers(name: str, scores: Any, points: Any) -> Iterator[Number]:
    """Tasks, groups and total of both columns, from the test points."""
    if points is None or "points" not in points:
        yield Number(f"{name} accuracies", None, "no points.json: this version stored no test points")
        return
    for column in COLUMNS:
        counted = point_table(points["points"], column)
        total = sum(cell["total"] for cell in counted["tasks"].values())
        stored = scores["columns"][column]["model"]
        yield compared(f"{name} {column} accuracies", counted, stored, f"{total} test points")


def validation_numbers(name: str, scores: Any, points: Any, predictions: Any, seed: int) -> Iterator[Number]:
    """Confusion, macro F1 and its interval, from the watched turns and from the stored points."""
    if points is not None and "samples" in points:
        table = added([from_counts(sample["confusion"]) for sample in points["samples"]])
        how = f"{len(points['samples'])} samples of points.json"
        yield compared(f"{name} confusion of the points", as_counts(table), scores["confusion"], how)
    if predictions is None:
        yield Number(f"{name} scores", None, "its predictions.json is not to be had")
        return
    streams = predictions["streams"]
    tables = [confusion(stream["truth"], stream["states"]) for stream in streams]
    table = added(tables)
    counted = {
        "confusion": as_counts(table),
        "states": per_state(table),
        "macro_f1": round(macro_f1(table), 2),
    }
    yield compared(f"{name} states and macro F1", counted, scores, f"{table.sum()} watched turns")
    interval = macro_interval(tables, [stream["video_id"] for stream in streams], seed)
    how = "the same resampling, drawn again"
    yield compared(f"{name} interval of macro F1", interval, scores["macro_f1_interval"], how)


def report_numbers(locked: Locked, reader: Reader) -> Iterator[Number]:
    """The report's numbers against the products it took them from."""
    results = reader.json(RESULTS)
    if results is None:
        yield Number("report", None, f"{RESULTS} is not to be had")
        return
    for model, entry in sorted(results["models"].items()):
        for suite in ("validation", "ovo"):
            scores = reader.json(f"{EVALUATION}{model}-{suite}/scores.json")
            shown = entry.get(suite)
            if scores is None or shown is None:
                yield Number(
                    f"report {model} {suite}", None, "not in the report, or its scores are not to be had"
                )
                continue
            stored = scores["columns"] if suite == "ovo" else scores
            yield compared(f"report {model} {suite}", shown, stored, "equal to scores.json")
    sources = {
        "dataset.splits": ("artifacts/dataset/summary.json", "splits"),
        "dataset.licences": ("artifacts/dataset/summary.json", "licences"),
        "dataset.corpus": ("artifacts/corpus/summary.json", ""),
        "gate": ("artifacts/validation/result.json", ""),
    }
    for key, (path, inner) in sources.items():
        shown, stored = pick(results, key), pick(reader.json(path), inner)
        if shown is not None and stored is not None:
            yield compared(f"report {key}", shown, stored, f"equal to {path}")


def split_numbers(reader: Reader) -> Iterator[Number]:
    """Turns, samples and state shares of the dataset, counted from its shards; videos from its split."""
    summary = reader.json("artifacts/dataset/summary.json")
    product = reader.locked.products.get("artifacts/dataset")
    if summary is None or product is None or product.files is None:
        yield Number("dataset counts", None, "the dataset is not to be had")
        return
    for split, told in sorted(summary["splits"].items()):
        names = sorted(name for name in product.files if name.startswith(f"{split}/"))
        shards = [reader.locked.read(f"artifacts/dataset/{name}") for name in names]
        kept = [shard for shard in shards if shard is not None]
        if len(kept) < len(shards):
            yield Number(f"dataset {split}", None, "a shard is not to be had")
            continue
        yield compared(f"dataset {split}", count_shards(kept), told, f"{len(kept)} shards counted")
    sides = reader.json("artifacts/dataset/split.json")
    if sides is not None:
        videos = Counter(sides.values())
        told = {split: cell["videos"] for split, cell in summary["splits"].items()}
        yield compared("dataset videos", {split: videos[split] for split in told}, told, "split.json counted")


def count_shards(shards: list[bytes]) -> dict[str, Any]:
    """What summary.json says of a split, from its turn tables."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    columns = ["sample_id", "state"]
    tables = [pq.read_table(io.BytesIO(shard), columns=columns) for shard in shards]
    plain = [pa.table({name: table[name].cast(pa.string()) for name in columns}) for table in tables]
    whole = pa.concat_tables(plain)
    counts = {
        row["values"]: row["counts"] for row in pc.value_counts(whole["state"].combine_chunks()).to_pylist()
    }
    turns = whole.num_rows
    return {
        "turns": turns,
        "samples": pc.count_distinct(whole["sample_id"]).as_py(),
        "shares": {state: round(count / turns, 6) for state, count in sorted(counts.items())},
    }


def pick(value: Any, key: str) -> Any:
    """The value of a dotted key ("" for the whole), None where there is none."""
    for part in filter(None, key.split(".")):
        value = value.get(part) if isinstance(value, dict) else None
    return value
