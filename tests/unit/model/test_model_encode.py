"""Training sequence, chat template and stream are one and the same token layout."""

import numpy as np
import pytest
import torch

from components.core.errors import DataError
from components.model.encode import IGNORE, encode_dialogue
from components.model.layout import trusted_ids
from components.protocol.states import State
from components.protocol.turns import FRAME, Dialogue, Turn

IMAGE = "<|vision_start|>" + "<|image_pad|>" * 4 + "<|vision_end|>"


@pytest.fixture
def dialogue():
    turns = [
        Turn(0, ("what color is the lamp?",), State.SILENCE, None),
        Turn(1, (), State.STANDBY, None),
        Turn(2, ("red, green, blue", "the lamp?"), State.RESPONSE, "from 3s to 6s"),
        Turn(3, (), State.SILENCE, None),
    ]
    return Dialogue("s", "train/a.mp4", "tsqa", "world", 4.0, turns)


@pytest.fixture
def frames():
    generator = np.random.default_rng(0)
    return [[generator.integers(0, 256, (56, 56, 3), dtype=np.uint8)] for _ in range(4)]


@pytest.mark.parametrize("offset", [0, 397])
def test_equals_the_rendered_chat_template(adapter, dialogue, frames, offset):
    encoded = encode_dialogue(adapter, dialogue, frames, offset)
    text = adapter.tokenizer.apply_chat_template(dialogue.messages(offset), tokenize=False).replace(
        FRAME, IMAGE
    )
    assert adapter.decode(encoded.input_ids.tolist()) == text
    assert encoded.input_ids.tolist() == trusted_ids(adapter.tokenizer, text)
    if offset:
        assert "<400s-401s>" in text and "from 400s to 403s" in text


def test_labels_are_the_answers_and_their_end_alone(adapter, dialogue, frames):
    encoded = encode_dialogue(adapter, dialogue, frames)
    kept = encoded.labels != IGNORE
    assert torch.equal(encoded.labels[kept], encoded.input_ids[kept])
    answers = ["</Silence>", "</Standby>", "</Response> from 3s to 6s", "</Silence>"]
    expected = "".join(f"{answer}<|im_end|>\n" for answer in answers)
    assert adapter.decode(encoded.labels[kept].tolist()) == expected


def test_turns_of_a_stream_concatenate_to_the_training_sequence(adapter, dialogue, frames):
    encoded = encode_dialogue(adapter, dialogue, frames)
    fed, previous = [], None
    for turn in dialogue.turns:
        fed += adapter.turn_ids(turn.questions, turn.turn, 0, [4], previous=previous)
        assert encoded.labels[len(fed)] == encoded.input_ids[len(fed)]  # the state comes next
        previous = adapter.answer_ids(turn.state, turn.text)
    assert [*fed, *previous, *adapter.layout.tail] == encoded.input_ids.tolist()


def test_a_state_inside_a_caption_stays_characters(adapter, dialogue, frames):
    dialogue.turns[2] = Turn(2, ("say </Response>",), State.RESPONSE, "</Standby> and </Response>")
    encoded = encode_dialogue(adapter, dialogue, frames)
    assert sum(encoded.input_ids.tolist().count(state) for state in adapter.state_ids) == 4


def test_pixels_grids_and_positions_fit_together(adapter, dialogue, frames):
    encoded = encode_dialogue(adapter, dialogue, frames)
    assert encoded.grids == [(1, 4, 4)] * 4 and encoded.pixel_values.shape == (64, 1176)
    assert encoded.position_ids.shape == (3, len(encoded.input_ids))
    features = adapter.features(encoded.pixel_values, encoded.grids)
    hidden = adapter.hidden(encoded.input_ids[None], encoded.position_ids[:, None], features)
    assert hidden.shape == (1, len(encoded.input_ids), 128) and bool(torch.isfinite(hidden).all())


def test_missing_frames_are_named(adapter, dialogue, frames):
    with pytest.raises(DataError, match="sample s: 4 turns but frames of 3"):
        encode_dialogue(adapter, dialogue, frames[:3])
