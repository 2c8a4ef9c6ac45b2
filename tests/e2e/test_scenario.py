"""A year of operation in minutes: the whole scenario of infra/scenario, on SQLite, with the real stages."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.workspace import clone

LIMIT_S = 3000


def test_the_scenario(tmp_path: Path) -> None:
    source = clone(tmp_path / "source")  # what lies in the working tree, also where it is not committed
    done = subprocess.run(
        [sys.executable, "-m", "infra.scenario", "--json", str(tmp_path / "acts.json")],
        cwd=source.root,
        env={**os.environ, "PYTHONPATH": str(source.root)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    acts = {act["name"]: act for act in json.loads((tmp_path / "acts.json").read_text())["acts"]}
    assert list(acts) == [
        "first champion",
        "A drifted data",
        "B unchanged data",
        "P shuffled labels",
        "E drift event",
        "R rollback",
    ]
    assert all(act["held"] for act in acts.values())
    assert acts["A drifted data"]["decision"] in {"promoted", "refused"}
    assert "duration_s" in acts["A drifted data"]["drift"]  # the planted shift, by name
    assert acts["B unchanged data"]["decision"] == "nothing"
    assert acts["P shuffled labels"]["decision"] == "refused"
    assert acts["R rollback"]["sha256"] == acts["first champion"]["sha256"]
