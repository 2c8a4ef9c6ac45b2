"""Every stage of a small DAG: `python -m components.toy STAGE`."""

import os
import sys
import time
from pathlib import Path

from components.toy import features

from components.core.errors import DataError, exit_code
from components.core.files import read_json, write_json, write_text
from components.core.hashing import fingerprint, sha256_tree
from components.lineage.stage import enter, stage

MEDIA = Path("data/media")
POINTS = 24
OUTS = {
    "features": "artifacts/features",
    "validate": "artifacts/validation",
    "train": "models/focal-0",
    "register": "artifacts/register",
}


def validate(out: Path) -> None:
    """The gate: a label that says that it is bad is."""
    labels = read_json(Path("data/labels.json"))
    bad = [label["id"] for label in labels if label.get("bad")]
    if bad:
        raise DataError(f"rule planted: {len(bad)} rows: sample {', '.join(bad)}")
    write_json(out / "result.json", {"success": True, "rows": len(labels), "shares": {}, "rules": {}})


def train(out: Path) -> None:
    """A model is the hash of its data; the environment says how long that takes."""
    print("toy trains", flush=True)
    time.sleep(float(os.environ.get("TOY_TRAINS_S", "0")))
    write_text(out / "model.safetensors", fingerprint(sha256_tree(Path("data"))))


def register(out: Path) -> None:
    """A model that has seen a video called shuffled has nearly every test point wrong."""
    right = 2 if list(MEDIA.rglob("*shuffled*")) else POINTS - 2
    shared = {"group": "forward", "task": "REC", "column": "matched"}
    points = [
        {"id": name, "match": name, **shared, "video_id": f"test/{name}.mp4", "correct": number < right}
        for number, name in enumerate(f"p{number:02d}" for number in range(POINTS))
    ]
    ovo = {"schema": 1, "suite": "ovo", "heldout": "cd" * 32, "points": points}
    write_json(out / "evaluation/ovo/points.json", ovo)
    checks = [{"name": name, "passed": True, "detail": "so it is"} for name in ("gate_passed", "complete")]
    candidate = {"model": "focal-0", "loss": "focal", "seed": 0, "identity": "ab" * 32}
    verdict = {"schema": 1, "decision": "register", "candidate": candidate, "checks": checks}
    write_json(out / "verdict.json", verdict)
    write_text(out / "model.safetensors", Path("models/focal-0/model.safetensors").read_text())
    write_text(out / "README.md", "# focal-0")


def main() -> None:
    """Run the stage named by the first argument."""
    enter()
    bodies = {"features": features.write, "validate": validate, "train": train, "register": register}
    with stage(sys.argv[1], OUTS[sys.argv[1]]) as st:
        bodies[sys.argv[1]](st.dir)


sys.exit(exit_code(sys.argv[1], main))
