"""Forward, disk and state rows of the adapter against the library's own path."""

import shutil

import numpy as np
import pytest
import torch

from components.core.errors import DataError, UsageError
from components.core.files import write_json
from components.core.hashing import sha256_file, sha256_tree
from components.model.adapter import load
from components.model.layout import has_states
from components.model.states import add_states
from components.model.store import resolve
from components.model.tiny import build_tiny
from components.protocol.states import State


def stream(adapter, size=(56, 56), turns=3):
    """Token ids, pixels and grids of a short stream of random frames."""
    generator = np.random.default_rng(1)
    images = [generator.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(turns)]
    pixels, grids = adapter.encode_frame(images)
    parts, previous = [], None
    for turn, count in enumerate(adapter.n_visual(grids)):
        parts.append(adapter.turn_ids([], turn, 0, [count], previous=previous))
        previous = adapter.answer_ids(State.SILENCE, None)
    return parts, pixels, grids


@pytest.mark.parametrize("size", [(56, 56), (168, 336)])
def test_forward_equals_the_library(adapter, size):
    """168 x 336 pixels are six attention windows, whose order the tower permutes and we undo."""
    parts, pixels, grids = stream(adapter, size)
    ids = torch.tensor([[token for part in parts for token in part]])
    positions, _ = adapter.positions(ids[0].tolist(), grids)
    with torch.no_grad():
        ours = adapter.logits(adapter.hidden(ids, positions[:, None], adapter.features(pixels, grids)))
        theirs = adapter.model(
            input_ids=ids, pixel_values=pixels, image_grid_thw=torch.tensor(grids),
            mm_token_type_ids=(ids == adapter.layout.image_pad).int(),
        ).logits  # fmt: skip
    torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=1e-5)


def test_cached_turns_equal_one_pass(adapter):
    from transformers import DynamicCache

    parts, pixels, grids = stream(adapter, turns=5)
    ids = [token for part in parts for token in part]
    positions, _ = adapter.positions(ids, grids)
    features = adapter.features(pixels, grids)
    with torch.no_grad():
        whole = adapter.hidden(torch.tensor([ids]), positions[:, None], features)[0]
        cache, start, done, rows = DynamicCache(config=adapter.model.config.text_config), 0, 0, []
        for turn, part in enumerate(parts):
            at, start = adapter.positions(part, [grids[turn]], start)
            rows.append(
                adapter.hidden(torch.tensor([part]), at[:, None], features[done : done + 4], cache=cache)[0]
            )
            done += 4
    torch.testing.assert_close(torch.cat(rows), whole, atol=1e-5, rtol=1e-5)


def test_embed_refuses_other_counts(adapter):
    with pytest.raises(ValueError, match="image tokens for"):
        adapter.embed(torch.tensor([[1, adapter.layout.image_pad]]), torch.zeros(2, 256))


def test_same_seed_same_bytes_and_one_weights_file(tiny_dir, tmp_path):
    texts = ["one two"]
    first, second = build_tiny(tmp_path / "a", texts, 3), build_tiny(tmp_path / "b", texts, 3)
    assert sha256_tree(first) == sha256_tree(second)
    other = build_tiny(tmp_path / "c", texts, 4)
    assert sha256_file(first / "model.safetensors") != sha256_file(other / "model.safetensors")
    assert [path.name for path in tiny_dir.glob("*.safetensors")] == ["model.safetensors"]
    assert not list(tiny_dir.glob("*.bin")) and not list(tiny_dir.glob("*.p*t"))


def test_saving_again_gives_the_same_bytes(adapter, tiny_dir, tmp_path):
    adapter.save(tmp_path / "again")
    assert sha256_tree(tmp_path / "again") == sha256_tree(tiny_dir)


def test_library_loads_the_folder_too(tiny_dir, adapter):
    from transformers import AutoConfig, AutoTokenizer

    assert AutoConfig.from_pretrained(tiny_dir).model_type == "qwen2_5_vl"
    text = "what color is the lamp? <12s-13s>"
    assert AutoTokenizer.from_pretrained(tiny_dir).encode(text) == adapter.text_ids(text)


def test_about_a_million_parameters(adapter):
    assert 0.9e6 < sum(value.numel() for value in adapter.model.parameters()) < 1.2e6


def test_state_rows_start_sensibly(tmp_path):
    base = load(build_tiny(tmp_path / "base", ["one two"], 0, states=False))
    assert not has_states(base.tokenizer)
    before = base.model.get_input_embeddings().weight.detach().clone()
    silence, standby, response = add_states(base.model, base.tokenizer, seed=0)
    after = base.model.get_input_embeddings().weight.detach()
    assert torch.equal(after[: len(before)], before) and after.shape[0] == len(before) + 3
    assert base.model.get_output_embeddings().weight is base.model.get_input_embeddings().weight
    noise = 0.3 * before.std()  # three standard deviations of the mean square
    header = before[base.layout.assistant_head[0]]
    assert (after[response] - header).pow(2).mean().sqrt() < noise
    for row in (silence, standby):
        assert (after[row] - before.mean(0)).pow(2).mean().sqrt() < noise
    assert not torch.equal(after[silence], after[standby])
    assert add_states(base.model, base.tokenizer, seed=1) == (silence, standby, response)
    assert torch.equal(base.model.get_input_embeddings().weight, after)


def test_base_without_states_says_so(tmp_path):
    base = load(build_tiny(tmp_path / "base", ["one"], 0, states=False))
    with pytest.raises(DataError, match="</Silence>"):
        _ = base.state_ids


def test_hub_id_needs_a_pinned_revision():
    for revision in (None, "main"):
        with pytest.raises(UsageError, match="pin the revision"):
            resolve("Qwen/Qwen2.5-VL-3B-Instruct", revision)


def test_reference_folder_is_verified(tiny_dir, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_dir, copy)
    files = sha256_tree(copy)
    write_json(tmp_path / "ref/reference.json", {"repository": str(copy), "revision": None, "files": files})
    assert resolve(tmp_path / "ref") == copy and load(tmp_path / "ref").state_ids
    weights = copy / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"model\.safetensors: SHA-256 differs"):
        resolve(tmp_path / "ref")


def test_another_architecture_is_refused(tmp_path):
    write_json(tmp_path / "config.json", {"model_type": "llama"})
    with pytest.raises(DataError, match="'llama', expected one of qwen2_5_vl, qwen3_vl, internvl"):
        load(tmp_path)
    with pytest.raises(DataError, match="no such model folder"):
        load(tmp_path / "nowhere")
