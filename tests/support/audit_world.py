"""A small repository with registered versions: real git, DVC cache and remote, GTO tags, a store in a folder.

The stage bodies run in this process, each in the real stage frame; `dvc commit` then writes dvc.lock from
what lies there. Everything is below one folder, so that a copy of it (`World.copy`) is a world of its own.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from dvc.repo import Repo

from components.core.files import write_json
from components.registry.versions import register
from tests.support.audit_stages import STAGES, run_stages, stage_entry

ROOT = Path(__file__).resolve().parents[2]
PARAMS = {
    "seed": 0,
    "corpus": {"media": "data/media"},
    "train": {"steps": 3},
    "registry": {"name": "streamo", "store": "../store", "margin": 3.0, "require_floors": False},
}
Corpus = Mapping[str, bytes]  # video_id -> bytes
HELD_OUT = "bench/b0.mp4"
UNLICENSED = "train/c1.mp4"


def video(name: str) -> bytes:
    """Some bytes of a video's own."""
    return name.encode() * 40


def corpus(*names: str) -> dict[str, bytes]:
    """Videos `train/<name>.mp4` and the held-out one."""
    return {f"train/{name}.mp4": video(name) for name in names} | {HELD_OUT: video("b0")}


@dataclass(frozen=True)
class World:
    """Repository, store and remote side by side below `base`."""

    base: Path

    @property
    def root(self) -> Path:
        return self.base / "repo"

    @property
    def store(self) -> Path:
        return self.base / "store"

    @property
    def remote(self) -> Path:
        return self.base / "remote"

    @property
    def cache(self) -> Path:
        return self.root / ".dvc/cache/files/md5"

    def run(self, *argv: str) -> str:
        """Run a command in the repository."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DVC_", "GIT_", "STREAMO_"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        env = {**kept, "PATH": path, "DVC_NO_ANALYTICS": "1"}
        done = subprocess.run(argv, cwd=self.root, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def copy(self, base: Path) -> "World":
        """The same world at another place, file times and modes kept."""
        shutil.copytree(self.base, base, symlinks=True)
        return World(base)

    def clone(self, name: str = "clone") -> Path:
        """A fresh clone beside the repository: tags, store and remote in reach, no product and no cache."""
        self.run("git", "clone", "-q", ".", str(self.base / name))
        return self.base / name

    def put_data(self, videos: Corpus) -> None:
        """Replace the corpus."""
        shutil.rmtree(self.root / "data", ignore_errors=True)
        for name, content in videos.items():
            path = self.root / "data/media" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        licences = {name: {"source": "test", "licence": "CC0-1.0"} for name in videos if name != UNLICENSED}
        write_json(self.root / "data/sources.json", licences)

    def version(
        self, videos: Corpus, *, spoil: Callable[[Path], None] | None = None, **params: object
    ) -> str:
        """Run every stage on a corpus, commit, push, register; returns the version.

        `spoil` may change products before DVC sees them: a forger who leaves no wrong hash behind.
        """
        (self.root / "params.yaml").write_text(yaml.safe_dump({**PARAMS, **params}))
        self.put_data(videos)
        with contextlib.chdir(self.root), Repo() as repo:
            repo.add("data")
            run_stages()
            if spoil is not None:
                spoil(self.root)
            repo.commit(force=True)
            repo.push()
        self.run("git", "add", "-A")
        self.run("git", "commit", "-q", "-m", "a version")
        return register(self.root).version


def make_world(base: Path) -> World:
    """An empty repository with the DAG, a default remote and nothing registered."""
    world = World(base)
    (world.root / "components/toy").mkdir(parents=True)
    (world.root / "components/__init__.py").write_text('"""Rooms."""\n')
    (world.root / "components/toy/__init__.py").write_text('"""Stands for the code of every stage."""\n')
    for name in (".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, world.root)
    dag = {"stages": {name: stage_entry(stage) for name, stage in STAGES.items()}}
    (world.root / "dvc.yaml").write_text(yaml.safe_dump(dag, sort_keys=False))
    world.run("git", "init", "-q", "-b", "main")
    world.run("git", "config", "user.email", "test@example.org")
    world.run("git", "config", "user.name", "test")
    world.run("dvc", "init", "-q")
    world.run("dvc", "remote", "add", "-q", "-d", "folder", "../remote")
    return world
