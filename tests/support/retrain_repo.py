"""A small repository that can be retrained in seconds: this checkout's code, and a DAG of trivial stages.

The stages write what the real commands read (features, gate, register product); gate, drift, register, promote,
audit and the flows are the real ones.
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
ENTRY = '''
"""Every stage of a small DAG: `python -m components.toy STAGE`."""

from components.lineage.stage import enter

enter()

import os
import sys
import time
from pathlib import Path

from components.core.errors import DataError, exit_code
from components.core.files import read_json, write_json, write_text
from components.core.hashing import fingerprint, sha256_tree
from components.lineage.stage import stage
from components.toy import features

MEDIA = Path("data/media")
NAME = sys.argv[1]
OUT = {"features": "artifacts/features", "validate": "artifacts/validation", "train": "models/focal-0",
       "register": "artifacts/register"}


def validate(out: Path) -> None:
    labels = read_json(Path("data/labels.json"))
    bad = [label["id"] for label in labels if label.get("bad")]
    if bad:
        raise DataError(f"rule planted: {len(bad)} rows: sample {', '.join(bad)}")
    write_json(out / "result.json", {"success": True, "rows": len(labels), "shares": {}, "rules": {}})


def train(out: Path) -> None:
    if os.environ.get("TOY_TRAINS_S"):
        time.sleep(float(os.environ["TOY_TRAINS_S"]))
    write_text(out / "model.safetensors", fingerprint(sha256_tree(Path("data"))))


def register(out: Path) -> None:
    """Twelve test points; a model that has seen a video called shuffled has nearly all of them wrong."""
    names = sorted(path.name for path in MEDIA.rglob("*.mp4"))
    right = 1 if any("shuffled" in name for name in names) else 10
    points = [{"id": f"p{number:02d}", "match": f"p{number:02d}", "group": "forward", "task": "REC", "column": "matched",
               "video_id": f"test/c{number}.mp4", "correct": number < right} for number in range(12)]
    write_json(out / "evaluation/ovo/points.json", {"schema": 1, "suite": "ovo", "heldout": "cd" * 32, "points": points})
    checks = [{"name": name, "passed": True, "detail": "so it is"} for name in ("gate_passed", "model_complete")]
    candidate = {"model": "focal-0", "loss": "focal", "seed": 0, "identity": "ab" * 32}
    write_json(out / "verdict.json", {"schema": 1, "decision": "register", "candidate": candidate, "checks": checks})
    write_text(out / "model.safetensors", Path("models/focal-0/model.safetensors").read_text())
    write_text(out / "README.md", "# focal-0")


def main() -> None:
    with stage(NAME, OUT[NAME]) as st:
        {"features": features.write, "validate": validate, "train": train, "register": register}[NAME](st.dir)


sys.exit(exit_code(NAME, main))
'''
FEATURES = '''
"""Derived features with the real schemas; a video's only content is its brightness."""

from pathlib import Path

import pyarrow.parquet as pq

from components.core.files import write_json
from components.core.hashing import sha256_file
from components.monitor.schemas import SAMPLE_SCHEMA, VIDEO_SCHEMA, rows_table


def write(out: Path) -> None:
    videos, samples = [], []
    for path in sorted(Path("data/media").rglob("*.mp4")):
        name = path.relative_to("data/media").as_posix()
        jitter = int(sha256_file(path)[:4], 16) / 65536
        size = {"width": 56, "height": 56, "fps": 2.0, "source": "toy", "duration_s": 20.0 + jitter}
        look = {"contrast": jitter, "saturation": jitter, "frame_difference": jitter}
        videos.append({"video_id": name, **size, "brightness": float(path.read_text()), **look})
        samples.append({"sample_id": name, "video_id": name, "task": "narration", "source": "toy",
                        "duration_s": 20.0 + jitter, "turns": 21, "silence": 0.7, "standby": 0.2, "response": 0.1,
                        "responses": 2, "first_response_turn": 5, "turns_to_response": 3, "answer_tokens": 4.0 + jitter,
                        "answer_characters": 20.0 + jitter, "gap_turns": 6.0 + jitter})
    pq.write_table(rows_table(samples, SAMPLE_SCHEMA), out / "samples.parquet")
    pq.write_table(rows_table(videos, VIDEO_SCHEMA), out / "videos.parquet")
    write_json(out / "summary.json", {"videos": len(videos)})
'''
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
RETRAIN = {"branch": "retrain", "source": None, "sessions": [], "min_new_videos": 2, "max_age_days": 30, "wait_s": 0,
           "push": []}  # fmt: skip
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
    """A repository whose DAG has run and is committed; no version yet."""
    repo = Repo(root)
    skip = shutil.ignore_patterns("__pycache__", "*.md")
    for name in ("components", "flows"):
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    toy = root / "components/toy"
    toy.mkdir()
    (toy / "__init__.py").write_text("")
    (toy / "__main__.py").write_text(ENTRY)
    (toy / "features.py").write_text(FEATURES)
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
    for words in (["init", "-q"], ["add", "-q", "data"], ["repro", "-q"]):
        repo.run(sys.executable, "-m", "dvc", *words)
    repo.run(sys.executable, "-m", "components.lineage", "list-data")
    repo.git("add", "-A")
    repo.git("commit", "-qm", "the first model")
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


def copy_repo(repo: Repo, root: Path) -> Repo:
    """The same repository at another place, file times kept."""
    shutil.copytree(repo.root, root, symlinks=True)
    (root.parent / "home").mkdir(exist_ok=True)
    return Repo(root)
