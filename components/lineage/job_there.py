"""The other machine's half of a job: fetch and re-hash the inputs; later push the products."""

from pathlib import Path, PurePosixPath

from components.core.errors import DataError
from components.core.files import write_text
from components.lineage.graph import Graph, read_graph
from components.lineage.job import Job
from components.lineage.lockfile import (
    Entry,
    check_inputs,
    check_outs,
    dvc_repo,
    expected_entry,
    put_entries,
    read_entries,
)
from components.lineage.objects import remote_store
from components.lineage.strays import remove_strays
from components.lineage.tree import Ignore, path_md5
from components.lineage.verify import pinned


def receive(root: Path, job: Job) -> None:
    """Bring the inputs of a job into a worktree at its commit, and compare them with the job byte by byte.

    Raises:
        DataError: an input is missing or has other bytes, or the code is not that of the job; names it.

    """
    from dvc.exceptions import DvcException
    from dvc.repo import lock_repo

    for pin, text in job["pins"].items():
        write_text(root / pin, text)
    put_entries(root, job["locks"])
    graph = read_graph(root)
    check_upstream(graph, job)
    trouble: DvcException | None = None
    with dvc_repo(root) as repo:
        remote_store(repo)
        if targets := [*job["pins"], *job["locks"]]:
            try:
                repo.pull(targets=targets, force=True)
            except DvcException as error:  # said below, if the bytes do not say it better
                trouble = error
        remove_strays(graph, root)
        check_bytes(root, job)
        if trouble:
            raise trouble
        with lock_repo(repo):
            check_inputs(job["address"], expected_entry(repo, job["address"]), job["stage"])


def check_upstream(graph: Graph, job: Job) -> None:
    """DataError where the job's stage or what it needs are not those of the graph here."""
    address = job["address"]
    if address not in graph.nodes:
        raise DataError(f"dvc.yaml of commit {job['commit']} has no stage {address}")
    given, needed = {*job["locks"], *job["pins"]}, set(graph[address].upstream)
    if given != needed:
        raise DataError(f"{address} needs {sorted(needed)} here, the job brings {sorted(given)}")


def check_bytes(root: Path, job: Job) -> None:
    """Re-hash every input; DataError names a missing or differing one and its MD5."""
    expected = {str(out["path"]): str(out["md5"]) for lock in job["locks"].values() for out in lock["outs"]}
    for pin in job["pins"]:
        name, md5 = pinned(root / pin)
        expected[(PurePosixPath(pin).parent / name).as_posix()] = md5
    ignore = Ignore(root)
    for path, md5 in sorted(expected.items()):
        if not (root / path).exists():
            raise DataError(
                f"input {path} (md5 {md5}) is missing: the DVC remote does not hold all of it; `dvc push` it "
                "from a machine that does, and check that both machines have the same remote"
            )
        found = path_md5(Path(path), ignore)
        if found != md5:
            raise DataError(
                f"input {path} has the md5 {found} after the fetch, expected {md5}: objects are missing or "
                "damaged in the DVC remote or in this machine's cache"
            )


def deliver(root: Path, job: Job) -> Entry:
    """Push the products of the job's stage, which has run here; its entry of dvc.lock."""
    address = job["address"]
    entry = read_entries(root).get(address)
    check_inputs(address, entry, job["stage"])
    assert entry is not None  # check_inputs refuses it
    check_outs(address, entry, job["stage"])
    with dvc_repo(root) as repo:
        repo.push(targets=[address])
    return entry
