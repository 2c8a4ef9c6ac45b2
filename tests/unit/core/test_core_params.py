"""params.yaml has one reader, and inside a stage it refuses undeclared keys."""

from pathlib import Path

import pytest

from components.core.errors import InternalError, UsageError
from components.core.params import allowed, declared_keys, declared_values, get, load_all

PARAMS = """
seed: 3
train: {lr: 0.1, ce: {gamma: 0}, focal: {gamma: 2}}
base: {kind: tiny, empty: {}}
"""
DAG = """
stages:
  train:
    matrix: {loss: [ce, focal]}
    cmd: exec true
    params: [seed, train.lr, "train.${item.loss}"]
  base:
    cmd: exec true
    params: [base]
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DVC_STAGE", raising=False)
    (tmp_path / "params.yaml").write_text(PARAMS)
    (tmp_path / "dvc.yaml").write_text(DAG)
    return tmp_path


def test_get_outside_a_stage_reads_any_key(root: Path) -> None:
    assert get("train.focal.gamma", root) == 2
    assert get("base", root) == {"kind": "tiny", "empty": {}}


def test_unknown_keys_are_named(root: Path) -> None:
    with pytest.raises(UsageError, match=r"no key 'train\.rl' \(looked for 'rl'\)"):
        get("train.rl", root)
    with pytest.raises(UsageError, match="looked for 'deeper'"):
        get("seed.deeper", root)


def test_a_stage_reads_what_it_declares_and_nothing_else(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_STAGE", "train@focal")
    assert get("train.lr", root) == 0.1
    assert get("train.focal.gamma", root) == 2
    with pytest.raises(InternalError, match=r"'train@focal' reads params key 'base\.kind' without declaring"):
        get("base.kind", root)
    with pytest.raises(InternalError, match="without declaring"):
        get("train", root)
    monkeypatch.setenv("DVC_STAGE", "base")
    assert get("base.kind", root) == "tiny"


def test_stage_that_is_not_in_the_dag(root: Path) -> None:
    with pytest.raises(InternalError, match=r"'trian@x' is not in dvc\.yaml"):
        declared_keys("trian@x", root)


def test_declared_values_for_the_receipt(root: Path) -> None:
    assert declared_values("train@focal", root) == {
        "seed": 3,
        "train.ce.gamma": 0,
        "train.focal.gamma": 2,
        "train.lr": 0.1,
    }
    assert declared_values("base", root) == {"base.empty": {}, "base.kind": "tiny"}


@pytest.mark.parametrize(
    ("key", "declared", "expected"),
    [
        ("a.b.c", ["a.b"], True),
        ("a.b", ["a.b.c"], False),
        ("ab", ["a"], False),
        ("a.x.c", ["a.*.c"], True),
        ("a.x.d", ["a.*.c"], False),
        ("a", [], False),
    ],
)
def test_allowed_is_by_whole_parts(key: str, declared: list[str], expected: bool) -> None:
    assert allowed(key, declared) is expected


def test_missing_or_odd_params_file_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no params\.yaml here"):
        load_all(tmp_path)
    (tmp_path / "params.yaml").write_text("- a list\n")
    with pytest.raises(UsageError, match="expected a mapping"):
        load_all(tmp_path)
