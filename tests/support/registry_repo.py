"""A small repository with a register product that dvc.lock pins: for versions and diffs; real git and GTO.

The product is written here instead of by a training run; dvc.lock is written with DVC's hash of it, since a
`dvc repro` a version would cost seconds (one test runs it).
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.core.files import write_bytes, write_json, write_text
from components.core.hashing import sha256_file
from components.lineage.tree import Ignore, path_md5
from components.video.manifest import Video, write_manifest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = Path("artifacts/register")
CODE = "components/train/loss.py"
PARAMS = {
    "seed": 0,
    "train": {"lr": 0.001, "methods": ["ce", "focal"]},
    "registry": {"name": "streamo", "store": "registry/store", "margin": 3.0, "require_floors": True},
}
DAG = {
    "stages": {
        "register": {
            "cmd": "exec cp -r source/. artifacts/register",
            "deps": ["source"],
            "outs": [str(PRODUCT)],
        }
    },
    "artifacts": {"streamo": {"path": str(PRODUCT), "type": "model"}},
}


@dataclass(frozen=True)
class Repo:
    """The repository at `root`; `home` keeps the developer's git settings out."""

    root: Path

    @property
    def env(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "GIT_", "STREAMO_", "AWS_"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        home = {"HOME": str(self.root.parent / "home"), "GIT_CONFIG_NOSYSTEM": "1"}
        return {**kept, **home, "PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONPATH": str(ROOT)}

    def run(self, *argv: str, check: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the repository, `env` beside its environment; its exit code must be `check`."""
        environment = {**self.env, **env}
        done = subprocess.run(
            argv, cwd=self.root, env=environment, capture_output=True, text=True, timeout=120
        )
        if done.returncode != check:
            raise AssertionError(f"{argv} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def git(self, *argv: str) -> str:
        return self.run("git", *argv).stdout.strip()

    def streamo(self, *argv: str, check: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "components.cli.main", *argv, check=check, **env)

    def tags(self) -> list[str]:
        return self.git("tag").split()

    def commit(self, message: str) -> str:
        """Commit every change git sees; returns the commit."""
        self.git("add", "-A")
        self.git("commit", "-qm", message, "--allow-empty")
        return self.git("rev-parse", "HEAD")

    def make(self, weights: str, **facts: Any) -> str:
        """A candidate with these weights (see `write_product`), pinned and committed; returns the commit."""
        write_product(self.root, weights, **facts)
        pin(self.root)
        return self.commit(f"candidate {weights}")

    def clone(self, root: Path) -> "Repo":
        """Another clone with the product, which git does not carry; no tag or store but what was there."""
        self.git("clone", "-q", str(self.root), str(root))
        other = Repo(root)
        other.set_identity()
        shutil.copytree(self.root / PRODUCT, root / PRODUCT)
        return other

    def set_identity(self) -> None:
        self.git("config", "user.name", "tester")
        self.git("config", "user.email", "tester@example.org")

    def gate(self, champion: str | None, decision: str = "promote") -> Path:
        """A gate's result in a file git ignores."""
        path = self.root / "runs" / f"gate-{champion}-{decision}.json"
        judged = {"model": "focal-0", "verdict": sha256_file(self.root / PRODUCT / "verdict.json")}
        gate = {"decision": decision, "champion": champion, "candidate": judged, "checks": [], "groups": {}}
        write_json(path, gate)
        return path


def copy_repo(repo: Repo, root: Path) -> Repo:
    """The same repository at another place: building one takes seconds."""
    shutil.copytree(repo.root, root, symlinks=True)
    (root.parent / "home").mkdir(exist_ok=True)
    return Repo(root)


def pin(root: Path) -> None:
    """Write dvc.lock for the product that is there, as `dvc commit` would."""
    out = {"path": str(PRODUCT), "hash": "md5", "md5": path_md5(PRODUCT, Ignore(root))}
    entry = {"cmd": DAG["stages"]["register"]["cmd"], "outs": [out]}
    write_text(root / "dvc.lock", yaml.safe_dump({"schema": "2.0", "stages": {"register": entry}}))


def write_product(
    root: Path,
    weights: str,
    *,
    decision: str = "register",
    right: int = 6,
    videos: dict[str, str] | None = None,
    code: str = "",
) -> None:
    """What stage `register` leaves.

    Args:
        root: the repository; the product is written anew.
        weights: stands for the model's bytes.
        decision: of the verdict.
        right: of nine test points, how many are right.
        videos: `{video_id: sha256}` of the corpus.
        code: a comment in the one source file that the model's receipt names.

    """
    out = root / PRODUCT
    shutil.rmtree(out, ignore_errors=True)
    write_text(root / CODE, f"# {code}\n")
    videos = videos or {f"train/c{n}.mp4": f"{n}0" * 32 for n in range(3)}
    accuracy = round(100 * right / 9, 2)
    cell = {"accuracy": accuracy, "interval": [accuracy - 5, accuracy + 5], "rivals": {}}
    scores = {
        "column": "matched",
        "groups": {"forward": cell},
        "macro_f1": {"accuracy": 70.0, "interval": [65, 75]},
    }
    candidate = {"model": "focal-0", "loss": "focal", "seed": 0, "identity": "ab" * 32, "scores": scores}
    write_json(
        out / "verdict.json", {"schema": 1, "decision": decision, "candidate": candidate, "checks": []}
    )
    write_bytes(out / "model.safetensors", weights.encode())
    write_text(out / "README.md", f"# focal-0 {weights}\n")
    write_json(out / "dataset/split.json", dict.fromkeys(videos, "train"))
    (out / "corpus").mkdir()
    write_manifest(out / "corpus/manifest.parquet", [row(name, sha256) for name, sha256 in videos.items()])
    write_json(out / "evaluation/ovo/points.json", ovo_points(right))
    write_json(out / "report/results.json", results(len(videos)))
    receipt = {
        "schema": 1,
        "stage": "train",
        "inputs": {},
        "code": {CODE: sha256_file(root / CODE)},
        "params": {"train.lr": yaml.safe_load((root / "params.yaml").read_text())["train"]["lr"]},
        "libraries": {"torch": "2.13.0"},
    }
    write_json(out / "receipts/models/focal-0/identity.json", receipt)


def results(videos: int) -> dict[str, Any]:
    """The part of the report's results.json that a diff reads."""
    shares = {"silence": 0.7, "standby": 0.18, "response": 0.12}
    return {
        "dataset": {"train_shares": shares},
        "scale": {
            "videos": {"train": videos},
            "samples": {"train": 4 * videos},
            "turns": {"train": 80 * videos},
        },
    }


def ovo_points(right: int) -> dict[str, Any]:
    """Nine points of three tasks on three clips; the first `right` are right."""
    rows = [
        {
            "id": f"{task}-{clip}-0",
            "group": group,
            "task": task,
            "video_id": f"test/c{clip}.mp4",
            "column": "matched",
        }
        for group, task in (("forward", "REC"), ("realtime", "OCR"), ("backward", "EPM"))
        for clip in range(3)
    ]
    points = [{**each, "match": each["id"], "correct": number < right} for number, each in enumerate(rows)]
    return {"schema": 1, "suite": "ovo", "heldout": "cd" * 32, "points": points}


def row(video_id: str, sha256: str) -> Video:
    """A row of the manifest."""
    size = {"width": 56, "height": 56, "rotation": 0, "codec": "h264", "variable_rate": False}
    origin = {"role": "corpus", "source": "embedded world", "licence": "CC0-1.0", "note": ""}
    return Video(video_id, 22.0, 44, 2.0, sha256=sha256, **size, **origin)


def make_repo(root: Path) -> Repo:
    """A repository without any version yet: params, dvc.yaml, a pinned corpus that lies nowhere."""
    repo = Repo(root)
    root.mkdir(parents=True)
    (root.parent / "home").mkdir(exist_ok=True)
    for name in (".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, root)
    write_text(root / "params.yaml", yaml.safe_dump(PARAMS))
    write_text(root / "dvc.yaml", yaml.safe_dump(DAG))
    corpus = {"md5": "00" * 16 + ".dir", "path": "data"}
    write_text(root / "data.dvc", yaml.safe_dump({"outs": [corpus]}))
    write_text(root / "source/README.md", "what the stage copies\n")
    repo.git("init", "-q", "-b", "main")
    repo.set_identity()
    repo.run("dvc", "init", "-q")
    repo.commit("an empty project")
    return repo
