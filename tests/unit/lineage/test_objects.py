"""Objects from a DVC remote are taken only with the bytes their name promises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.core.errors import DataError
from components.lineage.objects import check_paths, fetch_out, remote_store
from components.lineage.tree import dir_bytes, dir_md5


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DVC repository whose folder `product` and file `note.txt` are in its remote."""
    from dvc.repo import Repo

    root = tmp_path_factory.mktemp("objects") / "repo"
    (root / "product/deep").mkdir(parents=True)
    (root / "product/a.txt").write_text("first")
    (root / "product/deep/b.txt").write_text("second")
    (root / "note.txt").write_text("third")
    with Repo.init(str(root), no_scm=True) as repo, repo.config.edit("repo") as config:
        config["core"]["remote"] = "hub"
        config["remote"]["hub"] = {"url": str(root.parent / "hub")}
    with Repo(str(root)) as repo:
        repo.add([str(root / "product"), str(root / "note.txt")])
        repo.push()
    return root


@pytest.fixture
def store(pushed: Path) -> Iterator[Any]:
    from dvc.repo import Repo

    with Repo(str(pushed)) as repo:
        yield remote_store(repo)


def entry(root: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((root / f"{name}.dvc").read_text())["outs"][0]
    return found


def test_a_folder_arrives_whole(pushed: Path, store: Any, tmp_path: Path) -> None:
    fetch_out(store, entry(pushed, "product"), tmp_path / "0")
    assert (tmp_path / "0/deep/b.txt").read_text() == "second"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["0", "a.txt", "b.txt", "deep"]


def test_a_file_arrives(pushed: Path, store: Any, tmp_path: Path) -> None:
    fetch_out(store, entry(pushed, "note.txt"), tmp_path / "0")
    assert (tmp_path / "0").read_text() == "third"


def test_a_missing_object_is_named(pushed: Path, store: Any, tmp_path: Path) -> None:
    out = {**entry(pushed, "product"), "md5": f"{'0' * 32}.dir"}
    with pytest.raises(DataError, match=r"no object 0{32}\.dir"):
        fetch_out(store, out, tmp_path / "0")


@pytest.mark.parametrize("key", ["size", "nfiles"])
def test_other_counts_than_the_entry_says_are_refused(
    pushed: Path, store: Any, tmp_path: Path, key: str
) -> None:
    out = entry(pushed, "product")
    with pytest.raises(DataError, match=rf"outs\[product\].{key}"):
        fetch_out(store, {**out, key: out[key] + 1}, tmp_path / "0")


def put(store: Any, files: dict[str, str]) -> dict[str, Any]:
    """A folder object with a listing of our choice, as an entry of dvc.lock."""
    md5 = dir_md5(files)
    path = Path(store.oid_to_path(md5))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dir_bytes(files))
    return {"path": "product", "hash": "md5", "md5": md5, "size": 5, "nfiles": len(files)}


@pytest.mark.parametrize("path", ["../out.txt", "/tmp/out.txt", "a/../../out.txt", "a//b", "./a", "", "a\0b"])
def test_a_listing_that_leads_out_of_the_folder_writes_nothing(store: Any, tmp_path: Path, path: str) -> None:
    md5 = "8b04d5e3775d298e78455efc5ca404d5"  # of "first", which is in the remote
    with pytest.raises(DataError, match="leads out of the folder"):
        fetch_out(store, put(store, {path: md5}), tmp_path / "0" / "1")
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_a_listing_with_a_file_that_is_a_folder_too_is_refused() -> None:
    with pytest.raises(DataError, match="'a' both as a file and as a folder"):
        check_paths("product", ["a", "a/b"])


@pytest.mark.parametrize("name", ["product", "note.txt"])
def test_a_flipped_byte_in_the_remote_is_named(pushed: Path, store: Any, tmp_path: Path, name: str) -> None:
    out = entry(pushed, name)
    path = Path(store.oid_to_path(out["md5"]))
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(bytes([good[0] ^ 1, *good[1:]]))
    try:
        with pytest.raises(DataError, match=f"{out['md5']} in the DVC remote .* damaged"):
            fetch_out(store, out, tmp_path / "0")
    finally:
        path.write_bytes(good)


def test_without_a_default_remote_the_command_is_named(tmp_path: Path) -> None:
    from dvc.repo import Repo

    with (
        Repo.init(str(tmp_path), no_scm=True) as repo,
        pytest.raises(DataError, match="dvc remote add --default"),
    ):
        remote_store(repo)
