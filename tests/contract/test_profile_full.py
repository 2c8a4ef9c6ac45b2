"""Profile `full`: what DVC makes of it, and that every name in it is one the code knows."""

import shutil
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo

from components.annotate.importer import TASKS
from components.cli.profile import apply_profile
from components.lineage.graph import Graph, read_graph
from components.model.families.registry import find_family
from components.train.methods import METHODS, RIVALS
from infra.ablation import ARMS

ROOT = Path(__file__).resolve().parents[2]
SUITES = {"validation", "ovo", "offline", "streamo_bench", "policies", "fps2"}
FULL = yaml.safe_load((ROOT / "profiles/full.yaml").read_text())


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """The DAG with the profile laid over params.yaml, as DVC expands it."""
    root = tmp_path_factory.mktemp("full")
    shutil.copy(ROOT / "dvc.yaml", root)
    text, _ = apply_profile((ROOT / "params.yaml").read_text(), (ROOT / "profiles/full.yaml").read_text())
    (root / "params.yaml").write_text(text)
    Repo.init(str(root), no_scm=True).close()
    return read_graph(root)


def test_two_families_seven_methods_two_seeds(graph: Graph) -> None:
    trained = [node for node in graph if node.name == "train"]
    evaluated = [node for node in graph if node.name == "evaluate"]
    assert (len(trained), len(evaluated)) == (28, 28 * 5)
    for node in trained:
        family = node.address.removeprefix("train@").split("-")[0]
        assert f"base@{family}" in node.upstream
        assert sum(other.startswith("base@") for other in node.upstream) == 1
    assert {node.outs[0] for node in graph if node.name == "base"} == {
        f"models/base/{family}" for family in FULL["families"]
    }
    assert {node.address for node in trained} <= set(graph["report"].upstream)


def test_its_names_are_known() -> None:
    assert [find_family(name, "profiles/full.yaml").name for name in FULL["families"]] == FULL["families"]
    assert set(RIVALS) < set(FULL["train"]["methods"]) <= set(METHODS)
    assert len(set(FULL["train"]["seeds"])) == 2


@pytest.mark.parametrize("name", sorted({profile for profiles in ARMS.values() for profile in profiles}))
def test_an_ablation_has_two_seeds_and_known_names(name: str) -> None:
    overlay = (ROOT / f"profiles/ablations/{name}.yaml").read_text()
    text, changes = apply_profile((ROOT / "params.yaml").read_text(), overlay)
    params = yaml.safe_load(text)
    assert changes and not [line for line in changes if "new" in line], changes
    assert len(set(params["train"]["seeds"])) == 2 and set(params["train"]["methods"]) <= set(METHODS)
    assert {"validation", "ovo"} <= set(params["evaluate"]["suites"]) <= SUITES
    assert set(params["annotate"]["tasks"]) <= set(TASKS)
