"""State tokens where the token matrices are padded, too small, or the tokenizer is in the way."""

import pytest

from components.core.errors import DataError
from components.model.adapter import load
from components.model.states import add_states, padded
from tests.support.real_folders import Shape, write_real


@pytest.mark.parametrize(
    ("wanted", "rows", "known", "expected"),
    [
        (
            151668 + 300,
            151936,
            151665,
            152064,
        ),  # Qwen2.5-VL: a multiple of 128 stays one (152064 = 1188 x 128)
        (151677, 151674, 151674, 151677),  # InternVL3: no padding to keep
        (640 + 1, 640, 637, 768),
        (280, 277, 277, 280),
    ],
)
def test_padding_is_kept(wanted, rows, known, expected):
    assert padded(wanted, rows, known) == expected


@pytest.mark.parametrize("tied", [True, False])
def test_a_full_padded_matrix_grows_by_its_multiple(tmp_path, tied):
    """310 rows for 309 tokens: one is free, three are needed; 310 is 2 x 155."""
    adapter = load(write_real(tmp_path / "m", Shape("qwen2_5_vl", tied, 310)))
    assert len(adapter.tokenizer) == 309
    ids = add_states(adapter.model, adapter.tokenizer, 0)
    inputs, outputs = (
        adapter.model.get_input_embeddings().weight,
        adapter.model.get_output_embeddings().weight,
    )
    assert ids == (309, 310, 311) and len(inputs) == len(outputs) == 312
    assert (inputs is outputs) is tied and adapter.model.lm_head.out_features == 312


def test_some_of_the_states_are_an_error(tmp_path):
    adapter = load(write_real(tmp_path / "m", Shape("qwen2_5_vl", True, 512)))
    adapter.tokenizer.add_tokens(["</Standby>"])
    with pytest.raises(DataError, match="has </Standby>, expected all three states or none"):
        add_states(adapter.model, adapter.tokenizer, 0)


def test_states_as_ordinary_tokens_are_an_error(tmp_path):
    adapter = load(write_real(tmp_path / "m", Shape("qwen2_5_vl", True, 512)))
    adapter.tokenizer.add_tokens(["</Silence>", "</Standby>", "</Response>"])
    with pytest.raises(DataError, match="'</Silence>' is an ordinary token"):
        add_states(adapter.model, adapter.tokenizer, 0)


def test_a_tokenizer_that_splits_states_is_told_apart_piece_by_piece(tmp_path):
    adapter = load(write_real(tmp_path / "m", Shape("internvl", False, None)))
    with pytest.raises(DataError, match=r"'</Silence>': \d+.*expected one each"):
        _ = adapter.state_ids
