"""Folders as the hub has them (sharded, real keys) load by the one path and give the library's logits."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from components.core.errors import DataError
from components.core.files import write_json
from components.core.hashing import sha256_file, sha256_tree
from components.model.adapter import load
from components.model.layout import trusted_ids
from components.model.states import add_states
from components.model.store import resolve
from components.protocol.states import STATES, State
from components.protocol.turns import FRAME, Dialogue, Turn
from tests.support.library import interleaved, library_logits, our_logits
from tests.support.real_folders import SHAPES, write_real

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(
    scope="module", params=SHAPES, ids=lambda shape: f"{shape.family}-{'' if shape.tied else 'un'}tied"
)
def real(request, tmp_path_factory):
    return write_real(tmp_path_factory.mktemp("real") / request.param.family, request.param), request.param


@pytest.fixture
def adapter(real):
    """Loaded afresh for each test, which may change it."""
    return load(real[0])


def test_the_folders_are_as_published(real):
    folder, shape = real
    index = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
    assert len(set(index.values())) > 1 and not (folder / "model.safetensors").exists()
    published = {
        "qwen2_5_vl": "visual.merger.ln_q.weight",
        "qwen3_vl": "model.visual.deepstack_merger_list.1.norm.weight",
        "internvl": "language_model.model.embed_tokens.weight",
    }
    assert published[shape.family] in index
    assert ("lm_head.weight" in index or "language_model.lm_head.weight" in index) is not shape.tied


def test_logits_equal_the_librarys_and_the_matrices_are_tied_as_said(real, adapter):
    _, shape = real
    add_states(adapter.model, adapter.tokenizer, 0)
    parts, pixels, grids = interleaved(adapter, size=(112, 168))
    ids = [token for part in parts for token in part]
    theirs = library_logits(adapter.model, torch.tensor([ids]), pixels, grids)
    torch.testing.assert_close(our_logits(adapter, ids, pixels, grids), theirs, atol=1e-6, rtol=0)
    inputs, outputs = (
        adapter.model.get_input_embeddings().weight,
        adapter.model.get_output_embeddings().weight,
    )
    assert (inputs is outputs) is shape.tied


def test_frames_keep_to_the_papers_limits_whatever_the_folder_allows(real, adapter):
    """Dynamic resolution: 3,136 to 100,352 pixels of at most 128 tokens; InternVL: one tile of 256 tokens."""
    family = real[1].family
    frames = [np.zeros(size, np.uint8) for size in ((1080, 1920, 3), (20, 24, 3), (720, 300, 3))]
    counts = adapter.n_visual(adapter.encode_frame(frames)[1])
    side = {"qwen2_5_vl": 28, "qwen3_vl": 32}.get(family)
    if side is None:
        assert counts == [256] * 3
    else:
        assert all(3136 <= count * side**2 <= 100352 for count in counts)
        assert counts[1] == min(counts) < 8 and counts[0] > 0.9 * 100352 / side**2 - 8


def test_a_turn_is_what_template_and_processor_of_the_library_write(adapter):
    add_states(adapter.model, adapter.tokenizer, 0)
    dialogue = Dialogue(
        "s", "a.mp4", "tsqa", "world", 1.0, [Turn(0, ("what color?",), State.RESPONSE, "red")]
    )
    _, grids = adapter.encode_frame([np.zeros((112, 168, 3), np.uint8)])
    messages = []
    for message in dialogue.messages():
        before, *after = message["content"].split(FRAME)
        images = [{"type": "image"}] * len(after)
        messages.append(message | {"content": [{"type": "text", "text": before}, *images]})
    text = adapter.tokenizer.apply_chat_template(messages, tokenize=False)
    text = text.replace(adapter.family.marks.pad, expanded(adapter, grids))
    ids = adapter.turn_ids(("what color?",), 0, 0, adapter.n_visual(grids))
    ids += [*adapter.answer_ids(State.RESPONSE, "red"), *adapter.layout.tail]
    assert trusted_ids(adapter.tokenizer, text) == ids


def expanded(adapter, grids):
    """What the library's processor puts in place of a placeholder; whole, it would need torchvision."""
    from transformers import InternVLProcessor, Qwen2_5_VLProcessor, Qwen3VLProcessor

    if adapter.family.name == "internvl":
        own = SimpleNamespace(
            start_image_token="<img>", image_token="<IMG_CONTEXT>", end_image_token="</img>",
            image_seq_length=adapter.model.config.image_seq_length,
        )  # fmt: skip
        return InternVLProcessor.replace_image_token(own, {"num_patches": [1]}, 0)
    own = SimpleNamespace(image_processor=adapter.image_processor, image_token="<|image_pad|>")
    processor = Qwen2_5_VLProcessor if adapter.family.name == "qwen2_5_vl" else Qwen3VLProcessor
    return processor.replace_image_token(own, {"image_grid_thw": torch.tensor(grids)}, 0)


