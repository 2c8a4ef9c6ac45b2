"""A job on another machine, without Prefect: whatever is wrong there or on the way is refused by name."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.core.errors import DataError
from components.core.files import read_json
from components.lineage.committed import check_committed, local_changes
from components.lineage.graph import read_graph
from components.lineage.job import check_job
from components.lineage.job_there import check_upstream
from flows.children import Children
from flows.elsewhere import Elsewhere
from flows.pools import read_pools, route
from flows.remote_job import RemoteJob
from tests.support.checkout import IDENTITY
from tests.support.machines import Machines, make_machines
from tests.support.toy_dag import Toy, copy_toy

ADDRESS = "train@focal-0"


@pytest.fixture(scope="module")
def machines(new_toy: Toy, tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """Two machines; every test leaves them as it found them."""
    folder = tmp_path_factory.mktemp("machines")
    return make_machines(copy_toy(new_toy, folder / "here" / "toy"), folder)


@pytest.fixture(scope="module")
def job(machines: Machines) -> Path:
    """The packed job, its inputs pushed."""
    return machines.pack(ADDRESS)


@pytest.fixture(scope="module")
def answer(machines: Machines, job: Path) -> dict[str, Any]:
    """What the other machine answers when all is well."""
    return work(machines, read_json(job))


def work(machines: Machines, job: Any) -> dict[str, Any]:
    return RemoteJob(machines.there.root, check_job(job), lambda line: None).run()


def objects(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def other_machine(machines: Machines) -> Iterator[Path]:
    """The root there, with an empty cache and no worktree, so that everything must come from the remote."""
    shutil.rmtree(machines.there.root / ".dvc/cache", ignore_errors=True)
    shutil.rmtree(machines.there.root / "runs", ignore_errors=True)
    yield machines.there.root


def test_the_answer_is_taken_and_dvc_agrees(machines: Machines, answer: dict[str, Any], job: Path) -> None:
    copy = copy_toy(machines.here, job.parent / "taking" / "toy")
    copy.run("dvc", "remote", "modify", "-q", "--local", "hub", "url", str(machines.hub))
    before = (copy.root / "dvc.lock").read_text()
    done = Machines(copy, machines.there, machines.hub).accept(job, answer)
    assert done.returncode == 0, done.stderr
    assert (copy.root / "dvc.lock").read_text().startswith(before)
    assert copy.run("dvc", "status").stdout.strip() == "Data and pipelines are up to date."
    assert (copy.root / "models/focal-0/note.txt").read_text().startswith("made by train")


def test_the_other_checkout_itself_is_left_alone(machines: Machines, answer: dict[str, Any]) -> None:
    there = machines.there
    assert answer["outs"]
    assert there.run("git", "status", "--porcelain").stdout == ""
    assert not (there.root / "models").exists()


def refused(machines: Machines, job: Path, answer: Any, said: str) -> None:
    """The answer is refused, and neither dvc.lock nor the workspace nor the cache has changed."""
    root = machines.here.root
    before = {**objects(root / ".dvc/cache"), root / "dvc.lock": (root / "dvc.lock").read_bytes()}
    done = machines.accept(job, answer)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert {**objects(root / ".dvc/cache"), root / "dvc.lock": (root / "dvc.lock").read_bytes()} == before
    assert not (root / "models").exists()


def test_a_poisoned_entry_is_refused(machines: Machines, job: Path, answer: dict[str, Any]) -> None:
    poisoned = json.loads(json.dumps(answer))
    poisoned["deps"][0]["md5"] = "0" * 32 + ".dir"
    refused(machines, job, poisoned, "deps[artifacts/dataset].md5")


def test_the_products_of_another_stage_are_refused(
    machines: Machines, job: Path, answer: dict[str, Any]
) -> None:
    swapped = json.loads(json.dumps(answer))
    swapped["outs"][0]["md5"] = swapped["deps"][0]["md5"]  # a real object of the remote, of other size
    refused(machines, job, swapped, "outs[models/focal-0]")


def test_products_with_other_bytes_are_refused(machines: Machines, job: Path, answer: dict[str, Any]) -> None:
    md5 = answer["outs"][0]["md5"]
    listing = json.loads((machines.hub / "files/md5" / md5[:2] / md5[2:]).read_bytes())
    path = machines.hub / "files/md5" / listing[0]["md5"][:2] / listing[0]["md5"][2:]
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(bytes([good[0] ^ 1, *good[1:]]))
    try:
        refused(machines, job, answer, f"object {listing[0]['md5']} in the DVC remote have the MD5")
    finally:
        path.write_bytes(good)


def test_a_checkout_that_changed_while_the_job_ran_refuses(
    machines: Machines, job: Path, answer: dict[str, Any]
) -> None:
    machines.here.set_params(seed=1)
    try:
        refused(machines, job, answer, "params: {'params.yaml': {'seed': 0")
    finally:
        machines.here.run("git", "checkout", "-q", "params.yaml")


def test_a_commit_the_machine_cannot_have_is_refused_with_both(machines: Machines, job: Path) -> None:
    there = machines.there
    there.run("git", "remote", "rename", "origin", "elsewhere")
    there.run("git", "remote", "set-url", "elsewhere", str(machines.hub / "nothing"))
    own = there.run("git", "rev-parse", "HEAD").stdout.strip()
    machines.here.run("git", *IDENTITY, "commit", "-q", "--allow-empty", "-m", "newer")
    newer = machines.here.run("git", "rev-parse", "HEAD").stdout.strip()
    try:
        with pytest.raises(DataError, match="fetch failed"):
            work(machines, {**read_json(job), "commit": newer})
        there.run("git", "remote", "remove", "elsewhere")
        with pytest.raises(DataError, match=f"stale commit: the job is of {newer}.* is at {own}"):
            work(machines, {**read_json(job), "commit": newer})
    finally:
        there.run("git", "remote", "remove", "elsewhere", check=False)
        there.run("git", "remote", "add", "origin", str(machines.here.root))
    assert work(machines, {**read_json(job), "commit": newer})["outs"]  # fetched, now that it can be
    assert there.run("git", "rev-parse", "HEAD").stdout.strip() == own


def test_other_code_than_the_job_names_is_refused(machines: Machines, job: Path) -> None:
    changed = read_json(job)
    changed["stage"]["deps"][-1]["md5"] = "0" * 32 + ".dir"
    with pytest.raises(DataError, match=r"receive failed .*deps\[components/toy\].md5"):
        work(machines, changed)


def test_an_edited_checkout_there_is_refused(machines: Machines, job: Path) -> None:
    edited = machines.there.root / "components/toy/__main__.py"
    good = edited.read_text()
    edited.write_text(good + "\n")
    try:
        with pytest.raises(DataError, match=r"not as in its commit: components/toy/__main__\.py"):
            work(machines, read_json(job))
    finally:
        edited.write_text(good)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_missing_input_is_named(machines: Machines, job: Path, other_machine: Path, what: str) -> None:
    out = read_json(job)["locks"]["dataset"]["outs"][0]
    path = machines.hub / "files/md5" / out["md5"][:2] / out["md5"][2:]
    if what == "file":
        entry = json.loads(path.read_bytes())[0]
        path = machines.hub / "files/md5" / entry["md5"][:2] / entry["md5"][2:]
    path.rename(machines.hub / "aside")
    try:
        with pytest.raises(DataError, match=f"receive failed .*artifacts/dataset .*{out['md5']}"):
            work(machines, read_json(job))
    finally:
        (machines.hub / "aside").rename(path)


def test_a_damaged_input_is_named(machines: Machines, job: Path, other_machine: Path) -> None:
    out = read_json(job)["locks"]["dataset"]["outs"][0]
    path = machines.hub / "files/md5" / out["md5"][:2] / out["md5"][2:]
    first = json.loads(path.read_bytes())[0]["md5"]
    path = machines.hub / "files/md5" / first[:2] / first[2:]
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(bytes([good[0] ^ 1, *good[1:]]))
    try:
        with pytest.raises(DataError, match=r"receive failed .*artifacts/dataset .*damaged"):
            work(machines, read_json(job))
    finally:
        path.write_bytes(good)


def test_a_job_for_a_stage_that_is_not_there_is_refused(machines: Machines, job: Path) -> None:
    graph = read_graph(machines.here.root)
    with pytest.raises(DataError, match="has no stage train@other-0"):
        check_upstream(graph, {**read_json(job), "address": "train@other-0"})
    with pytest.raises(DataError, match=r"needs \['dataset'\] here, the job brings \[\]"):
        check_upstream(graph, {**read_json(job), "locks": {}})


@pytest.mark.parametrize("pin", ["../data.dvc", "/etc/data.dvc", "dvc.yaml"])
def test_a_job_that_would_write_elsewhere_is_refused(job: Path, pin: str) -> None:
    with pytest.raises(DataError, match="the job pins"):
        check_job({**read_json(job), "pins": {pin: ""}})


def test_what_is_not_committed_is_not_packed(machines: Machines) -> None:
    here = machines.here
    stray = here.root / "components/toy/new.py"
    stray.write_text("")
    here.set_params(seed=2)
    try:
        with pytest.raises(DataError, match=r"commit: params\.yaml, components/toy/new\.py; another machine"):
            check_committed(here.root, ["components/toy"])
        assert local_changes(here.root, ["components/core"]) == ["params.yaml"]
        graph = read_graph(here.root)
        away = route(graph, read_pools(here.root / "infra/pools.yaml"))
        elsewhere = Elsewhere(graph, here.root, Children(here.root), here.root / "runs/logs", away)
        elsewhere.check({"dataset"})  # nothing that goes elsewhere may have to run
        with pytest.raises(DataError, match="components/toy/new"):
            elsewhere.check({ADDRESS})
    finally:
        stray.unlink()
        here.run("git", "checkout", "-q", "params.yaml")
