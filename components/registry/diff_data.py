"""What changed in the data of two versions: videos by their bytes, the split, counts, the corpus' pin."""

import io
from collections.abc import Mapping
from typing import Any

import yaml

from components.registry.diff_package import Package, changed_keys

PIN = "git/data.dvc"
MANIFEST = "product/corpus/manifest.parquet"
SPLIT = "product/dataset/split.json"
RESULTS = "product/report/results.json"


def data_changes(old: Package, new: Package) -> dict[str, Any]:
    """The section `data` of a diff."""
    pins = [corpus_pin(package) for package in (old, new)]
    splits = [package.json(SPLIT) or {} for package in (old, new)]
    return {
        "data_dvc": {"old": pins[0], "new": pins[1], "changed": pins[0] != pins[1]},
        "videos": video_changes(video_hashes(old), video_hashes(new)),
        "split": [
            {"video_id": key, "old": splits[0].get(key), "new": splits[1].get(key)}
            for key in changed_keys(*splits)
        ],
        "counts": count_changes(old.json(RESULTS) or {}, new.json(RESULTS) or {}),
    }


def corpus_pin(package: Package) -> str | None:
    """The hash in data.dvc, of a folder or of an import."""
    outs = (yaml.safe_load(package.read(PIN) or b"{}") or {}).get("outs", [])
    return str(outs[0]["md5"]) if outs and "md5" in outs[0] else None


def video_hashes(package: Package) -> dict[str, str]:
    """`{video_id: sha256}` of the corpus manifest."""
    import pyarrow.parquet as pq

    data = package.read(MANIFEST)
    if data is None:
        return {}
    rows = pq.read_table(io.BytesIO(data), columns=["video_id", "sha256"]).to_pylist()
    return {row["video_id"]: row["sha256"] for row in rows}


def video_changes(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, Any]:
    """Videos by id and bytes; a file that only got another name is `renamed`, not removed and added."""
    added, removed = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
    by_bytes: dict[str, list[str]] = {}
    for name in removed:
        by_bytes.setdefault(old[name], []).append(name)
    renamed = []
    for name in added:
        if by_bytes.get(new[name]):
            renamed.append({"old": by_bytes[new[name]].pop(0), "new": name, "sha256": new[name]})
    moved_from, moved_to = {each["old"] for each in renamed}, {each["new"] for each in renamed}
    return {
        "before": len(old),
        "after": len(new),
        "added": [{"video_id": name, "sha256": new[name]} for name in added if name not in moved_to],
        "removed": [{"video_id": name, "sha256": old[name]} for name in removed if name not in moved_from],
        "changed": [
            {"video_id": name, "old": old[name], "new": new[name]}
            for name in sorted(old.keys() & new.keys())
            if old[name] != new[name]
        ],
        "renamed": renamed,
    }


def count_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Samples, turns and shares of the states where they differ: `{name: {"old", "new"}}`."""
    sides = [named_counts(results) for results in (old, new)]
    return {
        key: {"old": sides[0].get(key), "new": sides[1].get(key)} for key in changed_keys(sides[0], sides[1])
    }


def named_counts(results: Mapping[str, Any]) -> dict[str, float]:
    """`turns.train`, `samples.validation`, `share.silence` ... of a report's results."""
    scale, facts = results.get("scale", {}), results.get("dataset", {})
    found = {f"{what}.{part}": n for what in ("samples", "turns") for part, n in scale.get(what, {}).items()}
    return found | {f"share.{state}": share for state, share in facts.get("train_shares", {}).items()}
