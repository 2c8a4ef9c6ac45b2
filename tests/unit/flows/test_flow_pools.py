"""Which stages run elsewhere, and what is wrong with a file that says so."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.core.errors import UsageError
from components.lineage.graph import Graph, Node, read_graph
from flows.pools import FILE, Pool, asked_pools, read_pools, route, select

ROOT = Path(__file__).resolve().parents[3]
GOOD: dict[str, Any] = {"type": "process", "stages": ["train"], "lost_after_s": 60, "start_after_s": 600}


def node(address: str, *, source: bool = False) -> Node:
    return Node(address, source, (), (), ())


GRAPH = Graph([node("data.dvc", source=True), node("dataset"), node("train@ce-0"), node("train@focal-0")])


def pool(name: str, *stages: str) -> Pool:
    return Pool(name, "process", stages, 60.0, 600.0)


def write(path: Path, **changes: object) -> Path:
    path.write_text(yaml.safe_dump({"pools": {"gpu": {**GOOD, **changes}}}))
    return path


def test_every_stage_of_a_name_goes_to_its_pool() -> None:
    assert route(GRAPH, [pool("gpu", "train")]) == {
        "train@ce-0": pool("gpu", "train"),
        "train@focal-0": pool("gpu", "train"),
    }


def test_an_unknown_stage_is_named() -> None:
    with pytest.raises(UsageError, match=r"pools\.gpu names stage 'trian', which dvc\.yaml has not"):
        route(GRAPH, [pool("gpu", "trian")])


def test_a_stage_in_two_pools_is_named() -> None:
    with pytest.raises(UsageError, match="stage train is in two pools, a and b"):
        route(GRAPH, [pool("a", "train"), pool("b", "train")])


def test_a_pinned_source_goes_nowhere() -> None:
    with pytest.raises(UsageError, match=r"data\.dvc"):
        route(GRAPH, [pool("gpu", "data.dvc")])


def test_the_file_of_this_checkout_fits_its_dag() -> None:
    graph, pools = read_graph(ROOT), read_pools(ROOT / FILE)

    def stages(asked: str) -> set[str]:
        return {address.partition("@")[0] for address in route(graph, select(pools, asked))}

    assert stages("on") == {"train", "evaluate", "annotate", "ground"}
    assert stages("gpu") == {"train", "evaluate"}
    assert stages("labels") == {"annotate", "ground"}


def test_a_file_is_read(tmp_path: Path) -> None:
    assert read_pools(write(tmp_path / "pools.yaml")) == [pool("gpu", "train")]
    (found,) = read_pools(write(tmp_path / "pools.yaml", on_demand=True))
    assert found.on_demand and found.at_once == 1
    (found,) = read_pools(write(tmp_path / "pools.yaml", at_once=None))
    assert found.at_once is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lost_after": 3}, "expected the keys"),
        ({"lost_after_s": 0}, "positive seconds"),
        ({"start_after_s": True}, "positive seconds"),
        ({"lost_after_s": "60"}, "positive seconds"),
        ({"stages": "train"}, r"pools\.gpu\.stages: expected a list"),
        ({"on_demand": "no"}, r"on_demand: expected true or false"),
        ({"at_once": 0}, r"at_once: expected a whole number from 1 on, or null"),
        ({"at_once": True}, r"at_once: expected a whole number"),
    ],
)
def test_a_wrong_file_is_said(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_pools(write(tmp_path / "pools.yaml", **changes))


@pytest.mark.parametrize("content", ["pools: [gpu]", "[]", "pools: {gpu: 3}", "pools: {"])
def test_what_is_no_such_file_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "pools.yaml").write_text(content)
    with pytest.raises(UsageError, match=r"pools\.yaml"):
        read_pools(tmp_path / "pools.yaml")


def test_pools_are_off_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STREAMO_POOLS", raising=False)
    assert not asked_pools()
    assert asked_pools(True) == "on"
    monkeypatch.setenv("STREAMO_POOLS", "off")
    assert not asked_pools()
    monkeypatch.setenv("STREAMO_POOLS", "gpu,labels")
    assert asked_pools() == asked_pools(False) == "gpu,labels"
    assert asked_pools("labels") == "labels"


def test_pools_are_chosen_by_name() -> None:
    pools = [pool("gpu", "train"), pool("labels", "annotate")]
    assert select(pools, "") == []
    assert select(pools, "on") == pools
    assert select(pools, "labels") == pools[1:]
    assert select(pools, "labels, gpu,labels") == [pools[1], pools[0]]
    for wrong in ("yes", "gpu,", "gpu labels"):
        with pytest.raises(UsageError, match=r"has no pool .*; expected off, on .* names of gpu, labels"):
            select(pools, wrong)
