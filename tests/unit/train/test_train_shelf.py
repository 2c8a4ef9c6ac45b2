"""Checkpoints on disk: they exist by their receipt alone, and a byte that it does not verify is not read."""

import os
from pathlib import Path

import pytest

from components.core.errors import DataError
from components.train.shelf import Shelf

ABOUT = {"torch": "2", "deepspeed": "0.19"}


def put(shelf: Shelf, step: int) -> Path:
    folder = shelf.new(step)
    (folder / "deepspeed").mkdir()
    (folder / "deepspeed/model.pt").write_bytes(bytes([step]) * 1000)
    (folder / "state.json").write_text("{}")
    shelf.finish(step, ranks=2, zero_stage=1)
    return shelf.root / f"step-{step:07d}"


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path, 2, ABOUT)


def test_the_newest_of_a_bounded_number_is_found(shelf):
    assert shelf.newest() is None
    for step in (2, 4, 6):
        put(shelf, step)
    saved = shelf.newest()
    assert (saved.step, saved.ranks, saved.zero_stage) == (6, 2, 1)
    assert saved.folder == shelf.root / "step-0000006"
    assert sorted(path.name for path in shelf.root.glob("step-*")) == ["step-0000004", "step-0000006"]


def test_what_has_no_receipt_never_was_a_checkpoint(shelf):
    put(shelf, 2)
    (shelf.new(4) / "half").write_text("x")
    put(shelf, 6)
    (shelf.receipts / "step-0000006.json").unlink()  # killed between the rename and the receipt
    assert shelf.newest().step == 2
    assert sorted(path.name for path in shelf.root.iterdir()) == ["receipts", "step-0000002"]


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda f: os.truncate(f / "deepspeed/model.pt", 400), "model.pt: 400 bytes instead of 1000"),
        (lambda f: (f / "deepspeed/model.pt").write_bytes(b"?" * 1000), "model.pt: altered"),
        (lambda f: (f / "deepspeed/model.pt").unlink(), "model.pt: missing"),
        (lambda f: (f / "deepspeed/evil.pt").write_bytes(b"x"), "evil.pt: not in the receipt"),
        (lambda f: (f / "state.json").write_text("[]"), "state.json: altered"),
    ],
)
def test_a_harmed_checkpoint_is_refused_by_name_and_no_older_one_taken(shelf, harm, says):
    put(shelf, 2)
    harm(put(shelf, 4))
    with pytest.raises(DataError, match=says) as refused:
        shelf.newest()
    assert f"To go on from step-0000002, remove {shelf.receipts}/step-0000004.json" in str(refused.value)
    (shelf.receipts / "step-0000004.json").unlink()  # what the message says
    assert shelf.newest().step == 2


def test_a_receipt_that_is_cut_short_is_refused(shelf):
    put(shelf, 2)
    os.truncate(shelf.receipts / "step-0000002.json", 30)
    with pytest.raises(DataError, match=r"step-0000002\.json: not valid JSON"):
        shelf.newest()


def test_a_link_is_not_a_file_of_ours(shelf, tmp_path):
    folder = put(shelf, 2)
    (folder / "state.json").unlink()
    (folder / "state.json").symlink_to("/etc/hostname")
    with pytest.raises(DataError, match="a link where"):
        shelf.newest()


def test_other_versions_do_not_read_these_pickles(shelf):
    put(shelf, 2)
    with pytest.raises(DataError, match="written by"):
        Shelf(shelf.root, 2, {**ABOUT, "deepspeed": "0.20"}).newest()


def test_kept_models_are_verified_with_it_and_later_ones_ignored(shelf):
    model = shelf.models / "step-1/model.safetensors"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"one")
    put(shelf, 2)
    (shelf.models / "step-3").mkdir()
    (shelf.models / "step-3/model.safetensors").write_bytes(b"half")
    assert shelf.newest().step == 2
    model.write_bytes(b"two")
    with pytest.raises(DataError, match=r"models/step-1/model\.safetensors: altered"):
        shelf.newest()
