"""The table of rooms (docs/architecture.md): who may import whom, and no circle."""

import ast
from pathlib import Path

import pytest

from components.lineage.closure import imported

ROOT = Path(__file__).resolve().parents[2]
GROUND = {"core", "protocol", "lineage"}
MAY_ALSO_IMPORT: dict[str, set[str]] = {
    "video": set(),
    "teacher": set(),
    "world": {"video", "teacher"},
    "annotate": {"teacher", "video", "world"},
    "review": {"annotate", "video"},
    "validate": set(),
    "dataset": {"video"},
    "model": set(),
    "base": {"dataset", "model", "video"},
    "train": {"model", "dataset", "video"},
    "infer": {"model", "video"},
    "evaluate": {"infer", "model", "video", "world", "teacher"},
    "report": {"video"},
    "registry": set(),
    "audit": {"registry"},
    "monitor": {"video"},
    "serve": {"infer", "model", "video"},
}
ALLOWED = {
    "core": set(),
    "protocol": {"core"},
    "lineage": {"core", "protocol"},
    **{room: GROUND | others for room, others in MAY_ALSO_IMPORT.items()},
}
ROOMS = sorted(path.name for path in (ROOT / "components").iterdir() if (path / "__init__.py").is_file())


def commands(path: Path) -> set[tuple[str, int]]:
    """Where a file calls the command line or a flow as a child process (`-m`): a contract, no import."""
    spelled = {
        (node.value, node.lineno)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    public = {(name, line) for name, line in spelled if name == "components.cli" or name.startswith("flows.")}
    return public | {(f"{name}.__main__", line) for name, line in public}


def arrows(folder: str) -> dict[str, set[str]]:
    """Room -> the files below `folder` (relative to the root) that import it."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        here = path.relative_to(ROOT).as_posix()
        called = commands(path)
        for name, line in imported(here, ROOT):
            if (name, line) in called:
                continue
            parts = (name or "").split(".")
            if parts[0] == "flows" and not here.startswith("flows/"):
                found.setdefault("flows", set()).add(here)
            elif parts[0] == "components" and len(parts) > 1 and parts[1] in ROOMS:
                found.setdefault(parts[1], set()).add(here)
    return found


def test_every_room_is_in_the_table() -> None:
    assert set(ROOMS) - {"cli"} <= set(ALLOWED)


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "cli"])
def test_room_imports_only_what_the_table_allows(room: str) -> None:
    beyond = {other: sorted(files) for other, files in arrows(f"components/{room}").items() if other != room}
    assert {other: files for other, files in beyond.items() if other not in ALLOWED[room]} == {}


def test_flows_import_core_and_lineage_only() -> None:
    assert set(arrows("flows")) == {"core", "lineage"}


def test_cli_imports_no_flow() -> None:
    assert "flows" not in arrows("components/cli")


def test_arrows_make_no_circle() -> None:
    graph = {room: set(arrows(f"components/{room}")) - {room} for room in ROOMS}
    while graph:
        leaves = {room for room, others in graph.items() if not others & set(graph)}
        assert leaves, f"a circle among {sorted(graph)}"
        graph = {room: others for room, others in graph.items() if room not in leaves}


def test_the_check_sees_a_planted_arrow(tmp_path: Path) -> None:
    (tmp_path / "components/core").mkdir(parents=True)
    (tmp_path / "components/core/x.py").write_text("def f():\n    from components.train import loop\n")
    assert ("components.train.loop", 2) in list(imported("components/core/x.py", tmp_path))
