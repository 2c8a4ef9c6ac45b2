"""A small DVC repository, its stages the real stage frame around trivial work: for faults, flow, audit.

It has its own copy of the rooms core, protocol and lineage and a room `toy`, so that nothing touches this
checkout.
"""

import shutil
from pathlib import Path

import yaml

from tests.support.checkout import IDENTITY, Checkout

ROOT = Path(__file__).resolve().parents[2]
CODE = [f"components/{room}" for room in ("__init__.py", "core", "protocol", "lineage", "toy")]
TOY_MAIN = '''
"""Work of every toy stage: hash the inputs, wait, write two files."""

from components.lineage.stage import enter

enter()

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from components.core.files import write_json, write_text
from components.core.hashing import sha256_tree
from components.core.process import start_group
from components.lineage.stage import stage
from components.lineage.stagefile import stage_deps

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("out")
parser.add_argument("item", nargs="*")
args = parser.parse_args()
item = dict(pair.split("=") for pair in args.item)
with stage(args.name, args.out, item=item) as st:
    held = Path(os.environ.get("TOY_HOLD", "/nonexistent"))
    if (seconds := st.param("sleep." + args.name)) > 0 or held.exists():
        rank = start_group([sys.executable, "-c", "import time; time.sleep(600)"])
        write_text(st.dir / "note.txt", str(rank.pid))
        print("toy sleeps", flush=True)
        time.sleep(seconds)
        while held.exists():
            time.sleep(0.1)
        rank.kill()
    if Path("broken").exists() and Path("broken").read_text() == args.name:
        raise SystemExit(1)
    data = [dep for dep in stage_deps(args.name, item) if not dep.startswith("components/")]
    inputs = {dep: sha256_tree(dep) for dep in data}
    write_json(st.dir / "inputs.json", inputs)
    write_text(st.dir / "note.txt", f"made by {args.name} {item}")
'''
# name: (matrix, data dependencies, product)
STAGES: dict[str, tuple[dict[str, list[object]], list[str], str]] = {
    "corpus": ({}, ["data"], "artifacts/corpus"),
    "annotate": (
        {"task": ["narration", "tsqa"], "shard": [0]},
        ["data", "artifacts/corpus"],
        "artifacts/annotations/${item.task}-${item.shard}",
    ),
    "dialogues": ({}, ["artifacts/corpus", "artifacts/annotations"], "artifacts/turns"),
    "validate": ({}, ["artifacts/turns"], "artifacts/validation"),
    "dataset": ({}, ["artifacts/turns", "artifacts/validation"], "artifacts/dataset"),
    "train": ({"loss": ["focal"], "seed": [0]}, ["artifacts/dataset"], "models/${item.loss}-${item.seed}"),
}


def stage_entry(name: str, matrix: dict[str, list[object]], deps: list[str], out: str) -> dict[str, object]:
    """One stage of the toy dvc.yaml."""
    items = "".join(f" {key}=${{item.{key}}}" for key in matrix)
    return {
        **({"matrix": matrix} if matrix else {}),
        "cmd": f"exec python -m components.toy {name} {out}{items}",
        "deps": [*deps, *CODE],
        "params": ["seed", f"sleep.{name}"],
        "outs": [out],
    }


class Toy(Checkout):
    """The repository."""

    def records(self) -> int:
        """How many stage commands have run to their end or failed."""
        return len(list((self.root / "runs").glob("*/2*.json")))

    def add_stage(self, name: str, deps: list[str], out: str) -> None:
        """Append a stage to dvc.yaml, and nothing else."""
        path = self.root / "dvc.yaml"
        dag = yaml.safe_load(path.read_text())
        dag["stages"][name] = stage_entry(name, {}, deps, out)
        path.write_text(yaml.safe_dump(dag, sort_keys=False))


def make_toy(root: Path) -> Toy:
    """Build the repository: rooms, params, dvc.yaml, two small videos pinned by data.dvc."""
    toy = Toy(root)
    skip = shutil.ignore_patterns("__pycache__", "*.md")
    for name in ("components/core", "components/protocol", "components/lineage", "components/audit", "flows"):
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    shutil.copy(ROOT / "components/__init__.py", root / "components")
    room = root / "components/toy"
    room.mkdir()
    (room / "__init__.py").write_text("")
    (room / "__main__.py").write_text(TOY_MAIN)
    for name in (".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, root)
    sleep = dict.fromkeys([*STAGES, "extra"], 0)
    (root / "params.yaml").write_text(yaml.safe_dump({"seed": 0, "sleep": sleep}))
    dag = {"stages": {name: stage_entry(name, *spec) for name, spec in STAGES.items()}}
    (root / "dvc.yaml").write_text(yaml.safe_dump(dag, sort_keys=False))
    (root.parent / "home").mkdir(exist_ok=True)
    media = root / "data/media/train"
    media.mkdir(parents=True)
    for number in range(2):
        (media / f"c{number}.mp4").write_bytes(bytes(range(256)) * (number + 1))
    toy.run("git", "init", "-q")
    toy.run("dvc", "init", "-q", "-f")
    toy.run("dvc", "add", "-q", "data")
    toy.run("git", "add", "-A")
    toy.run("git", *IDENTITY, "commit", "-qm", "toy")
    return toy


def copy_toy(toy: Checkout, root: Path) -> Toy:
    """The same repository at another place, file times kept: building one takes many seconds."""
    shutil.copytree(toy.root, root, symlinks=True)
    (root.parent / "home").mkdir(exist_ok=True)
    return Toy(root)
