"""The audit of registered versions, with one lie or one lost byte planted at a time."""

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from components.audit.findings import VersionReport
from components.audit.version import audit_version
from components.cli.main import main
from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.registry.store import open_store
from components.registry.store_manifest import object_key
from components.registry.versions import register
from tests.support.audit_world import UNLICENSED, World, corpus, video

FIRST = "v0.0.1"


def named(report: VersionReport) -> set[tuple[str, str]]:
    return {(finding.kind, finding.path) for finding in report.findings}


def flip(path: Path) -> None:
    """Change one byte in the middle."""
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def dvc_object(places: Path, data: bytes) -> Path:
    """The object of these bytes in a DVC cache."""
    name = hashlib.md5(data).hexdigest()
    return places / name[:2] / name[2:]


def store_object(world: World, version: str, path: str) -> Path:
    """The object of one file of a package."""
    entry = open_store(world.store).manifest(version)["files"][path]
    return world.store / object_key(entry["sha256"])


def lock_md5(world: World, version: str, out: str) -> str:
    """What dvc.lock of a version pins for a product."""
    lock = yaml.safe_load(open_store(world.store).get(version, "git/dvc.lock"))
    pins = {one["path"]: one["md5"] for stage in lock["stages"].values() for one in stage["outs"]}
    return str(pins[out])


def test_every_version_verifies_though_dvc_lock_moved_on(registered: World) -> None:
    for version in (FIRST, "v0.0.2", "v0.0.3"):
        report = audit_version(version, registered.root)
        assert report.findings == []
        assert report.counts["stages"] == 11
        assert report.counts["objects"] > 40
    commits = registered.run("git", "rev-list", "--count", "HEAD").strip()
    assert commits == "3"


def test_a_fresh_clone_audits_from_the_remotes_alone(registered: World, copied: World) -> None:
    clone = copied.clone()
    assert not (clone / "artifacts").exists() and not (clone / ".dvc/cache").exists()
    report = audit_version(FIRST, clone)
    assert report.findings == []
    assert report.counts["objects"] == audit_version(FIRST, registered.root).counts["objects"]
    alone = audit_version(FIRST, clone, offline=True)
    assert {finding.kind for finding in alone.findings} == {"missing"}
    assert ("missing", "models/focal-0") in named(alone)


def test_flipped_bytes_of_the_first_version_are_named_and_only_there(copied: World) -> None:
    remote = copied.remote / "files/md5"
    shard = lock_md5(copied, FIRST, "artifacts/dataset").removesuffix(".dir")
    flip(dvc_object(copied.cache, video("c2")))
    flip(dvc_object(remote, video("c0")))
    flip(copied.cache / shard[:2] / f"{shard[2:]}.dir")
    flip(store_object(copied, FIRST, "product/model.safetensors"))
    report = audit_version(FIRST, copied.root)
    assert named(report) == {
        ("changed", "data/media/train/c2.mp4"),
        ("changed", "data/media/train/c0.mp4"),
        ("changed", "artifacts/dataset"),
        ("changed", "product/model.safetensors"),
    }
    by_path = {finding.path: finding for finding in report.findings}
    assert by_path["data/media/train/c2.mp4"].product == "data"
    assert "local cache" in by_path["data/media/train/c2.mp4"].detail
    assert "remote folder" in by_path["data/media/train/c0.mp4"].detail
    assert FIRST in by_path["product/model.safetensors"].detail
    assert audit_version("v0.0.3", copied.root).findings == []
    links = {link["path"]: link["verified"] for link in report.chains[0]["links"]}
    assert links["data"] is False and links["artifacts/dataset"] is False
    assert links["artifacts/turns"] is True
    assert report.chains[0]["verified"] is False


def test_missing_is_told_apart_from_changed(copied: World) -> None:
    clip = video("c0")
    dvc_object(copied.cache, clip).unlink()
    assert audit_version(FIRST, copied.root).findings == []  # the remote has it
    dvc_object(copied.remote / "files/md5", clip).unlink()
    store_object(copied, FIRST, "product/README.md").unlink()
    report = audit_version(FIRST, copied.root)
    assert named(report) == {("missing", "data/media/train/c0.mp4"), ("missing", "product/README.md")}


def test_objects_that_are_in_no_remote_are_said(copied: World) -> None:
    dvc_object(copied.remote / "files/md5", video("c0")).unlink()
    report = audit_version(FIRST, copied.root)
    assert report.findings == []
    assert any(note.startswith("1 objects are in no remote") for note in report.notes)


def test_a_moved_a_deleted_and_a_retold_tag_are_named(copied: World) -> None:
    copied.run("git", "tag", "-f", f"streamo@{FIRST}", "HEAD")
    assert named(audit_version(FIRST, copied.root)) == {("tag", f"streamo@{FIRST}")}
    copied.run("git", "tag", "-d", "streamo@v0.0.2")
    assert named(audit_version("v0.0.2", copied.root)) == {("tag", "streamo@v0.0.2")}


def edit_manifest(world: World, edit: Callable[[dict[str, object]], object]) -> None:
    path = world.store / f"versions/{FIRST}.json"
    manifest = read_json(path)
    edit(manifest)
    write_json(path, manifest)


