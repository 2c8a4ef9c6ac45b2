"""One stage for another machine, on this one: in a worktree of its own, at the commit of the job."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.core.git import git, head
from components.core.lock import checkout_lock
from components.lineage.committed import check_committed
from components.lineage.job import Job
from components.lineage.worktree import knows_commit, share_dvc, worktree_at
from flows.children import Children

TREE = Path("runs/remote/tree")
LOCK_WAIT_S = 60.0  # a cancelled job before this one may take a moment to end
STEPS = "components.lineage.offload"
SAID = 3  # last lines of a failed step that a message repeats


class RemoteJob:
    """The run of one job; `stop` may be called from any thread and leaves no child behind.

    Args:
        root: this machine's checkout, which must be as in its commit.
        job: see components.lineage.job.
        say: gets every line of every step.

    """

    def __init__(self, root: Path, job: Job, say: Callable[[str], None]):
        self.root, self.job, self.say = root, job, say
        self.tree = root / TREE
        self.folder = (
            root / "runs" / "remote" / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{job['address']}"
        )
        self.children = Children(root, {"PYTHONPATH": str(self.tree), "GIT_TERMINAL_PROMPT": "0"})

    def stop(self) -> None:
        """Kill what runs; the step in progress then fails."""
        self.children.stop()

    def run(self) -> dict[str, Any]:
        """Fetch the inputs, run the stage, push its products; its entry of dvc.lock.

        Raises:
            DataError: another run holds this checkout, it differs from its commit, it cannot have the job's
                commit, an input is missing or damaged, or the stage failed.

        """
        address = self.job["address"]
        with checkout_lock(self.root, f"stage {address} for another machine", wait_s=LOCK_WAIT_S):
            check_committed(self.root, ())
            self.take_commit()
            share_dvc(self.root, self.tree)
            self.children.root = self.tree
            job, answer = self.folder / "job.json", self.folder / "answer.json"
            write_json(job, self.job)
            self.step("receive", STEPS, "receive", str(job))
            self.step("run", "dvc", "--wait-for-lock", "repro", "--single-item", address)
            self.step("deliver", STEPS, "deliver", str(job), "--answer", str(answer))
            entry: dict[str, Any] = read_json(answer)
            return entry

    def take_commit(self) -> None:
        """Bring the worktree to the job's commit, from a remote if need be.

        Raises:
            DataError: this checkout and its remotes do not have it.

        """
        commit = self.job["commit"]
        remotes = git(self.root, "remote").split()
        if remotes and not knows_commit(self.root, commit):
            self.call("fetch", ["git", "fetch", "--quiet", "--all", "--tags"])
        if not knows_commit(self.root, commit):
            known = f"its remotes ({', '.join(remotes)}) have not" if remotes else "it has no git remote"
            raise DataError(
                f"stale commit: the job is of {commit}, this machine's checkout is at {head(self.root)}, and "
                f"{known}: push the commit there, or update this checkout"
            )
        worktree_at(self.root, self.tree, commit)

    def step(self, name: str, module: str, *words: str) -> None:
        """Run `python -m MODULE WORDS` in the worktree."""
        self.call(name, [sys.executable, "-m", module, *words])

    def call(self, name: str, argv: list[str]) -> None:
        """Run a command; its output goes to `<folder>/<name>.log`."""
        self.say(f"{name}: {self.job['address']}")
        log = self.folder / f"{name}.log"
        finished = self.children.run(argv, log, self.say)
        if finished.returncode:
            said = [line for line in finished.lines if line.strip()][-SAID:]
            raise DataError(f"{name} failed on this machine: {' | '.join(said)} (whole log: {log})")
