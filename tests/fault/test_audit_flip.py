"""One byte flipped, size and mtime kept: the audit names the file, though DVC finds everything up to date."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from components.audit.findings import Report
from components.audit.workspace import audit_workspace
from components.cli.main import main
from tests.support.toy_dag import Toy

FilePicker = Callable[[Path], Path]


def flip(path: Path) -> None:
    """Change one byte in the middle and restore size, mode and times."""
    before, mode = path.stat(), path.stat().st_mode
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    path.chmod(mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def named(report: Report) -> dict[str, str]:
    return {finding.path: finding.kind for finding in report.findings}


def video_object(root: Path) -> Path:
    """The cached copy of the second video."""
    name = hashlib.md5((root / "data/media/train/c1.mp4").read_bytes()).hexdigest()
    return root / ".dvc/cache/files/md5" / name[:2] / name[2:]


def folder_object(root: Path) -> Path:
    """The cached listing of the pinned data."""
    return next(path for path in sorted((root / ".dvc/cache/files/md5").glob("??/*.dir")))


@pytest.mark.parametrize(
    ("pick", "kind"),
    [
        (lambda root: root / "data/media/train/c1.mp4", "changed"),
        (lambda root: root / "artifacts/dataset/note.txt", "changed"),
        (lambda root: root / "artifacts/annotations/tsqa-0/inputs.json", "changed"),
        (lambda root: root / "models/focal-0/note.txt", "changed"),
        (lambda root: root / "models/focal-0/identity.json", "changed"),
        (video_object, "cache_object"),
        (folder_object, "cache_object"),
    ],
    ids=["video", "shard", "labels", "model", "receipt", "cached video", "cached listing"],
)
def test_a_flipped_byte_is_named(done: Toy, pick: FilePicker, kind: str) -> None:
    victim = pick(done.root)
    done.run("dvc", "status")  # DVC now knows every file by its inode, size and mtime
    flip(victim)
    if victim.suffix != ".dir":  # of all these, DVC notices only a listing that is no longer JSON
        assert done.run("dvc", "status").stdout.strip() == "Data and pipelines are up to date."
    findings = named(audit_workspace(done.root))
    assert findings.get(victim.relative_to(done.root).as_posix()) == kind
    # The byte in the middle of a receipt may lie in the name of a code file: then two names differ.
    most = 3 if victim.name == "identity.json" else 2
    assert len(findings) <= most, f"consequences are not findings of their own: {findings}"


def test_a_flip_in_a_video_breaks_the_chain_of_the_model_above_it(done: Toy) -> None:
    intact = audit_workspace(done.root).chains[0]
    assert intact["verified"] is True
    paths = [link["path"] for link in intact["links"]]
    assert paths[0] == "models/focal-0" and paths[-1] == "data"
    assert {"artifacts/dataset", "artifacts/validation", "artifacts/annotations/tsqa-0"} <= set(paths)
    flip(done.root / "data/media/train/c0.mp4")
    broken = audit_workspace(done.root).chains[0]
    assert broken["verified"] is False
    assert [link["path"] for link in broken["links"] if not link["verified"]] == ["data"]


def test_an_untouched_repository_verifies(done: Toy) -> None:
    report = audit_workspace(done.root)
    assert report.verified, report.findings
    assert report.notes == []
    assert report.counts["files"] > 20 < report.counts["cache_objects"]


def test_files_that_vanish_or_appear_are_named(done: Toy) -> None:
    (done.root / "data/media/train/c0.mp4").unlink()
    (done.root / "models/focal-0/more.bin").write_bytes(b"x")
    findings = named(audit_workspace(done.root))
    assert findings["data/media/train/c0.mp4"] == "missing"
    assert findings["models/focal-0/more.bin"] == "extra"


def test_edited_code_and_params_are_stale(done: Toy) -> None:
    with (done.root / "components/toy/__main__.py").open("a") as stream:
        stream.write("# edited\n")
    done.set_params(seed=1)
    report = audit_workspace(done.root)
    assert named(report)["components/toy/__main__.py"] == "stale_code"
    stale = [f for f in report.findings if f.kind == "stale_params"]
    assert any(f.path == "models/focal-0/identity.json" and "seed" in f.detail for f in stale)


def test_a_gate_that_said_no_fails_the_audit(done: Toy) -> None:
    (done.root / "artifacts/validation/result.json").write_text(json.dumps({"success": False}))
    findings = [f for f in audit_workspace(done.root).findings if f.kind == "gate"]
    assert [f.path for f in findings] == ["artifacts/validation/result.json"]


def test_stages_that_never_ran_are_named(toy: Toy) -> None:
    toy.run("dvc", "repro", "-q", "corpus")
    findings = named(audit_workspace(toy.root))
    assert findings["models/focal-0"] == "never_ran"
    assert "artifacts/corpus" not in findings


def test_command_line_gives_one_object_and_exit_1(done: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.chdir(done.root):
        assert main(["audit", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["ok"] is True
        flip(done.root / "models/focal-0/note.txt")
        assert main(["audit", "--json"]) == 1
        told = json.loads(capsys.readouterr().out)
    assert [finding["path"] for finding in told["findings"]] == ["models/focal-0/note.txt"]
