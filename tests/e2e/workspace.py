"""A temporary clone of the checkout for whole runs; nothing touches the developer's own workspace."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Workspace:
    """A clone at `root`, with an environment whose PATH begins with this interpreter's folder."""

    root: Path

    @property
    def env(self) -> dict[str, str]:
        paths = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
        secret = {"AWS_SECRET_ACCESS_KEY": "planted-secret-7Q2"}
        base = {key: value for key, value in os.environ.items() if not key.startswith(("DVC_", "PREFECT_"))}
        return {
            **base,
            **secret,
            "PATH": os.pathsep.join(paths),
            "PYTHONPATH": str(self.root),
            "HOME": str(self.root / "home"),
        }

    def run(
        self, *argv: str, check: int | None = 0, timeout: float = 900
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the clone; its exit code must be `check` unless that is None."""
        done = subprocess.run(
            argv, cwd=self.root, env=self.env, capture_output=True, text=True, timeout=timeout
        )
        if check is not None and done.returncode != check:
            raise AssertionError(
                f"{argv} gave {done.returncode}, not {check}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            )
        return done

    def streamo(self, *argv: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "components.cli.main", *argv, check=check)

    def run_records(self) -> int:
        """How many stage bodies have run: one record each under runs/<stage>/."""
        return len(list((self.root / "runs").glob("*/2*.json")))


def clone(target: Path) -> Workspace:
    """Copy every file git tracks or would track, and make it a repository of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, copy = ROOT / name, target / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    workspace = Workspace(target)
    (target / "home").mkdir()
    for argv in (
        ["git", "init", "-q"],
        ["git", "config", "user.email", "test@example.org"],
        ["git", "config", "user.name", "test"],
        ["git", "add", "-A"],
        ["git", "commit", "-qm", "clone"],
    ):
        workspace.run(*argv)
    return workspace
