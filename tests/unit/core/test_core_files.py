"""Files and folders appear whole or not at all."""

from pathlib import Path

import pytest

from components.core.errors import DataError
from components.core.files import dumps, new_dir, read_json, write_bytes, write_json


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_json_is_the_same_for_any_order_of_keys_and_keeps_letters() -> None:
    assert dumps({"b": 1, "a": ["é"]}) == dumps({"a": ["é"], "b": 1})
    assert "é" in dumps("é")
    assert dumps({"b": 1, "a": 2}, indent=None) == '{"a": 2, "b": 1}\n'


def test_json_refuses_what_other_readers_cannot_read() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(float("nan"))


def test_read_json_names_the_file_and_the_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"x\.json: no such file"):
        read_json(tmp_path / "x.json")
    (tmp_path / "y.json").write_text('{"a": 1,\n oops}')
    with pytest.raises(DataError, match=r"y\.json: not valid JSON .*line 2"):
        read_json(tmp_path / "y.json")
    (tmp_path / "z.json").write_bytes(b'"\xff"')
    with pytest.raises(DataError, match=r"z\.json: not valid JSON"):
        read_json(tmp_path / "z.json")


def test_write_makes_parents_replaces_whole_and_is_readable_by_all(tmp_path: Path) -> None:
    path = tmp_path / "a/b/c.json"
    write_json(path, {"old": True})
    before = path.stat().st_ino
    write_json(path, {"new": True})
    assert read_json(path) == {"new": True}
    assert path.stat().st_ino != before, "a reader that has the old file open keeps the old bytes"
    assert path.stat().st_mode & 0o777 == 0o644
    assert names(path.parent) == ["c.json"]


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")
    with pytest.raises(TypeError):
        write_bytes(path, "text is not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_new_dir_publishes_at_the_end_and_replaces_the_old_one(tmp_path: Path) -> None:
    final = tmp_path / "out/product"
    for content in ("first", "second"):
        with new_dir(final) as scratch:
            (scratch / content).write_text(content)
            assert not (final / content).exists()
    assert names(final) == ["second"]
    assert names(final.parent) == ["product"]


def test_new_dir_keeps_the_old_product_when_the_block_raises(tmp_path: Path) -> None:
    final = tmp_path / "product"
    with new_dir(final) as scratch:
        (scratch / "good").touch()
    with pytest.raises(KeyboardInterrupt), new_dir(final) as scratch:
        (scratch / "half").touch()
        raise KeyboardInterrupt
    assert names(final) == ["good"]
    assert names(tmp_path) == ["product"]


def test_scratch_root_keeps_the_parent_folder_clean_all_along(tmp_path: Path) -> None:
    final = tmp_path / "products/one"
    for _ in range(2):
        with new_dir(final, scratch_root=tmp_path / "scratch") as scratch:
            (scratch / "x").touch()
            listed = names(final.parent) if final.parent.exists() else []
            assert listed in ([], ["one"]), "a later stage hashes this folder"
    assert names(tmp_path / "scratch") == []
