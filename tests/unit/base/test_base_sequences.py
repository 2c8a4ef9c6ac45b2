"""Offline questions in the layout of streams: what is asked where, and which tokens are supervised."""

import pytest

from components.base.labels import Asked
from components.base.sequences import clip_sequence, frame_sequence
from components.model.encode import IGNORE

GRID = (1, 4, 4)
PADS = "<|image_pad|>" * 4
ASKED = (Asked(1, "which colour?", "red"), Asked(2, "where?", "left"), Asked(2, "how many?", "3"))


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    from components.model.adapter import load
    from components.model.tiny import build_tiny

    return load(build_tiny(tmp_path_factory.mktemp("m") / "tiny", ["which colour? red"], 0, states=False))


def supervised(adapter, tokens):
    return adapter.decode([label for label in tokens.labels.tolist() if label != IGNORE])


@pytest.mark.parametrize("before", [True, False])
def test_frame_with_the_question_on_either_side(adapter, before):
    tokens = frame_sequence(adapter, ASKED[0], GRID, before=before, offset=300)
    text = adapter.decode(tokens.input_ids.tolist())
    image = f"<|vision_start|>{PADS}<|vision_end|>"
    body = f"which colour?\n<301s-302s>\n{image}" if before else f"{image}\nwhich colour?\n"
    assert text == f"<|im_start|>user\n{body}<|im_end|>\n<|im_start|>assistant\n red<|im_end|>\n"
    assert supervised(adapter, tokens) == " red<|im_end|>\n"


@pytest.mark.parametrize("last_after", [True, False])
def test_clip_asks_on_the_turn_itself(adapter, last_after):
    tokens = clip_sequence(adapter, ASKED, [GRID] * 3, offset=0, last_after=last_after)
    text = adapter.decode(tokens.input_ids.tolist())
    assert supervised(adapter, tokens) == " red<|im_end|>\n left<|im_end|>\n 3<|im_end|>\n"
    assert text.count(PADS) == 3 and text.index("which colour?") < text.index("<1s-2s>")
    first_of_last = text.index("where?") < text.index("<2s-3s>")
    assert first_of_last is not last_after and text.index("how many?") > text.index("<2s-3s>")
    assert tokens.position_ids.shape == (3, len(tokens.input_ids))


def test_a_family_whose_frames_end_a_line_gets_no_second_line_break():
    from components.model.tiny import new_adapter

    adapter = new_adapter(["which colour? red"], 0, family="internvl")
    for before in (True, False):
        tokens = frame_sequence(adapter, ASKED[0], GRID, before=before, offset=0)
        text, image = adapter.decode(tokens.input_ids.tolist()), f"<img>{'<IMG_CONTEXT>' * 4}</img>\n"
        body = f"which colour?\n<1s-2s>\n{image}" if before else f"{image}which colour?\n"
        assert text == f"<|im_start|>user\n{body}<|im_end|>\n<|im_start|>assistant\n red<|im_end|>\n"
        assert supervised(adapter, tokens) == " red<|im_end|>\n"
