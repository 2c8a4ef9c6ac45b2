"""The store in a folder: what is written is whole, what is read is right, what stands never changes."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import DataError, UsageError
from components.core.files import read_json
from components.core.hashing import sha256_bytes, sha256_tree
from components.registry.store import Store, WrongObjectError, open_store
from components.registry.store_manifest import check_manifest, object_key
from tests.support.packages import PRODUCT, make_package

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "store")


def stored(store: Store, path: str) -> Path:
    return Path(store.url) / object_key(sha256_bytes(PRODUCT[path]))


def test_published_and_fetched_bytes_are_equal(store: Store, tmp_path: Path) -> None:
    manifest, files = make_package(tmp_path / "package")
    assert store.versions() == []
    store.publish(manifest, files)
    assert store.versions() == ["v0.1.0"]
    assert store.manifest("v0.1.0") == manifest
    folder = store.fetch("v0.1.0", tmp_path / "fetched")
    assert read_json(folder / "version.json") == manifest
    hashes = sha256_tree(folder)
    hashes.pop("version.json")
    assert hashes == sha256_tree(tmp_path / "package")
    assert store.get("v0.1.0", "product/verdict.json") == PRODUCT["product/verdict.json"]
    assert store.verify("v0.1.0") == []


def test_the_layout_is_the_documented_one(store: Store, tmp_path: Path) -> None:
    store.publish(*make_package(tmp_path / "package"))
    expected = {object_key(sha256_bytes(data)): sha256_bytes(data) for data in PRODUCT.values()}
    found = sha256_tree(Path(store.url))
    assert found.pop("versions/v0.1.0.json")
    assert found == expected


def test_versions_are_sorted_by_number(store: Store, tmp_path: Path) -> None:
    for version in ("v0.10.0", "v0.9.0", "v1.0.0"):
        store.publish(*make_package(tmp_path / version, version=version))
    assert store.versions() == ["v0.9.0", "v0.10.0", "v1.0.0"]


def test_the_same_version_again_changes_nothing_and_mends_a_missing_object(
    store: Store, tmp_path: Path
) -> None:
    manifest, files = make_package(tmp_path / "package")
    store.publish(manifest, files)
    before = sha256_tree(Path(store.url))
    stored(store, "git/dvc.lock").unlink()
    standing = store.publish({**manifest, "registered_at": "2027-01-01T00:00:00+00:00"}, files)
    assert standing == manifest
    assert sha256_tree(Path(store.url)) == before


def test_another_content_under_a_taken_number_is_refused_by_the_winners_commit(
    store: Store, tmp_path: Path
) -> None:
    store.publish(*make_package(tmp_path / "one", commit="1" * 40))
    before = sha256_tree(Path(store.url))
    with pytest.raises(DataError, match="1" * 40):
        store.publish(*make_package(tmp_path / "two", commit="2" * 40, files={"product/x": b"x"}))
    assert sha256_tree(Path(store.url)) == before


@pytest.mark.parametrize("path", sorted(PRODUCT))
def test_one_flipped_byte_is_named_and_nothing_appears(store: Store, tmp_path: Path, path: str) -> None:
    store.publish(*make_package(tmp_path / "package"))
    victim = stored(store, path)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    with pytest.raises(WrongObjectError) as caught:
        store.fetch("v0.1.0", tmp_path / "fetched")
    error = caught.value
    assert (error.version, error.path, error.expected) == ("v0.1.0", path, sha256_bytes(PRODUCT[path]))
    assert sha256_bytes(bytes(data)) in str(error)
    assert not (tmp_path / "fetched").exists()
    assert [name for name in tmp_path.iterdir() if ".new-" in name.name] == []
    assert len(store.verify("v0.1.0")) == 1
    with pytest.raises(WrongObjectError):
        store.get("v0.1.0", path)


@pytest.mark.parametrize("change", ["cut", "longer", "gone"])
def test_cut_longer_and_missing_objects_are_named(store: Store, tmp_path: Path, change: str) -> None:
    store.publish(*make_package(tmp_path / "package"))
    victim = stored(store, "product/verdict.json")
    if change == "gone":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:-1] if change == "cut" else victim.read_bytes() + b"\n")
    with pytest.raises(WrongObjectError, match=r"v0\.1\.0, product/verdict\.json"):
        store.fetch("v0.1.0", tmp_path / "fetched")


def test_a_damaged_object_is_not_taken_for_a_new_version(store: Store, tmp_path: Path) -> None:
    manifest, files = make_package(tmp_path / "package")
    store.publish(manifest, files)
    stored(store, "git/dvc.lock").write_bytes(b"schema: '9.9'\n")
    with pytest.raises(DataError, match="damaged"):
        store.publish({**manifest, "version": "v0.2.0"}, files)
    assert store.versions() == ["v0.1.0"]


def test_a_file_that_is_not_what_the_manifest_says_is_refused(store: Store, tmp_path: Path) -> None:
    manifest, files = make_package(tmp_path / "package")
    files["git/dvc.lock"].write_bytes(b"edited\n")
    with pytest.raises(DataError, match=r"dvc\.lock.*build the package again"):
        store.publish(manifest, files)
    assert not Path(store.url).exists()


def test_files_and_manifest_must_name_the_same(store: Store, tmp_path: Path) -> None:
    manifest, files = make_package(tmp_path / "package")
    with pytest.raises(DataError, match="not in both"):
        store.publish(manifest, {**files, "product/more": tmp_path})


def test_fetch_replaces_a_fetched_folder_and_no_other(store: Store, tmp_path: Path) -> None:
    store.publish(*make_package(tmp_path / "package"))
    into = tmp_path / "mine"
    into.mkdir()
    (into / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="mine"):
        store.fetch("v0.1.0", into)
    assert (into / "thesis.txt").read_text() == "years of work"
    (into / "thesis.txt").unlink()
    store.fetch("v0.1.0", into)
    (into / "product/verdict.json").write_text("edited")
    store.fetch("v0.1.0", into)
    assert (into / "product/verdict.json").read_bytes() == PRODUCT["product/verdict.json"]


def test_an_unknown_version_is_named_with_those_there_are(store: Store, tmp_path: Path) -> None:
    store.publish(*make_package(tmp_path / "package"))
    with pytest.raises(DataError, match=r"no version v9\.9\.9 \(there are: v0\.1\.0\)"):
        store.manifest("v9.9.9")


@pytest.mark.parametrize("version", ["", "../v1", "a/b", ".hidden", "v1\n", "v" * 101])
def test_odd_version_names_are_refused(store: Store, version: str) -> None:
    with pytest.raises(UsageError, match="is not a version"):
        store.manifest(version)


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/passwd", "a/../../x", "a//b", "./a", "a\\b", "c:x", "version.json", "a\nb", "", "."],
)
def test_a_path_that_leaves_the_package_is_refused(store: Store, tmp_path: Path, path: str) -> None:
    manifest, _ = make_package(tmp_path / "package")
    manifest["files"] = {path: {"sha256": "0" * 64, "bytes": 1}}
    with pytest.raises(DataError, match="not a safe relative path"):
        check_manifest(manifest, "planted")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"schema": 2}, "schema 2"),
        ({"files": {}}, "at least one"),
        ({"files": {"a": {"sha256": "xyz", "bytes": 1}}}, "64 hexadecimal"),
        ({"files": {"a": {"sha256": "0" * 64, "bytes": -1}}}, "count"),
        ({"files": {"a": {"sha256": "0" * 64, "bytes": True}}}, "count"),
        ({"files": {n: {"sha256": "0" * 64, "bytes": 1} for n in ("a", "a/b")}}, "file and as a folder"),
        ({"version": "../x"}, "not a version"),
    ],
)
def test_a_malformed_manifest_is_refused(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    manifest, _ = make_package(tmp_path / "package")
    with pytest.raises(DataError, match=word):
        check_manifest({**manifest, **change}, "planted")


def test_a_manifest_of_another_version_is_refused(store: Store, tmp_path: Path) -> None:
    store.publish(*make_package(tmp_path / "package"))
    folder = Path(store.url) / "versions"
    shutil.copy(folder / "v0.1.0.json", folder / "v0.2.0.json")
    with pytest.raises(DataError, match=r"expected the manifest of v0\.2\.0"):
        store.fetch("v0.2.0", tmp_path / "fetched")


def test_of_four_publishers_at_once_one_wins(store: Store, tmp_path: Path) -> None:
    start = str(time.time() + 1.5)
    command = [sys.executable, "-m", "tests.support.publish_one", store.url]
    racers = {
        me: subprocess.Popen(
            [*command, str(tmp_path / me), me * 40, start], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for me in "1234"
    }
    said = {me: racer.communicate(timeout=60)[0].strip() for me, racer in racers.items()}
    (winner,) = [me for me, line in said.items() if line == "won"]
    assert store.manifest("v0.1.0")["commit"] == winner * 40
    assert all(winner * 40 in line for me, line in said.items() if me != winner)
    assert list(Path(store.url).glob(".incoming-*")) == []


@pytest.mark.parametrize("url", ["https://example.org/x", "gs://b/p", ""])
def test_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is not a store"):
        open_store(url)