def test_state_tokens_are_single_and_nothing_that_was_there_changes(real, adapter):
    shape, model, tokenizer = real[1], adapter.model, adapter.tokenizer
    matrices = [model.get_input_embeddings().weight, model.get_output_embeddings().weight]
    before, known = [matrix.detach().clone() for matrix in matrices], len(tokenizer)
    special = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    ids = add_states(model, tokenizer, 0)
    assert ids == (known, known + 1, known + 2) and adapter.state_ids == ids
    rows = shape.rows or known + 3
    after = [model.get_input_embeddings().weight, model.get_output_embeddings().weight]
    for old, new in zip(before, after, strict=True):
        kept = [row for row in range(len(old)) if row not in ids]
        assert len(new) == rows and torch.equal(new[kept], old[kept])
        assert len({tuple(row) for row in new[list(ids)].tolist()}) == 3
    assert model.config.get_text_config().vocab_size == rows
    now = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    assert now == special | {state.value for state in STATES}
    assert trusted_ids(tokenizer, "a</Silence></Response>")[-2:] == [ids[0], ids[2]]


def test_saved_and_loaded_again_it_is_the_same(real, adapter, tmp_path):
    add_states(adapter.model, adapter.tokenizer, 0)
    adapter.save(tmp_path)
    again = load(tmp_path)
    left, right = adapter.model.state_dict(), again.model.state_dict()
    assert left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)
    assert again.state_ids == adapter.state_ids and again.model.config.tie_word_embeddings is real[1].tied
    again.save(tmp_path / "twice")
    assert sha256_tree(tmp_path / "twice") == {
        name: value for name, value in sha256_tree(tmp_path).items() if "twice" not in name
    }


def test_untied_weights_win_over_a_configuration_that_leaves_tying_to_its_default(tmp_path):
    """InternVL3's folders do not say it at the top, and the library's default is tied."""
    shape = SHAPES[-1]
    folder = write_real(tmp_path / "internvl", shape)
    config = json.loads((folder / "config.json").read_text())
    del config["tie_word_embeddings"]
    (folder / "config.json").write_text(json.dumps(config))
    adapter = load(folder)
    assert adapter.model.get_output_embeddings().weight is not adapter.model.get_input_embeddings().weight
    adapter.save(tmp_path / "saved")
    again = load(tmp_path / "saved")
    assert torch.equal(again.model.lm_head.weight, adapter.model.lm_head.weight)
    assert json.loads((tmp_path / "saved/config.json").read_text())["tie_word_embeddings"] is False


def test_a_reference_verifies_every_shard(real, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(real[0], copy)
    write_json(
        tmp_path / "ref/reference.json",
        {"repository": str(copy), "revision": None, "files": sha256_tree(copy)},
    )
    assert load(tmp_path / "ref").family.name == real[1].family
    shard = sorted(copy.glob("model-*.safetensors"))[1]
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    shard.write_bytes(bytes(data))
    with pytest.raises(DataError, match=rf"{shard.name}: SHA-256 differs"):
        load(tmp_path / "ref")


def test_a_pinned_hub_id_is_read_from_the_hubs_own_cache(real, tmp_path, monkeypatch):
    """Offline: the snapshot of the pinned commit, as the hub's client lays it out."""
    from huggingface_hub import constants

    snapshot = tmp_path / "models--Org--Name" / "snapshots" / COMMIT
    shutil.copytree(real[0], snapshot)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    found = resolve("Org/Name", COMMIT)
    assert sha256_file(found / "config.json") == sha256_file(real[0] / "config.json")
    assert load("Org/Name", revision=COMMIT).family.name == real[1].family
