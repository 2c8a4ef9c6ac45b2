"""dvc.yaml says the truth: each stage's imports lie in its dependencies, what it reads is declared."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.core.params import allowed, declared_keys, load_all
from components.lineage.closure import import_closure, module_files

ROOT = Path(__file__).resolve().parents[2]
STAGES: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
ENTRY = re.compile(r"^exec python -m (components\.[a-z_.]+)( |$)")


def entry(stage: str) -> str:
    match = ENTRY.match(STAGES[stage]["cmd"])
    assert match, f"{stage}: a command begins with `exec python -m components.<room>`"
    return match[1]


def entry_file(stage: str) -> str:
    """The file that `-m` runs: the package's `__main__`, or the module itself."""
    files = module_files(f"{entry(stage)}.__main__", ROOT)
    assert files[-1].endswith("__main__.py") or not files[-1].endswith("__init__.py"), (
        f"{entry(stage)} cannot be run"
    )
    return files[-1]


def code_deps(stage: str) -> list[str]:
    return [dep for dep in STAGES[stage]["deps"] if dep.startswith("components/")]


@pytest.mark.parametrize("stage", STAGES)
def test_import_closure_lies_inside_the_dependencies(stage: str) -> None:
    closure = import_closure(entry(stage), ROOT)
    assert entry_file(stage) in closure.files
    outside = [
        f for f in closure.files if not any(f == dep or f.startswith(f"{dep}/") for dep in code_deps(stage))
    ]
    assert outside == []
    assert closure.dynamic == [], "an import by a computed name cannot be checked"


@pytest.mark.parametrize("stage", STAGES)
def test_no_room_is_a_dependency_for_nothing(stage: str) -> None:
    rooms = {dep.split("/")[1] for dep in code_deps(stage) if not dep.endswith(".py")}
    assert rooms - import_closure(entry(stage), ROOT).rooms == set()


@pytest.mark.parametrize("stage", STAGES)
def test_parameters_spelled_in_the_entry_are_declared(stage: str) -> None:
    tree = ast.parse((ROOT / entry_file(stage)).read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    read = {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "param"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    assert [key for key in sorted(read) if not allowed(str(key), declared_keys(stage, ROOT))] == []


@pytest.mark.parametrize("stage", STAGES)
def test_declared_parameters_exist(stage: str) -> None:
    for key in STAGES[stage]["params"]:
        value: Any = load_all(ROOT)
        for part in key.split("."):
            assert part in value, f"{stage} declares {key}, which params.yaml does not have"
            value = value[part]


@pytest.mark.parametrize("section", ["endpoints", "frames", "registry", "retrain", "shared"])
def test_no_stage_declares_what_says_only_where_and_how_it_runs(section: str) -> None:
    assert section in load_all(ROOT)
    assert [stage for stage in STAGES if allowed(section, declared_keys(stage, ROOT))] == []


@pytest.mark.parametrize("stage", STAGES)
def test_shape_of_a_stage(stage: str) -> None:
    spec = {key: value for key, value in STAGES[stage].items() if key != "matrix"}
    assert "seed" in spec["params"]
    assert len(spec["outs"]) == 1
    interpolations = re.findall(r"\$\{([^}]*)\}", yaml.safe_dump(spec))
    assert all(name.startswith("item.") for name in interpolations), interpolations
    assert "data" not in spec["outs"]


def test_readme_files_are_no_dependencies_but_cards_in_products_are() -> None:
    rules = (ROOT / ".dvcignore").read_text().splitlines()
    assert "/components/**/*.md" in rules
    assert "__pycache__" in rules
    assert "*.md" not in rules
