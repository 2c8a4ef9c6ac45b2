"""The import closure by reading: packages on the way, relative and late imports, entries given as strings."""

from pathlib import Path

import pytest

from components.lineage.closure import import_closure

FILES = {
    "components/__init__.py": "",
    "components/a/__init__.py": "",
    "components/a/__main__.py": "from components.a import work\n",
    "components/a/work.py": "import numpy\nfrom . import near\ndef f():\n    import components.b.deep.leaf\n",
    "components/a/near.py": "from components.c import VALUE\nCHILD = ['-m', 'components.d.worker']\n",
    "components/b/__init__.py": "",
    "components/b/deep/__init__.py": "from ..side import x\n",
    "components/b/deep/leaf.py": "",
    "components/b/side.py": "x = 'components.nothing.here and components.e'\n",
    "components/c/__init__.py": "VALUE = 1\n",
    "components/c/unused.py": "import components.e\n",
    "components/d/__init__.py": "",
    "components/d/worker.py": "import importlib as i\ni.import_module('json')\ni.import_module(i.NAME)\n",
    "components/e/__init__.py": "",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_closure_is_exactly_what_a_run_could_load(root: Path) -> None:
    closure = import_closure("components.a", root)
    assert closure.files == sorted(set(FILES) - {"components/c/unused.py", "components/e/__init__.py"})
    assert closure.rooms == {"a", "b", "c", "d"}
    assert closure.dynamic == ["components/d/worker.py:3"]


def test_a_module_without_imports_needs_its_packages_only(root: Path) -> None:
    closure = import_closure("components.b.side", root)
    assert closure.files == ["components/__init__.py", "components/b/__init__.py", "components/b/side.py"]
    assert closure.dynamic == []
