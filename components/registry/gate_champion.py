"""The champion as the gate meets it: its stored points, or its model evaluated on the candidate's set."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import DataError, InternalError
from components.core.process import FIXED_ENV, is_alive, kill_group, start_group
from components.registry.gate_points import ROWS, Points, parse_points
from components.registry.store import Store

SCRATCH = Path(".scratch/gate")
PRODUCT = "product"
CODE = Path(__file__).resolve().parents[2]  # where `components` is imported from, if the checkout has none


@dataclass(frozen=True)
class Champion:
    """A version in a store, and the checkout on whose held-out set it can be evaluated again."""

    version: str
    store: Store
    root: Path

    def suites(self) -> list[str]:
        """The suites it was registered with that the gate compares."""
        files = self.store.manifest(self.version)["files"]
        prefix = f"{PRODUCT}/evaluation/"
        found = {path.split("/")[2] for path in files if path.startswith(prefix)}
        return sorted(found & ROWS.keys())

    def stored(self, suite: str) -> Points | None:
        """The points it was registered with; None if it has none of this suite."""
        path = f"{PRODUCT}/evaluation/{suite}/points.json"
        if path not in self.store.manifest(self.version)["files"]:
            return None
        return parse_points(self.store.get(self.version, path), suite, f"version {self.version}, {path}")

    @contextmanager
    def product(self) -> Iterator[Path]:
        """A verified copy of its register product, in a scratch folder that is removed afterwards."""
        scratch = self.root / SCRATCH
        scratch.mkdir(parents=True, exist_ok=True)
        clear_leftovers(scratch)
        with tempfile.TemporaryDirectory(dir=scratch, prefix=f"{os.getpid()}-") as folder:
            yield self.store.fetch(self.version, Path(folder) / "version") / PRODUCT

    def again(self, suites: list[str]) -> dict[str, Points]:
        """Its points on the held-out set of the checkout, by `streamo evaluate` in a child process a suite.

        Raises:
            DataError: the child says that the model or the checkout cannot be evaluated.
            InternalError: the child failed otherwise.

        """
        found = {}
        with self.product() as model:
            for suite in suites:
                out = model.parents[1] / suite
                evaluate(model, suite, out, self.root)
                where = f"version {self.version} evaluated again, points.json"
                found[suite] = parse_points((out / "points.json").read_bytes(), suite, where)
        return found


def clear_leftovers(scratch: Path) -> None:
    """Remove the copies of gates that were killed: their folders begin with the id of their process."""
    for folder in scratch.iterdir():
        owner = folder.name.partition("-")[0]
        if not (owner.isdigit() and is_alive(int(owner))):
            shutil.rmtree(folder, ignore_errors=True)


def evaluate(model: Path, suite: str, out: Path, root: Path) -> None:
    """Run `streamo evaluate` with the code of the checkout `root`; its lines go to this process's stderr."""
    argv = [sys.executable, "-m", "components.cli", "evaluate", str(model.resolve()), "--suite", suite]
    argv += ["--out", str(out.resolve()), "--data", "."]
    paths = [str(CODE), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = {**os.environ, **FIXED_ENV, "PYTHONPATH": os.pathsep.join(paths)}
    # Its one line on stdout is not wanted: stdout may be this process's `--json`.
    child = start_group(argv, env=env, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    last = ""
    try:
        assert child.stderr is not None, "a pipe was asked for"
        for line in child.stderr:
            print(line, end="", file=sys.stderr)
            last = line.strip() or last
        code = child.wait()
    finally:
        kill_group(child)
    if code:
        failed = DataError if code in (1, 2) else InternalError
        raise failed(f"the champion could not be evaluated again on suite {suite} (exit code {code}): {last}")
