"""Teacher openai through the stages' own commands: dry run, budget, labels, grounding, receipts."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.core.files import read_json
from tests.e2e.workspace import Workspace, clone
from tests.support.openai_server import Server, serving
from tests.support.small_world import small_world
from tests.support.world_server import WorldModel

CAPTIONS = "artifacts/annotations/event_caption-0"
ANNOTATE = ("components.annotate", "task", "--task", "event_caption", "--shard", "0")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Server]]:
    """A clone with two clips and a server that knows them."""
    root = tmp_path_factory.mktemp("engine")
    workspace = clone(root)
    scenes = small_world(root / "data", clips=2)
    with serving(WorldModel(root / "data", scenes)) as server:
        point_to(workspace, server.url)
        module(workspace, "components.video")
        yield workspace, server


def point_to(workspace: Workspace, url: str) -> None:
    """Let the two endpoints of params.yaml be the server at `url`, and the teacher be they."""
    path = workspace.root / "params.yaml"
    text = path.read_text()
    for address in ("http://127.0.0.1:8001/v1", "http://127.0.0.1:8002/v1"):
        assert address in text
        text = text.replace(address, url)
    assert "teacher: world  " in text
    path.write_text(text.replace("teacher: world  ", "teacher: openai  "))


def module(workspace: Workspace, *argv: str, check: int = 0) -> Any:
    return workspace.run(sys.executable, "-m", *argv, check=check)


def budget(workspace: Workspace, before: str, after: str) -> None:
    path = workspace.root / "params.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_from_the_dry_run_to_grounded_labels(asked: tuple[Workspace, Server]) -> None:
    workspace, server = asked
    told = json.loads(module(workspace, "components.annotate", "estimate", *ANNOTATE[2:], "--json").stdout)
    assert server.calls == 0 and told["clips"] == 2
    assert [(step["step"], step["presumed"]) for step in told["steps"]] == [
        ("event_caption.caption", False),
        ("event_caption.ground", True),
        ("event_caption.rewrite", True),
    ]

    budget(workspace, "calls: 200000", "calls: 3")
    stopped = module(workspace, *ANNOTATE, check=1)
    assert "annotate: the budget (3 calls" in stopped.stderr and "Traceback" not in stopped.stderr
    assert not (workspace.root / CAPTIONS).exists() and server.calls == 3

    budget(workspace, "calls: 3", "calls: 200000")
    module(workspace, *ANNOTATE)
    bought = Counter(json.dumps(body, sort_keys=True) for body in server.bodies)
    assert max(bought.values()) == 1  # nothing the first run bought was bought again
    labels = read_json(workspace.root / CAPTIONS / "labels.json")
    rows = read_json(workspace.root / CAPTIONS / "answers.json")
    paid = {path.stem for path in (workspace.root / "runs" / "answers").glob("??/*.json")}
    assert {key for row in rows for keys in row["answers"].values() for key in keys} == paid
    assert {label["provenance"]["answers"] for label in labels} <= {row["fingerprint"] for row in rows}
    summary = read_json(workspace.root / CAPTIONS / "summary.json")
    assert summary["described"] == 2 and summary["dropped"] == {}
    identity = read_json(workspace.root / CAPTIONS / "identity.json")
    assert identity["params"]["annotate.openai.vision.model"] == "annotator"

    before = server.calls
    module(workspace, "components.annotate", "ground", "--shard", "0")
    grounded = read_json(workspace.root / "artifacts/annotations/event_grounding-0/labels.json")
    assert server.calls == before and grounded
    assert all(label["provenance"]["teacher"] == "openai" for label in grounded)


def test_a_server_that_is_gone_ends_the_stage_with_three_and_no_product(
    asked: tuple[Workspace, Server],
) -> None:
    workspace, server = asked
    budget(workspace, server.url, "http://127.0.0.1:9/v1")
    gone = module(workspace, "components.annotate", "task", "--task", "tsqa", "--shard", "0", check=3)
    assert "nobody answers" in gone.stderr and "Traceback" not in gone.stderr
    assert not Path(workspace.root / "artifacts/annotations/tsqa-0").exists()
