"""The report's numbers against the products it took them from; the dataset's counts from its shards."""

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

from components.audit.number import EVALUATION, Number, Reader, compared

RESULTS, VERDICT = "artifacts/report/results.json", "artifacts/register/verdict.json"


def report_numbers(reader: Reader) -> Iterator[Number]:
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


def verdict_numbers(reader: Reader) -> Iterator[Number]:
    """The scores that the version was judged by, against the report."""
    verdict, results = reader.json(VERDICT), reader.json(RESULTS)
    if verdict is None or results is None:
        yield Number("verdict", None, f"{VERDICT} or {RESULTS} is not to be had")
        return
    candidate = verdict["candidate"]
    scores, shown = candidate["scores"], results["models"][candidate["model"]]
    told = {"macro_f1": scores["macro_f1"]["accuracy"]}
    source = {"macro_f1": shown["validation"]["macro_f1"]}
    for group, cell in scores["groups"].items():
        told[group] = cell["accuracy"]
        source[group] = shown["ovo"][scores["column"]]["comparison"][group]["accuracy"]
    yield compared("verdict scores", told, source, "equal to the report")


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
