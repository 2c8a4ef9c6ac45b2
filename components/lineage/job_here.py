"""This machine's half of a job elsewhere: push the inputs; later check the answer, take the products in."""

import shutil
from pathlib import Path
from typing import Any

from components.core.errors import DataError, InternalError
from components.core.files import publish_dir
from components.core.git import head
from components.lineage.committed import check_committed
from components.lineage.graph import read_graph
from components.lineage.job import SCHEMA, Job
from components.lineage.lockfile import (
    Entry,
    check_inputs,
    check_outs,
    dvc_repo,
    expected_entry,
    find_stage,
    plain,
    read_entries,
)
from components.lineage.objects import fetch_out, remote_store


def check_remote(root: Path) -> None:
    """DataError where the checkout has no default DVC remote."""
    with dvc_repo(root) as repo:
        remote_store(repo)


def pack(root: Path, address: str) -> Job:
    """Push the inputs of a stage to the DVC remote; the job that describes it.

    Raises:
        DataError: no remote, files that differ from the commit, or what DVC says.

    """
    from dvc.repo import lock_repo

    graph = read_graph(root)
    node = graph[address]
    check_committed(root, node.deps)
    entries = read_entries(root)
    makers = [other for other in node.upstream if not graph[other].is_source]
    if missing := [maker for maker in makers if maker not in entries]:
        raise InternalError(f"{address}: what it needs has no entry in dvc.lock: {', '.join(missing)}")
    with dvc_repo(root) as repo:
        remote_store(repo)
        with lock_repo(repo):
            stage = expected_entry(repo, address)
        if node.upstream:
            repo.push(targets=list(node.upstream))
    pins = [other for other in node.upstream if graph[other].is_source]
    return {
        "schema": SCHEMA,
        "address": address,
        "commit": head(root),
        "stage": stage,
        "locks": {maker: entries[maker] for maker in makers},
        "pins": {pin: (root / pin).read_text(encoding="utf-8") for pin in pins},
    }


def accept(root: Path, job: Job, answer: Any) -> None:
    """Check an answer, bring its products into the workspace and its entry into dvc.lock.

    Nothing is written before everything is checked: command, inputs and parameters against this checkout as
    it is now, products byte by byte.

    Raises:
        DataError: names the field of the entry, or the object, that is not as it must be.

    """
    from dvc.repo import lock_repo

    address = job["address"]
    scratch = root / ".scratch" / "offload" / address
    shutil.rmtree(scratch, ignore_errors=True)
    with dvc_repo(root) as repo:
        with lock_repo(repo):
            expected = expected_entry(repo, address)
        check_inputs(address, answer, expected)
        check_outs(address, answer, expected)
        store = remote_store(repo)
        for number, out in enumerate(answer["outs"]):
            fetch_out(store, out, scratch / str(number))
        with lock_repo(repo):
            check_inputs(address, answer, expected_entry(repo, address))  # the fetch may have taken hours
            for number, out in enumerate(answer["outs"]):
                place(scratch / str(number), root / out["path"])
            write_entry(repo, address, answer)
    shutil.rmtree(scratch, ignore_errors=True)


def place(scratch: Path, final: Path) -> None:
    """Put a product in its place by rename."""
    if scratch.is_dir():
        publish_dir(scratch, final)
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    scratch.replace(final)


def write_entry(repo: Any, address: str, answer: Entry) -> None:
    """Let DVC hash what lies in the workspace and write the entry, in its own format, order and cache."""
    from dvc.stage.serialize import to_single_stage_lockfile

    stage = find_stage(repo, address)
    stage.save()
    found = plain(to_single_stage_lockfile(stage))
    if found != answer:
        raise DataError(
            f"{address}: DVC would write {found}, the answer says {answer}; dvc.lock is as it was"
        )
    stage.commit()
    stage.dump(update_pipeline=False)
