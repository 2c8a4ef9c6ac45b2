"""Order, selection, schedule and strays over a graph given by hand."""

import json
from pathlib import Path

import pytest

from components.core.errors import DataError, InternalError, UsageError
from components.lineage.graph import Graph, Node
from components.lineage.history import last_peak_mb, last_seconds
from components.lineage.schedule import startable, time_left
from components.lineage.strays import find_strays, remove_strays


def node(address: str, *upstream: str, deps: tuple[str, ...] = (), out: str = "") -> Node:
    return Node(address, address.endswith(".dvc"), upstream, deps, (out or f"artifacts/{address}",))


@pytest.fixture
def graph() -> Graph:
    """data -> corpus -> two annotations -> turns -> three trainings -> report."""
    trainings = [node(f"train@{loss}", "turns", out=f"models/{loss}") for loss in ("ce", "fixed", "focal")]
    return Graph(
        [
            node("report", "train@ce", "train@fixed", "train@focal", deps=("models",)),
            *trainings,
            node("turns", "annotate@a", "annotate@b", deps=("artifacts/annotations",)),
            node("annotate@b", "corpus", out="artifacts/annotations/b"),
            node("annotate@a", "corpus", out="artifacts/annotations/a"),
            node("corpus", "data.dvc"),
            node("data.dvc", out="data"),
        ]
    )


def test_order_respects_every_edge(graph: Graph) -> None:
    order = list(graph.nodes)
    assert all(order.index(other) < order.index(n.address) for n in graph for other in n.upstream)
    assert len(graph) == 9
    assert (graph.depth["report"], graph.depth["turns"], graph.depth["data.dvc"]) == (1, 3, 6)


def test_a_circle_is_named() -> None:
    with pytest.raises(InternalError, match=r"circle.*: a, b"):
        Graph([node("a", "b"), node("b", "a"), node("c")])


def test_up_and_down(graph: Graph) -> None:
    assert graph.downstream({"train@ce"}) == {"train@ce", "report"}
    assert graph.upstream({"annotate@a"}) == {"annotate@a", "corpus", "data.dvc"}
    assert graph["train@ce"].name == "train"
    assert (made := graph.maker("models/ce/config.json")) and made.address == "train@ce"
    assert graph.maker("models/cee") is None


def test_select_by_name_or_address_with_what_is_needed(graph: Graph) -> None:
    assert set(graph.select(["train"]).nodes) == set(graph.nodes) - {"report"}
    assert set(graph.select(["annotate@b"]).nodes) == {"annotate@b", "corpus", "data.dvc"}
    assert graph.select([]) is graph
    with pytest.raises(UsageError, match=r"no stage 'trian'; known: .*train@ce"):
        graph.select(["trian"])


def test_startable_respects_edges_slots_and_the_limit_of_trainings(graph: Graph) -> None:
    assert startable(graph, set(graph.nodes), [], 8) == ["data.dvc"]
    rest = set(graph.nodes) - {"data.dvc", "corpus"}
    assert startable(graph, rest, [], 8) == ["annotate@a", "annotate@b"]
    assert startable(graph, rest, [], 1) == ["annotate@a"]
    trainings = {"train@ce", "train@fixed", "train@focal"}
    assert startable(graph, trainings, [], 8) == ["train@ce", "train@fixed"]
    assert startable(graph, trainings - {"train@ce"}, ["train@ce"], 8) == ["train@fixed"]


def test_longest_chain_goes_first() -> None:
    graph = Graph([node("a"), node("z"), node("y", "z"), node("x", "y")])
    assert startable(graph, {"a", "z"}, [], 1) == ["z"]
    assert startable(graph, {"a", "z"}, [], 1, elsewhere={"z"}) == ["z", "a"], "it takes no slot here"


def test_time_left_plays_the_schedule(graph: Graph) -> None:
    seconds = {"corpus": 10, "annotate@a": 5, "annotate@b": 7, "turns": 1, "report": 2}
    seconds |= {f"train@{loss}": 100 for loss in ("ce", "fixed", "focal")}
    assert time_left(graph, set(graph.nodes), {}, seconds, 2) == 10 + 7 + 1 + 200 + 2
    assert time_left(graph, {"report"}, {"train@ce": 30.0, "train@fixed": 130.0}, seconds, 2) == 70 + 2
    assert time_left(graph, set(), {}, seconds, 2) == 0


def write_record(root: Path, name: str, text: str) -> None:
    (root / "runs/train@ce").mkdir(parents=True, exist_ok=True)
    (root / "runs/train@ce" / name).write_text(text)


def test_history_is_the_last_completed_run(tmp_path: Path) -> None:
    assert last_seconds("train@ce", tmp_path) is None
    assert last_peak_mb("train@ce", tmp_path) is None
    record = {"status": "completed", "duration_s": 12.5, "peak_memory_mb": 900.0}
    write_record(tmp_path, "20260101T000000-1.json", json.dumps({**record, "duration_s": 99}))
    write_record(tmp_path, "20260102T000000-1.json", json.dumps(record))
    write_record(
        tmp_path, "20260103T000000-1.json", json.dumps({**record, "status": "failed", "duration_s": 1})
    )
    write_record(tmp_path, "20260104T000000-1.json", '{"status": "comple')
    assert last_seconds("train@ce", tmp_path) == 12.5
    assert last_peak_mb("train@ce", tmp_path) == 900


def test_strays_are_products_of_stages_that_are_gone(graph: Graph, tmp_path: Path) -> None:
    for name in ("artifacts/annotations/a", "artifacts/annotations/old", "models/ce", "artifacts/elsewhere"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "identity.json").write_text("{}")
    assert find_strays(graph, tmp_path) == [tmp_path / "artifacts/annotations/old"]
    mine = tmp_path / "models/mine.safetensors"
    mine.write_text("not made by a stage")
    with pytest.raises(DataError, match=r"mine\.safetensors: no stage makes this"):
        remove_strays(graph, tmp_path)
    assert (tmp_path / "artifacts/annotations/old").exists(), "nothing is removed where something is not ours"
    mine.unlink()
    assert remove_strays(graph, tmp_path) == [tmp_path / "artifacts/annotations/old"]
    assert find_strays(graph, tmp_path) == []


def test_what_is_left_of_a_product_that_became_a_folder_of_products(tmp_path: Path) -> None:
    bases = [node("base@new", out="models/base/new"), node("report", "base@new", deps=("models",))]
    graph = Graph(bases)
    for name in (
        "models/base/new/identity.json",
        "models/base/identity.json",
        "models/base/step-1/w",
        "models/base/w",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    old = [tmp_path / "models/base" / name for name in ("identity.json", "step-1", "w")]
    assert remove_strays(graph, tmp_path) == old == sorted(old)
    assert (tmp_path / "models/base/new/identity.json").is_file() and not any(path.exists() for path in old)
