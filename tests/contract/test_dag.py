"""The Prefect flow is DVC's graph: same names, same edges, also for a stage the flow has never heard of."""

import contextlib
import json
from pathlib import Path

from dvc.repo import Repo

from components.lineage.graph import read_graph
from tests.support.toy_dag import Toy

ROOT = Path(__file__).resolve().parents[2]
Edges = dict[str, list[str]]


def dvc_edges(root: Path) -> Edges:
    """Names and edges as DVC's own graph has them."""
    with contextlib.chdir(root), Repo() as repo:
        graph = repo.index.graph
        return {s.addressing: sorted(other.addressing for other in graph.successors(s)) for s in graph}


def prefect_edges(toy: Toy) -> tuple[Edges, dict[str, str]]:
    """Names, edges and states as the Prefect server recorded them in the latest flow run."""
    latest = max((toy.root / "runs/flow").glob("flow-*.json"), key=lambda path: path.stat().st_mtime_ns)
    tasks = json.loads(latest.read_text())["prefect"]
    return {name: task["upstream"] for name, task in tasks.items()}, {n: t["state"] for n, t in tasks.items()}


def test_our_reader_equals_dvcs_graph() -> None:
    ours = {node.address: list(node.upstream) for node in read_graph(ROOT)}
    assert ours == dvc_edges(ROOT)
    assert {"corpus", "validate", "train@qwen2_5_vl-focal-0", "report", "register"} <= set(ours)


def test_the_gate_stands_before_the_dataset_and_all_that_follows() -> None:
    graph = read_graph(ROOT)
    later = graph.downstream({"validate"})
    assert {"dataset", "base@qwen2_5_vl", "train@qwen2_5_vl-focal-0", "report", "register"} <= later
    assert graph.downstream({"features"}) == {"features"}, (
        "drift is told of refused data too; nothing trains on it"
    )
    assert set(graph.nodes) - later == graph.upstream({"dialogues"}) | {"features"}, (
        "nothing but labels is made before the gate"
    )


def test_flow_equals_graph_and_a_new_stage_is_one_more_task(toy: Toy) -> None:
    toy.run(*toy.flow())
    edges, states = prefect_edges(toy)
    assert edges == dvc_edges(toy.root)
    assert {name: state for name, state in states.items() if state != "Completed"} == {"data.dvc": "Cached"}
    before = toy.records()
    assert before == len(edges) - 1

    toy.add_stage("extra", ["models/focal-0", "artifacts/corpus"], "artifacts/extra")
    said = toy.run(*toy.flow()).stdout
    more, states = prefect_edges(toy)
    assert more == dvc_edges(toy.root)
    assert set(more) - set(edges) == {"extra"}
    assert more["extra"] == ["corpus", "train@focal-0"]
    assert [name for name, state in states.items() if state != "Cached"] == ["extra"]
    assert toy.records() == before + 1, "nothing else ran"
    assert "extra: Completed" in said
