"""Hashes of files, folders and values; generators derived from a seed and names."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from components.core.hashing import fingerprint, sha256_bytes, sha256_file, sha256_tree
from components.core.seeds import derive, py_random, rng


def test_file_and_tree_hash_every_byte(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/two").write_bytes(b"x" * 3_000_000)
    (tmp_path / "a").write_bytes(b"")
    tree = sha256_tree(tmp_path)
    assert list(tree) == ["a", "b/two"]
    assert tree["b/two"] == sha256_file(tmp_path / "b/two") == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    assert tree["a"] == sha256_bytes(b"")
    assert sha256_tree(tmp_path / "a") == {"": sha256_bytes(b"")}


def test_fingerprint_follows_values_not_order() -> None:
    assert fingerprint({"a": 1, "b": [1.5, None]}) == fingerprint({"b": [1.5, None], "a": 1})
    assert fingerprint([1, 2]) != fingerprint([2, 1])
    with pytest.raises(TypeError):
        fingerprint({1, 2})


def test_seeds_depend_on_every_name_and_not_on_the_process() -> None:
    # A fixed number: it must be the same on every machine and in every Python, or products would differ.
    assert derive(0, "world", 3) == int.from_bytes(hashlib.sha256(b"0/world/3").digest()[:8], "big") >> 1
    assert len({derive(0), derive(1), derive(0, "a"), derive(0, "b"), derive(0, "a", "b")}) == 5


def test_generators_repeat_and_differ_by_name() -> None:
    assert np.array_equal(rng(7, "x").normal(size=4), rng(7, "x").normal(size=4))
    assert not np.array_equal(rng(7, "x").normal(size=4), rng(7, "y").normal(size=4))
    assert py_random(7, "x").random() == py_random(7, "x").random() != py_random(8, "x").random()
