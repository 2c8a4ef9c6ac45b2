"""What a video touched: everything is listed, nothing is deleted."""

import contextlib
import hashlib
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from components.audit.erase_commands import commands, delete
from components.audit.erasure import Touched, touched_by
from components.cli.main import main
from components.core.hashing import sha256_tree
from components.registry.settings import read_settings
from components.registry.store import open_store
from components.registry.store_manifest import object_key
from components.registry.versions import assign
from tests.support.audit_world import World, video


@pytest.fixture(scope="module")
def promoted(registered: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same versions, the first one a champion."""
    world = registered.copy(tmp_path_factory.mktemp("promoted") / "world")
    assign(world.root, "v0.0.1", "champion", "test")
    return world


def next_lines(world: World, touched: Touched) -> list[str]:
    return commands(touched, read_settings(world.root).store)


def test_versions_with_the_champion_first_and_their_weights(promoted: World) -> None:
    (touched,) = touched_by(["train/c1.mp4"], promoted.root)
    assert [(row["version"], row["stage"], row["role"]) for row in touched.versions] == [
        ("v0.0.1", "champion", "train"),
        ("v0.0.2", "candidate", "train"),
        ("v0.0.3", "candidate", "benchmark"),
    ]
    weights = {entry["version"] for entry in touched.store if entry["path"].endswith(".safetensors")}
    assert weights == {"v0.0.1", "v0.0.2"}
    manifest = open_store(promoted.store).manifest("v0.0.3")["files"]["product/corpus/manifest.parquet"]
    named = {(entry["version"], entry["object"]) for entry in touched.store}
    assert ("v0.0.3", object_key(manifest["sha256"])) in named


def test_objects_in_cache_and_remote_under_every_name(promoted: World) -> None:
    (touched,) = touched_by(["train/c0.mp4"], promoted.root)
    md5 = hashlib.md5(video("c0")).hexdigest()
    assert {(each.path, each.md5) for each in touched.objects} == {
        ("media/train/c0.mp4", md5),
        ("media/train/renamed.mp4", md5),
    }
    assert {each.places for each in touched.objects} == {("the local cache", "remote folder")}
    assert all(
        Path(where.removeprefix("file://")).is_file() for each in touched.objects for where in each.locations
    )


def test_products_of_the_workspace_with_rows_and_samples(promoted: World) -> None:
    (touched,) = touched_by(["train/c3.mp4"], promoted.root)
    assert touched.data == ["data/media/train/c3.mp4"]
    rows = {trace.path: (trace.rows, trace.samples) for trace in touched.products}
    sample = ("narration-train/c3.mp4-0",)
    assert rows["artifacts/turns/turns.parquet"] == (5, sample)
    assert rows["artifacts/dataset/train/shard-000.parquet"] == (5, sample)
    assert rows["artifacts/annotations/narration-0/labels.json"] == (1, sample)
    assert rows["artifacts/corpus/manifest.parquet"] == (1, ())
    assert rows["data/sources.json"] == (1, ())
    assert "# take its entries out of data/sources.json" in next_lines(promoted, touched)
    assert not any(path.startswith("artifacts/validation/") for path in rows)
    assert "artifacts/validation" in touched.made_from
    everything = {*rows, *touched.made_from}
    assert any(path.startswith("models/focal-0") for path in everything)


def test_videos_alike_are_named(promoted: World) -> None:
    (touched,) = touched_by(["train/c3.mp4"], promoted.root)
    assert touched.alike == []
    summary = promoted.root / "artifacts/dataset/summary.json"
    summary.write_text(
        json.dumps({**json.loads(summary.read_text()), "duplicates": [["train/c3.mp4", "train/like.mp4"]]})
    )
    (touched,) = touched_by(["train/c3.mp4"], promoted.root)
    assert touched.alike == ["train/like.mp4"]


def everything(base: Path) -> dict[str, str]:
    """Every file below a folder but what DVC writes when it only looks."""
    return {path: sha for path, sha in sha256_tree(base).items() if "/.dvc/tmp/" not in path}


def test_the_command_deletes_nothing_and_says_what_to_run(
    copied: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assign(copied.root, "v0.0.1", "champion", "test")
    before = everything(copied.base)
    with contextlib.chdir(copied.root):
        assert main(["erase", "train/c1.mp4"]) == 0
        shown = capsys.readouterr().out
        assert main(["erase", "train/c1.mp4", "train/never.mp4", "--json"]) == 0
        first, never = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert everything(copied.base) == before
    assert "nothing was deleted" in shown
    assert first["commands"] == shown.split("runs next:\n")[1].splitlines()
    assert (never["versions"], never["objects"], never["store"]) == ([], [], [])
    promote = "streamo promote v0.0.1 archived --force 'licence of train/c1.mp4 withdrawn'"
    assert first["commands"].index(promote) < min(deletions(first["commands"]))


def deletions(lines: Iterable[str]) -> list[int]:
    return [number for number, line in enumerate(lines) if line.startswith("rm -f ")]


def test_the_deletions_delete_exactly_the_bytes_named(copied: World) -> None:
    (touched,) = touched_by(["train/c0.mp4"], copied.root)
    lines = [line for line in next_lines(copied, touched) if line.startswith("rm -f ")]
    before = everything(copied.base)
    for line in lines:
        subprocess.run(["sh", "-c", line], check=True, cwd=copied.root)
    gone = set(before) - set(everything(copied.base))
    assert len(gone) == len(lines) == 3  # cache, remote, the weights of v0.0.1
    assert sum(path.startswith("store/objects/") for path in gone) == 1


def test_a_name_cannot_become_a_command(registered: World) -> None:
    evil = "train/$(touch hacked); rm -rf x.mp4"
    (touched,) = touched_by([evil], registered.root)
    touched.data.append(f"data/media/{evil}")
    (remove,) = [line for line in next_lines(registered, touched) if line.startswith("rm ")]
    assert remove == f"rm 'data/media/{evil}'"
    assert delete("s3://bucket/$(x)") == "aws s3 rm 's3://bucket/$(x)'"
