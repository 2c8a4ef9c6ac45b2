"""The code renders the corpus that data.dvc pins: a change of the world without a new pin is seen here."""

import shutil
from pathlib import Path

from components.core.hashing import sha256_tree
from components.lineage.tree import Ignore, dir_md5, listing
from components.lineage.verify import pinned
from components.world.corpus import generate

ROOT = Path(__file__).resolve().parents[2]


def test_the_code_renders_the_pinned_corpus(tmp_path, monkeypatch):
    shutil.copy(ROOT / "params.yaml", tmp_path / "params.yaml")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n")
    monkeypatch.chdir(tmp_path)
    generate(Path("data"))
    files = listing(Path("data"), Ignore(tmp_path))
    committed = dict(reversed(line.split("  ", 1)) for line in (ROOT / "data.md5").read_text().splitlines())
    assert {path for path in files if files[path] != committed.get(path)} == set()
    assert files.keys() == committed.keys() == sha256_tree(Path("data")).keys()
    assert dir_md5(files) == pinned(ROOT / "data.dvc")[1]