@pytest.mark.parametrize(
    ("edit", "more"),
    [
        (lambda m: m.update(model="other-0"), set()),
        (lambda m: m["files"].pop("git/data.dvc"), set()),
        (lambda m: m.update(commit="f" * 40), {("tag", f"streamo@{FIRST}"), ("commit", "f" * 40)}),
        (lambda m: m["files"].pop("product/streamo.json"), {("changed", "product/streamo.json")}),
    ],
    ids=["model", "git file dropped", "commit", "product file dropped"],
)
def test_an_edited_manifest_is_named(
    copied: World, edit: Callable[[dict[str, object]], object], more: set[tuple[str, str]]
) -> None:
    edit_manifest(copied, edit)
    found = named(audit_version(FIRST, copied.root))
    assert found == {("manifest", f"versions/{FIRST}.json"), *more}


def forge(path: str, **values: object) -> Callable[[Path], None]:
    """Change keys of a JSON file."""

    def spoil(root: Path) -> None:
        write_json(root / path, {**read_json(root / path), **values})

    return spoil


def all_of(*spoils: Callable[[Path], None]) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        for one in spoils:
            one(root)

    return spoil


def test_lies_without_a_wrong_hash_are_named(copied: World) -> None:
    model, turns = "models/focal-0/identity.json", "artifacts/turns/identity.json"
    scores = "artifacts/evaluation/focal-0-validation/scores.json"
    version = copied.version(
        corpus("c5", "c6"),
        spoil=all_of(
            forge(model, seed=7),
            forge(turns, inputs={"artifacts/corpus": "0" * 64, "artifacts/annotations": "0" * 64}),
            forge(scores, macro_f1=99.0),
            forge("artifacts/validation/result.json", success=False),
            forge("artifacts/register/receipts/artifacts/corpus/identity.json", stage="other"),
        ),
    )
    report = audit_version(version, copied.root)
    assert {
        ("receipt", model),
        ("receipt", turns),
        ("number", "focal-0-validation states and macro F1"),
        ("gate", "artifacts/validation/result.json"),
        ("copy", "product/receipts/artifacts/corpus/identity.json"),
    } <= named(report)
    assert {kind for kind, _ in named(report)} == {"receipt", "number", "gate", "copy"}
    told = [f.detail for f in report.findings if f.path == model]
    assert any("seed 7" in detail for detail in told)
    assert audit_version(FIRST, copied.root).findings == []


def test_a_receipt_edited_in_the_store_is_named(copied: World) -> None:
    path = "product/receipts/models/focal-0/identity.json"
    held = store_object(copied, FIRST, path)
    held.write_bytes(held.read_bytes().replace(b'"seed": 0', b'"seed": 1'))
    assert named(audit_version(FIRST, copied.root)) == {("changed", path)}


def test_a_lock_whose_chain_does_not_close_is_named(copied: World) -> None:
    lock = yaml.safe_load((copied.root / "dvc.lock").read_text())
    (dataset,) = [
        dep for dep in lock["stages"]["train@focal-0"]["deps"] if dep["path"] == "artifacts/dataset"
    ]
    dataset["md5"] = lock_md5(copied, FIRST, "artifacts/dataset")
    lock["stages"]["train@focal-0"]["params"]["params.yaml"]["train.steps"] = 4000
    (copied.root / "dvc.lock").write_text(yaml.safe_dump(lock))
    copied.run("git", "commit", "-qam", "another history")
    report = audit_version(register(copied.root).version, copied.root)
    assert named(report) == {("chain", "artifacts/dataset"), ("stale_params", "params.yaml: train.steps")}


def test_numbers_videos_and_the_chain_are_told(registered: World) -> None:
    report = audit_version(FIRST, registered.root)
    verified = [each["what"] for each in report.numbers if each["verified"]]
    assert {"focal-0-ovo matched accuracies", "focal-0-validation interval of macro F1"} <= set(verified)
    assert all(each["why"] for each in report.numbers)
    assert any(each["verified"] is None for each in report.numbers)
    assert report.videos["without_licence"] == [UNLICENSED]
    assert report.videos["roles"] == {"benchmark": 1, "corpus": 3}
    links = {link["path"]: link for link in report.chains[0]["links"]}
    assert [*links][:1] + [*links][-1:] == ["models/focal-0", "data"]
    teacher = links["artifacts/annotations/narration-0"]["about"]
    assert (teacher["teacher"], teacher["prompt"]) == ("world-1", "07d80416236a")
    assert links["models/focal-0"]["run"]["started_at"].startswith("20")  # this checkout has the run's record


def test_the_command_names_findings_and_exits_1(copied: World, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.chdir(copied.root):
        assert main(["audit", FIRST]) == 0
        assert "everything verifies" in capsys.readouterr().out
        flip(dvc_object(copied.cache, video("c2")))
        assert main(["audit", FIRST, "--json"]) == 1
        told = json.loads(capsys.readouterr().out)
        assert main(["audit", "--offline"]) == 2
    assert (told["version"], told["ok"]) == (FIRST, False)
    assert [(f["product"], f["path"]) for f in told["findings"]] == [("data", "data/media/train/c2.mp4")]


def test_no_such_version(registered: World) -> None:
    with pytest.raises(DataError, match=r"no version v9\.9\.9"):
        audit_version("v9.9.9", registered.root)
