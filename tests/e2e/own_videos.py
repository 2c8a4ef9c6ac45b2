"""A clone with a user's own videos, labels and params; and the sums that must hold whatever they are."""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from components.cli.profile import apply_profile
from components.core.files import read_json, write_json
from components.video import corpus
from components.video.limits import Limits
from components.video.manifest import Video, read_manifest
from tests.e2e.workspace import Workspace, clone

LabelMaker = Callable[[Sequence[Video]], list[dict[str, Any]]]


def own_workspace(
    target: Path, fill: Callable[[Path], None], label: LabelMaker, overlay: dict[str, Any]
) -> Workspace:
    """Clone the checkout and do what README, "Your own videos", says; nothing has run afterwards.

    Args:
        target: an empty folder.
        fill: puts files below the media root it is given.
        label: makes `data/labels.json` from the usable videos.
        overlay: values over those of params.yaml.

    """
    workspace = clone(target)
    data, params = target / "data", target / "params.yaml"
    fill(data / "media")
    scratch = target.parent / f"{target.name}-look"
    scratch.mkdir()
    missing = scratch / "none.json"
    corpus.run(scratch, media=data / "media", benchmark=missing, sources=missing, limits=Limits())
    write_json(data / "labels.json", label(read_manifest(scratch / "manifest.parquet")))
    shutil.rmtree(scratch)
    text, changes = apply_profile(params.read_text(), yaml.safe_dump(overlay))
    assert changes
    params.write_text(text)
    workspace.run("dvc", "add", "-q", "data")
    return workspace


def changed_files(workspace: Workspace) -> set[str]:
    """Tracked or new files that differ from the clone's only commit."""
    lines = workspace.run("git", "status", "--porcelain").stdout.splitlines()
    return {line[3:] for line in lines}


def where_files_went(root: Path) -> tuple[list[str], dict[str, str]]:
    """Ids in the manifest, and reasons by quarantined id; asserts that every file is one of them."""
    media = root / "data/media"
    files = [p.relative_to(media).as_posix() for p in media.rglob("*") if p.is_symlink() or p.is_file()]
    usable = [video.video_id for video in read_manifest(root / "artifacts/corpus/manifest.parquet")]
    refused = read_json(root / "artifacts/corpus/quarantine.json")
    assert sorted([*usable, *(row["id"] for row in refused)]) == sorted(files)
    return usable, {row["id"]: row["reason"] for row in refused}


def where_labels_went(root: Path) -> dict[str, str]:
    """Label id -> `turns`, `base_qa` or why it was set aside; asserts that each is in one place."""
    raws = read_json(root / "data/labels.json")
    places: list[tuple[str, str]] = [
        (name, "turns") for name in sorted(set(samples(root / "artifacts/turns")))
    ]
    for folder in sorted((root / "artifacts/annotations").iterdir()):
        places += [(row["id"], row["reason"]) for row in read_json(folder / "quarantine.json")]
        if folder.name.startswith("base_qa-"):
            places += [(row["id"], "base_qa") for row in read_json(folder / "labels.json")]
    told = {name for name, _ in places}
    aside = read_json(root / "artifacts/turns/quarantine.json")
    places += sorted({(row["id"], row["reason"]) for row in aside if row["id"] not in told})
    assert Counter(name for name, _ in places) == Counter(raw["id"] for raw in raws)
    return dict(places)


def check_responses(root: Path) -> None:
    """Every response of every stream label is placed or counted under a reason."""
    raws = {raw["id"]: raw for raw in read_json(root / "data/labels.json")}
    counts = read_json(root / "artifacts/turns/summary.json")["counts"]
    refused = {
        row["id"] for p in (root / "artifacts/annotations").rglob("quarantine.json") for row in read_json(p)
    }
    converted = [raw for name, raw in raws.items() if raw["task_type"] != "base_qa" and name not in refused]
    assert counts["responses_in"] == sum(len(raw["response"]) for raw in converted) > 0
    accounted = counts["placed"] + counts["before_question"] + sum(counts["quarantined"].values())
    assert counts["responses_in"] == accounted
    told = (
        pq.read_table(root / "artifacts/turns/turns.parquet", columns=["state"]).column("state").to_pylist()
    )
    assert told.count("response") == counts["placed"] - counts["joined"]


def check_split(root: Path) -> None:
    """Every usable video has a side, every sample stands once, on the side of its video."""
    dataset = root / "artifacts/dataset"
    split = read_json(dataset / "split.json")
    usable = [video.video_id for video in read_manifest(root / "artifacts/corpus/manifest.parquet")]
    assert sorted(split) == usable
    sides = {side: samples(dataset / side) for side in ("train", "validation")}
    assert all(
        found and {split[video] for video in found.values()} == {side} for side, found in sides.items()
    )
    assert sides["train"].keys().isdisjoint(sides["validation"])
    assert sides["train"] | sides["validation"] == samples(root / "artifacts/turns")


def samples(folder: Path) -> dict[str, str]:
    """sample_id -> video_id of the turn tables in a folder."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.parquet")):
        if path.name != "events.parquet":
            columns = pq.read_table(path, columns=["sample_id", "video_id"]).to_pydict()
            found |= dict(zip(columns["sample_id"], columns["video_id"], strict=True))
    return found
