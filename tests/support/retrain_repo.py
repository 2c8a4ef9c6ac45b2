"""A small repository that can be retrained in seconds: this checkout's code, and a DAG of trivial stages.

The stages (tests/support/retrain_room) write what the real commands read: features, the data gate's result, a
register product. Gate, drift, register, promote, audit and the flows are the real ones.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.core.files import read_json

ROOT = Path(__file__).resolve().parents[2]
CODE = ["components/__init__.py", *(f"components/{room}" for room in ("core", "lineage", "toy"))]
DEPS = {
    "features": ["data"],
    "validate": ["data"],
    "train": ["data", "artifacts/validation"],
    "register": ["data", "models/focal-0"],
}
OUTS = {
    "features": "artifacts/features",
    "validate": "artifacts/validation",
    "train": "models/focal-0",
    "register": "artifacts/register",
}
RETRAIN = {
    "branch": "retrain",
    "source": None,
    "sessions": [],
    "min_new_videos": 2,
    "max_age_days": 30,
    "wait_s": 0,
    "push": ["up"],
}
PARAMS = {
    "seed": 0,
    "registry": {"name": "streamo", "store": "registry/store", "margin": 40.0, "require_floors": False},
    "monitor": {"frames": 4, "rate": 0.05, "permutations": 200, "smallest": {"videos": 20, "streams": 5}},
    "retrain": RETRAIN,
}


@dataclass(frozen=True)
class Repo:
    """The repository at `root`, its settings apart from the developer's."""

    root: Path

    @property
    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "GIT_", "STREAMO_"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        home = {"HOME": str(self.root.parent / "home"), "GIT_CONFIG_NOSYSTEM": "1"}
        return {**kept, **home, "PATH": path, "PYTHONPATH": str(self.root), "DVC_NO_ANALYTICS": "1"}

    def run(self, *argv: str, check: int | None = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the repository; its exit code must be `check` unless that is None."""
        done = subprocess.run(
            argv, cwd=self.root, env={**self.env, **env}, capture_output=True, text=True, timeout=300
        )
        if check is not None and done.returncode != check:
            raise AssertionError(f"{argv} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def git(self, *argv: str) -> str:
        return self.run("git", *argv).stdout.strip()

    def words(self, *argv: str) -> list[str]:
        """The command line of the flow."""
        return [sys.executable, "-m", "flows.retrain", *argv]

    def retrain(self, *argv: str, check: int | None = 0, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run(*self.words(*argv), check=check, **env)

    def versions(self) -> dict[str, str]:
        """Version -> stage."""
        lines = self.run(sys.executable, "-m", "components.cli", "versions", "--json").stdout.splitlines()
        rows = [yaml.safe_load(line) for line in lines]
        return {row["version"]: row["stage"] for row in rows}

    def runs(self) -> list[Path]:
        """Folders of all retraining runs, oldest first."""
        return sorted(path.parent for path in (self.root / "runs/retrain").glob("*/journal.json"))

    def outcome(self) -> dict[str, Any]:
        """The outcome of the last run."""
        found: dict[str, Any] = read_json(self.runs()[-1] / "outcome.json")
        return found

    def set_params(self, section: str, **values: object) -> None:
        """Change params.yaml and commit it."""
        path = self.root / "params.yaml"
        params = yaml.safe_load(path.read_text())
        params[section].update(values)
        path.write_text(yaml.safe_dump(params))
        self.git("commit", "-qam", "params")


def write_videos(folder: Path, names: Iterable[str], brightness: float = 100.0) -> None:
    """Videos `media/train/NAME.mp4` with a brightness a little of their own."""
    for number, name in enumerate(names):
        path = folder / "media" / "train" / f"{name}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{brightness + number % 7}\n")


def make_repo(root: Path) -> Repo:
    """A repository whose DAG has run and serves as v0.0.1; `../up.git` and `../up.dvc` are its remotes."""
    repo = Repo(root)
    skip = shutil.ignore_patterns("__pycache__", "*.md")
    for name in ("components", "flows"):
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    shutil.copytree(ROOT / "tests/support/retrain_room", root / "components/toy", ignore=skip)
    for name in (".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, root)
    (root.parent / "home").mkdir(exist_ok=True)
    (root / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    (root / "dvc.yaml").write_text(yaml.safe_dump(dag(), sort_keys=False))
    write_videos(root / "data", [f"c{number:02d}" for number in range(24)])
    (root / "data/labels.json").write_text('[{"id": "a", "video_path": "train/c00.mp4"}]\n')
    repo.git("init", "-q", "-b", "main")
    repo.git("config", "user.name", "tester")
    repo.git("config", "user.email", "tester@example.org")
    repo.git("init", "-q", "--bare", "../up.git")
    repo.git("remote", "add", "up", "../up.git")
    for words in (
        ["init", "-q"],
        ["remote", "add", "-d", "up", "../up.dvc"],
        ["add", "-q", "data"],
        ["repro", "-q"],
    ):
        repo.run(sys.executable, "-m", "dvc", *words)
    repo.run(sys.executable, "-m", "components.lineage", "list-data")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "the first model")
    for words in (["register"], ["promote", "v0.0.1", "champion"]):
        repo.run(sys.executable, "-m", "components.cli", *words)
    return repo


def dag() -> dict[str, Any]:
    """dvc.yaml."""
    stages = {
        name: {
            "cmd": f"exec python -m components.toy {name}",
            "deps": [*DEPS[name], *CODE],
            "params": ["seed"],
            "outs": [OUTS[name]],
        }
        for name in DEPS
    }
    return {"stages": stages, "artifacts": {"streamo": {"path": OUTS["register"], "type": "model"}}}


def copy_repo(repo: Repo, top: Path) -> Repo:
    """The same repository with its remotes in the folder `top`, file times kept."""
    shutil.copytree(repo.root.parent, top, symlinks=True)
    return Repo(top / repo.root.name)
