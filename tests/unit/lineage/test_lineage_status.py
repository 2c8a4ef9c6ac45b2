"""DVC's status in words, and the path lock it may choke on."""

from pathlib import Path

import pytest

from components.lineage.pathlock import mend_path_locks
from components.lineage.status import reasons


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([{"changed deps": {"components/train": "modified"}}], ["components/train changed"]),
        ([{"changed deps": {"data": "deleted", "x": "new"}}], ["data is missing", "x is new"]),
        (
            [{"changed deps": {"params.yaml": {"train.lr": "modified", "seed": "new"}}}],
            ["parameter train.lr changed", "parameter seed is new"],
        ),
        (
            [{"changed outs": {"models/a": "deleted"}}, "changed command"],
            ["product models/a is missing", "its command changed"],
        ),
        ([{"changed outs": {"models/a": "not in cache"}}], ["product models/a not in cache"]),
        (["always changed"], ["always changed"]),
    ],
)
def test_reasons(raw: list[object], said: list[str]) -> None:
    assert reasons(raw) == said


@pytest.mark.parametrize(
    ("content", "broken"), [('{"write": {}}', False), ("", True), ('{"write": {"/a', True)]
)
def test_only_a_broken_path_lock_is_removed(tmp_path: Path, content: str, broken: bool) -> None:
    lock = tmp_path / ".dvc/tmp/rwlock"
    assert mend_path_locks(tmp_path) is None
    lock.parent.mkdir(parents=True)
    lock.write_text(content)
    assert mend_path_locks(tmp_path) == (lock if broken else None)
    assert lock.exists() is not broken
