"""What each family says, against the library: tokens, positions, frames, the two vision halves."""

import numpy as np
import pytest
import torch

from components.core.errors import DataError, InternalError, UsageError
from components.model.adapter import load
from components.model.families.registry import FAMILIES, find_family
from components.model.freeze import PARTS, freeze, part_of
from components.model.positions import text_positions
from components.model.tiny import new_adapter
from components.protocol.states import State
from components.protocol.turns import FRAME, Dialogue, Turn
from tests.support.library import interleaved, library_logits, our_logits
from tests.unit.model.conftest import TEXTS


@pytest.fixture(scope="module", params=FAMILIES)
def any_adapter(request):
    return new_adapter(TEXTS, 0, family=request.param, states=True)


def test_an_unknown_family_is_named_with_those_that_are_known():
    with pytest.raises(
        DataError, match=r"x/config.json: model_type 'llava', .* qwen2_5_vl, qwen3_vl, internvl"
    ):
        find_family("llava", "x/config.json")


def test_about_a_million_parameters(any_adapter):
    assert 0.9e6 < sum(value.numel() for value in any_adapter.model.parameters()) < 1.25e6


@pytest.mark.parametrize("size", [(56, 56), (168, 336)])
def test_explicit_positions_and_halves_give_the_librarys_logits(any_adapter, size):
    """168 x 336 pixels are several attention windows of Qwen2.5-VL; InternVL makes one tile of any frame."""
    parts, pixels, grids = interleaved(any_adapter, size=size)
    ids = [token for part in parts for token in part]
    theirs = library_logits(any_adapter.model, torch.tensor([ids]), pixels, grids)
    torch.testing.assert_close(our_logits(any_adapter, ids, pixels, grids), theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["qwen2_5_vl", "qwen3_vl"])
@pytest.mark.parametrize("grids", [[(1, 4, 4)] * 3, [(1, 4, 8), (1, 8, 4)], [(1, 16, 28), (1, 2, 2)]])
def test_qwen_positions_equal_the_librarys(name, grids):
    adapter = new_adapter(TEXTS, 0, family=name)
    layout, ids = adapter.layout, [5, 6]
    for count in adapter.n_visual(grids):
        ids += [7, *layout.image(count), 8]
    kinds = torch.tensor([[int(token == layout.image_pad) for token in ids]])
    expected, _ = adapter.model.model.get_rope_index(
        torch.tensor([ids]), mm_token_type_ids=kinds, image_grid_thw=torch.tensor(grids)
    )
    assert torch.equal(adapter.positions(ids, grids)[0], expected[:, 0])


def test_1d_positions_continue_and_count_image_tokens():
    rows, after = text_positions([1, 9, 9, 2], [(1, 2, 4)], image_token=9, merge=2, start=10)
    assert rows.tolist() == [[10, 11, 12, 13]] * 3 and after == 14
    with pytest.raises(InternalError, match="1 image tokens"):
        text_positions([1, 9], [(1, 2, 4)], image_token=9, merge=2)


def test_a_turn_equals_the_rendered_chat_template(any_adapter):
    """Our ids spell what the template writes, an image in it expanded as the family's processor does."""
    turn = Turn(0, ("what color?",), State.RESPONSE, "red")
    dialogue = Dialogue("s", "train/a.mp4", "tsqa", "world", 1.0, [turn])
    messages = [{**message, "content": as_parts(message["content"])} for message in dialogue.messages()]
    text = any_adapter.tokenizer.apply_chat_template(messages, tokenize=False)
    marks = any_adapter.family.marks
    image = f"{marks.start}{marks.pad * 4}{marks.end}{marks.gap}"
    assert marks.template in text
    ids = [*any_adapter.turn_ids(turn.questions, 0, 0, [4]), *any_adapter.answer_ids(turn.state, turn.text)]
    assert any_adapter.decode([*ids, *any_adapter.layout.tail]) == text.replace(marks.template, image)


def as_parts(content):
    """A message's text with its frame marks as the typed parts the templates take."""
    pieces = content.split(FRAME)
    parts = [{"type": "text", "text": pieces[0]}]
    for piece in pieces[1:]:
        parts += [{"type": "image"}, *([{"type": "text", "text": piece}] if piece else [])]
    return parts


def test_deepstack_levels_lie_side_by_side_and_reach_the_layers():
    adapter = new_adapter(TEXTS, 0, family="qwen3_vl", states=True)
    parts, pixels, grids = interleaved(adapter)
    features = adapter.features(pixels, grids)
    assert features.shape == (12, 2 * 4 * 64)
    rows = adapter.family.connect(adapter.model, features)
    theirs = adapter.model.model.visual(pixels, grid_thw=torch.tensor(grids))
    assert len(rows) == 2 and torch.equal(rows[0], theirs.pooler_output)
    assert torch.equal(rows[1], theirs.deepstack_features[0])
    ids = [token for part in parts for token in part]
    whole = our_logits(adapter, ids, pixels, grids)
    with torch.no_grad():
        adapter.model.model.visual.deepstack_merger_list[0].linear_fc2.weight.zero_()
        adapter.model.model.visual.deepstack_merger_list[0].linear_fc2.bias.zero_()
    assert (our_logits(adapter, ids, pixels, grids) - whole).abs().max() > 1e-3


def test_internvl_makes_one_tile_without_thumbnail_of_any_frame():
    adapter = new_adapter(TEXTS, 0, family="internvl")
    frames = [np.zeros(size, np.uint8) for size in ((56, 56, 3), (360, 640, 3), (20, 300, 3))]
    pixels, grids = adapter.encode_frame(frames)
    assert (
        pixels.shape == (3, 3, 56, 56) and grids == [(1, 4, 4)] * 3 and adapter.n_visual(grids) == [4, 4, 4]
    )


def test_internvl_refuses_another_feature_layer():
    adapter = new_adapter(TEXTS, 0, family="internvl")
    adapter.model.config.vision_feature_layer = -2
    with pytest.raises(DataError, match="vision_feature_layer"):
        adapter.features(*adapter.encode_frame([np.zeros((56, 56, 3), np.uint8)]))


@pytest.mark.parametrize("parts", [["vision"], ["vision", "connector"], ["vision", "language"], []])
def test_freezing_by_part(any_adapter, parts):
    trained = freeze(any_adapter.model, parts)
    named = dict(any_adapter.model.named_parameters())
    found = {part: {name for name in named if part_of(any_adapter.family, name) == part} for part in PARTS}
    assert all(found.values()) and sum(map(len, found.values())) == len(named)
    assert set(trained) == set().union(*(found[part] for part in PARTS if part not in parts))
    assert not any("merger" in name or "projector" in name for name in found["vision"] | found["language"])


def test_a_wrong_part_or_nothing_to_train_is_refused(any_adapter):
    for parts in (["tower"], list(PARTS)):
        with pytest.raises(UsageError, match="expected some, not all, of vision, connector, language"):
            freeze(any_adapter.model, parts)


def test_an_ordinary_token_in_the_place_of_a_special_one_is_refused(tmp_path, any_adapter):
    """A text could spell it, and its tokens would pass for a frame's."""
    any_adapter.save(tmp_path)
    path, mark = tmp_path / "tokenizer.json", any_adapter.family.marks.pad
    before = f'"content": "{mark}",\n      "single_word": false,\n      "lstrip": false,\n'
    text = path.read_text()
    start = text.index(before)
    at = text.index('"special": true', start)
    path.write_text(text[:at] + '"special": false' + text[at + len('"special": true') :])
    with pytest.raises(DataError, match="is an ordinary token"):
        load(tmp_path)
