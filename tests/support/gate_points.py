"""Points of two models with a known true difference, and versions made of them, for tests of the gate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from components.core.files import dumps, write_json
from components.core.seeds import rng
from components.protocol.states import LABELS
from components.registry.gate_points import Group, Points, pair, parse_points
from components.registry.store import Store, open_store
from tests.support.packages import make_package

Json = dict[str, Any]
HELDOUT = "ab" * 32
FORWARD = ("CRR", "REC", "SSR")
PASSED = [{"name": "gate_passed", "passed": True, "detail": "900 turns"}] + [
    {"name": name, "passed": True, "detail": "fine"} for name in ("model_complete", "forward_above_controls")
]


def simulated(
    seed: int,
    *,
    sets: int,
    loss: float = 0.0,
    shared: float = 0.5,
    right: float = 0.6,
    size: int = 2,
    tasks: tuple[str, ...] = FORWARD,
) -> tuple[Json, Json]:
    """Forward points of a candidate and a champion; the true difference is `-100 * (1 - shared) * loss`.

    Args:
        seed: of the answers.
        sets: matched sets a task, each on clips of its own.
        loss: by how much less the candidate is right where it answers for itself.
        shared: the share of points on which the candidate says what the champion says.
        right: how often the champion is right; a set's difficulty moves it up or down for both.
        size: points of a set.
        tasks: OVO-Bench tasks of the group.

    """
    generator = rng(seed, "gate-test")
    ours: list[Json] = []
    theirs: list[Json] = []
    for task in tasks:
        for number in range(sets):
            chance = right + 0.2 * (number % 2) - 0.1
            for index in range(size):
                its = generator.random() < chance
                own = its if generator.random() < shared else generator.random() < chance - loss
                point = {
                    "id": f"{task}-{number}-{index}",
                    "group": "forward",
                    "task": task,
                    "video_id": f"heldout/{task}{number}-{index}.mp4",
                    "match": f"{task}-{number}",
                    "column": "matched",
                }
                ours.append({**point, "correct": bool(own)})
                theirs.append({**point, "correct": bool(its)})
    return ovo(ours), ovo(theirs)


def ovo(points: list[Json], heldout: str = HELDOUT) -> Json:
    """points.json of the ovo suite."""
    return {"schema": 1, "suite": "ovo", "heldout": heldout, "points": points}


def validation(truth: np.ndarray, said: np.ndarray, heldout: str = HELDOUT) -> Json:
    """points.json of the validation suite: states (samples, turns) as numbers, two samples a video."""
    samples = []
    for number, (true, told) in enumerate(zip(truth, said, strict=True)):
        table = {a: dict.fromkeys(LABELS, 0) for a in LABELS}
        for a, b in zip(true, told, strict=True):
            table[LABELS[a]][LABELS[b]] += 1
        video_id = f"train/c{number // 2:04d}.mp4"
        samples.append({"id": f"tsqa-{number:04d}", "task": "tsqa", "video_id": video_id, "confusion": table})
    return {"schema": 1, "suite": "validation", "heldout": heldout, "samples": samples}


def parsed(value: Json) -> Points:
    """As the gate reads it."""
    return parse_points(dumps(value).encode(), value["suite"], "test")


def grouped(candidate: Json, champion: Json) -> Group:
    """The only group of two files."""
    (group,) = pair(parsed(candidate), parsed(champion))
    return group


def register_product(folder: Path, points: Mapping[str, Json], checks: list[Json] = PASSED) -> Path:
    """What the gate reads of a register product: its verdict and its points by suite."""
    verdict = {"schema": 1, "decision": "register", "checks": checks, "candidate": {"model": "focal-0"}}
    write_json(folder / "verdict.json", verdict)
    for suite, value in points.items():
        write_json(folder / "evaluation" / suite / "points.json", value)
    return folder


def stored(store: Path, version: str, product: Path) -> Store:
    """A store in a folder, with this register product as a version."""
    files = {
        f"product/{path.relative_to(product).as_posix()}": path.read_bytes()
        for path in sorted(product.rglob("*"))
        if path.is_file()
    }
    opened = open_store(store)
    opened.publish(*make_package(store.parent / f"package-{version}", version=version, files=files))
    return opened
