"""The tiny base learns from training labels alone, the same bytes each time; references are verified."""

import shutil
from dataclasses import replace

import pytest
import torch

from components.base.labels import read_items
from components.base.phases import Recipe, shuffle_slots
from components.base.reference import write_reference
from components.base.run import train_tiny
from components.core.errors import DataError
from components.core.files import read_json, write_json
from components.core.hashing import sha256_tree
from components.core.seeds import rng
from components.model.adapter import load
from components.model.families.registry import FAMILIES
from components.model.freeze import weights_of
from components.model.layout import foreign_ids, has_states
from components.model.reference import Reference
from tests.support.small_dataset import small_products

RECIPE = Recipe(
    frame_steps=3, frame_batch=8, frame_lr=2e-3, clip_steps=2, clip_frames=2, clip_clips=1, clip_lr=1e-3,
    cache_mb=64.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    return small_products(tmp_path_factory.mktemp("base"))


def make(products, out, recipe=RECIPE, seed=0, family="qwen2_5_vl"):
    out.mkdir(parents=True)
    options = {
        "shards": [0],
        "dataset": products.dataset,
        "manifest": products.manifest,
        "media": products.media,
    }
    train_tiny(out, annotations=products.annotations, recipe=recipe, seed=seed, family=family, **options)
    return out


def test_same_bytes_twice_and_a_loadable_model(products, tmp_path):
    first, second = make(products, tmp_path / "a"), make(products, tmp_path / "b")
    assert sha256_tree(first) == sha256_tree(second)
    adapter = load(first)
    assert not has_states(adapter.tokenizer)
    summary = read_json(first / "base.json")
    assert len(summary["losses"]["frame"]) == 3 and len(summary["losses"]["clip"]) == 2
    assert summary["vocabulary"] == len(adapter.tokenizer) < 700


def test_every_word_of_the_training_texts_is_one_token(products, tmp_path):
    adapter = load(make(products, tmp_path / "a"))
    for text in (" lamp", " amber", " jumping", "which", " yellow", " triangle", "?\n"):
        assert len(foreign_ids(adapter.tokenizer, text)) == 1, text


def test_validation_and_benchmark_videos_are_never_read(products, tmp_path):
    """With the other videos' files gone the result is the same, byte for byte."""
    split = read_json(products.dataset / "split.json")
    whole = make(products, tmp_path / "whole")
    media = tmp_path / "media"
    shutil.copytree(products.media, media)
    gone = [name for name, part in split.items() if part == "validation"]
    for name in gone:
        (media / name).unlink()
    assert gone and sha256_tree(make(replace(products, media=media), tmp_path / "less")) == sha256_tree(whole)
    kept = {item.video_id for item in read_items(products.annotations, [0], split)}
    assert kept == set(split) - set(gone)


@pytest.mark.parametrize("family", FAMILIES)
def test_memorises_a_few_frames(products, tmp_path, family):
    recipe = replace(RECIPE, frame_steps=40, frame_batch=12, clip_steps=0)
    losses = read_json(make(products, tmp_path / "a", recipe, family=family) / "base.json")["losses"]["frame"]
    assert losses[-1] < 0.5 * losses[0] and load(tmp_path / "a").family.name == family


@pytest.mark.parametrize("family", FAMILIES[1:])
def test_both_phases_of_the_other_families(products, tmp_path, family):
    """The tower is trained in the first phase and kept in the second."""
    first = make(products, tmp_path / "a", replace(RECIPE, clip_steps=0), family=family)
    both = make(products, tmp_path / "b", family=family)
    left, right = (weights_of(load(out).model, "vision") for out in (first, both))
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert not has_states(load(both).tokenizer)


def test_without_labels_a_phase_is_left_out_aloud(products, tmp_path, capsys):
    empty = tmp_path / "annotations"
    write_json(empty / "base_qa-0/labels.json", [])
    out = make(replace(products, annotations=empty), tmp_path / "a")
    assert read_json(out / "base.json")["losses"] == {"frame": [], "clip": []}
    assert "no label for the frame phase" in capsys.readouterr().err and load(out)


def test_a_broken_label_is_named(products, tmp_path):
    label = {"id": "x-1", "kind": "frame_qa", "video_path": "train/c0000.mp4", "response": []}
    write_json(tmp_path / "base_qa-0/labels.json", [label | {"question": [{"content": "q", "time": 0}]}])
    with pytest.raises(DataError, match="'x-1'"):
        read_items(tmp_path, [0], {"train/c0000.mp4": "train"})


def test_slots_are_shuffled_and_none_is_lost(products):
    items = read_items(products.annotations, [0], read_json(products.dataset / "split.json"))
    caption = next(item.asked[0] for item in items if item.kind == "frame_caption")
    orders = {shuffle_slots(caption, rng(0, n)).answer for n in range(30)}
    assert len(orders) > 10 and {tuple(sorted(order.split(" ; "))) for order in orders} == {
        tuple(sorted(caption.answer.split(" ; ")))
    }


def test_reference_names_every_file(products, tmp_path):
    folder = make(products, tmp_path / "model")
    out = tmp_path / "base"
    out.mkdir()
    counts = write_reference(out, Reference(str(folder), None), family="qwen2_5_vl")
    reference = read_json(out / "reference.json")
    assert set(reference["files"]) == {
        path.name for path in folder.iterdir() if path.suffix in (".json", ".safetensors", ".jinja")
    }
    assert counts["files"] == len(reference["files"]) and load(out).model.config.model_type == "qwen2_5_vl"


def test_reference_needs_weights(tmp_path):
    write_json(tmp_path / "model/config.json", {})
    with pytest.raises(DataError, match="safetensors"):
        write_reference(tmp_path, Reference(str(tmp_path / "model"), None), family="qwen2_5_vl")


def test_a_reference_of_another_family_is_refused(tmp_path):
    from components.model.tiny import build_tiny

    folder = build_tiny(tmp_path / "model", ["one"], 0, family="internvl", states=False)
    with pytest.raises(DataError, match="model_type 'internvl', expected 'qwen3_vl'"):
        write_reference(tmp_path, Reference(str(folder), None), family="qwen3_vl")
