"""Where products and packages name a video: rows of tables, entries of JSON files, sample ids."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.lineage.graph import Graph, read_graph
from components.registry.store import Store
from components.registry.store_manifest import object_key

WEIGHTS = ".safetensors"
TRAINED = {"train"}


@dataclass(frozen=True)
class Trace:
    """One file of a product that names the video.

    Attributes:
        path: the file.
        rows: table rows or JSON entries that name it.
        samples: distinct sample or label ids in them, sorted.

    """

    path: str
    rows: int
    samples: tuple[str, ...]


def workspace_traces(ids: set[str], root: Path) -> tuple[list[Trace], list[str], list[str]]:
    """`(files that name one of the ids, products made from them, ids noted as alike)` of the workspace."""
    graph = read_graph(root)
    traces: list[Trace] = []
    naming: set[str] = set()
    for node in graph:
        for out in node.outs:
            found = [trace for path in product_files(root / out) if (trace := trace_of(path, ids, root))]
            traces += found
            if found and not node.is_source:
                naming.add(node.address)
    return traces, made_from(graph, naming, {trace.path for trace in traces}, root), alike(ids, root)


def product_files(out: Path) -> list[Path]:
    """The files of a product that can name a video."""
    paths = [out] if out.is_file() else sorted(out.rglob("*"))
    return [path for path in paths if path.suffix in {".json", ".parquet"} and path.is_file()]


def trace_of(path: Path, ids: set[str], root: Path) -> Trace | None:
    """What one file says of the ids, None if it names none of them."""
    counted = (
        in_table(path.read_bytes(), ids) if path.suffix == ".parquet" else in_json(path.read_bytes(), ids)
    )
    rows, samples = counted
    return Trace(path.relative_to(root).as_posix(), rows, tuple(sorted(samples))) if rows else None


def in_table(data: bytes, ids: set[str]) -> tuple[int, set[str]]:
    """Rows whose video_id is one of the ids, and their sample ids."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    names = pq.read_schema(io.BytesIO(data)).names
    if "video_id" not in names:  # the events of a sample name its sample only
        return in_events(data, ids) if "sample_id" in names else (0, set())
    columns = [name for name in ("video_id", "sample_id") if name in names]
    table = pq.read_table(io.BytesIO(data), columns=columns)
    mask = pc.is_in(table["video_id"].cast(pa.string()), value_set=pa.array(sorted(ids), pa.string()))
    kept = table.filter(mask)
    samples = set(kept["sample_id"].cast(pa.string()).to_pylist()) if "sample_id" in columns else set()
    return kept.num_rows, samples


def in_events(data: bytes, ids: set[str]) -> tuple[int, set[str]]:
    """Rows whose sample id (`<task>-<video_id>-<n>`) holds one of the ids."""
    import pyarrow.parquet as pq

    samples = pq.read_table(io.BytesIO(data), columns=["sample_id"])["sample_id"].to_pylist()
    hits = [sample for sample in samples if any(f"-{video_id}-" in sample for video_id in ids)]
    return len(hits), set(hits)


def in_json(data: bytes, ids: set[str]) -> tuple[int, set[str]]:
    """Entries (of lists, or keys of objects) that name one of the ids, and the ids they bear themselves."""
    if not any(video_id.encode("utf-8") in data for video_id in ids):
        return 0, set()
    return named_in(json.loads(data), ids)


def named_in(value: Any, ids: set[str]) -> tuple[int, set[str]]:
    """The walk of `in_json`: an object that has one of the ids as a value is one entry."""
    if isinstance(value, dict):
        own = sum(isinstance(item, str) and item in ids for item in value.values())
        keys = sum(key in ids for key in value)
        label = value.get("sample_id") or value.get("id")
        count, samples = keys + bool(own), {str(label)} if own and isinstance(label, str) else set()
        inner = [item for item in value.values() if isinstance(item, dict | list)]
    elif isinstance(value, list):
        count, samples = sum(isinstance(item, str) and item in ids for item in value), set()
        inner = [item for item in value if isinstance(item, dict | list)]
    else:
        return 0, set()
    for item in inner:
        more, others = named_in(item, ids)
        count, samples = count + more, samples | others
    return count, samples


def made_from(graph: Graph, naming: set[str], named: set[str], root: Path) -> list[str]:
    """Products that stand below one that names the video and do not name it themselves."""
    below = [out for node in graph if node.address in graph.downstream(naming) for out in node.outs]
    return [
        out
        for out in below
        if (root / out).exists() and not any(path == out or path.startswith(f"{out}/") for path in named)
    ]


def alike(ids: set[str], root: Path) -> list[str]:
    """Other videos that the dataset noted as copies or near-copies, and why they were kept apart."""
    folder, found = root / "artifacts/dataset", set[str]()
    summary, quarantine = folder / "summary.json", folder / "quarantine.json"
    if summary.is_file():
        for group in json.loads(summary.read_bytes()).get("duplicates", []):
            found |= set(group) if ids & set(group) else set()
    if quarantine.is_file():
        for row in json.loads(quarantine.read_bytes()):
            like = set(row["detail"].removeprefix("like ").split(", "))
            found |= {row["id"], *like} if ids & {row["id"], *like} else set()
    return sorted(name for name in found - ids if name)


def package_traces(store: Store, version: dict[str, Any], ids: set[str]) -> list[dict[str, Any]]:
    """The files of a package that name the video, and the weights of a model that was trained on it."""
    name, found = str(version["version"]), []
    for path, entry in sorted(store.manifest(name)["files"].items()):
        row = {"version": name, "path": path, "object": object_key(entry["sha256"])}
        if path.endswith(WEIGHTS):
            if version["role"] in TRAINED:
                found.append({**row, "why": "weights trained on it"})
            continue
        if not path.endswith((".json", ".parquet", ".md5")):
            continue
        data = store.get(name, path)
        if path.endswith(".md5"):
            rows = sum(
                line.endswith(tuple(f"/{each}" for each in ids)) for line in data.decode("utf-8").split("\n")
            )
        else:
            rows = (in_table(data, ids) if path.endswith(".parquet") else in_json(data, ids))[0]
        if rows:
            found.append({**row, "why": f"{rows} entries name it"})
    return found
