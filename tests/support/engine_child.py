"""Stage annotate with endpoints in a checkout of its own, here or in a child process that may be killed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from components.annotate.engine.stage import annotate_stage
from components.world.scene import read_scenes
from tests.support.engine_run import clip_of

ROOT = Path(__file__).resolve().parents[2]
CONCURRENCY = 4
CHILD = "import sys; from tests.support.engine_child import main; main(*sys.argv[1:])"
SECTION = {
    **{role: {"endpoint": "seer", "model": "seer", "revision": "1"} for role in ("vision", "text")},
    "agreement": 0.5,
    "frames": 32,
    "side": 448,
    "quiet": 0,
}
WEIGHTS = {"narration": 1.0, "event_caption": 3.0}
TASKS = tuple(WEIGHTS)


def checkout(folder: Path, url: str, **budget: float | None) -> Path:
    """A repository whose params.yaml names one endpoint at `url` for everything."""
    endpoint: dict[str, Any] = {
        "url": url,
        "model": "seer",
        "revision": "1",
        "usd_per_million_input": 1.0,
        "usd_per_million_output": 1.0,
        "concurrency": CONCURRENCY,
        "budget": {"calls": None, "tokens": None, "usd": None, **budget},
    }
    if not folder.exists():
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / "params.yaml").write_text(yaml.safe_dump({"endpoints": {"seer": endpoint}}))
    return folder


def annotate(root: Path, data: Path) -> None:
    """The products of all tasks, in `<root>/out/<task>`."""
    clips = [clip_of(scene) for scene in read_scenes(data, "train")]
    for task in TASKS:
        outcome = annotate_stage(
            task, clips, SECTION, media=data / "media", weights=WEIGHTS, seed=0, root=root
        )
        outcome.write(root / "out" / task)


def main(root: str, data: str) -> None:
    """What a child process runs."""
    annotate(Path(root), Path(data))


def child(root: Path, data: Path) -> "subprocess.Popen[str]":
    """`annotate` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(root), str(data)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def kept(root: Path) -> set[str]:
    """Keys of the answers that are on disk."""
    return {path.stem for path in (root / "runs" / "answers").glob("??/[0-9a-f]*.json")}


def products(root: Path) -> dict[str, bytes]:
    """Every file of the products, by its path."""
    out = root / "out"
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*.json"))}
