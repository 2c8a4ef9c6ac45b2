"""A pack computes what its sequences compute alone, in every family, and nothing of one reaches another."""

import numpy as np
import pytest
import torch

from components.core.errors import InternalError
from components.model.attention import PACKED, Segments, packed_mask
from components.model.encode import IGNORE, Tokens, encode_dialogue
from components.model.families.registry import FAMILIES
from components.model.pack import pack, supervised_hidden, supervised_rows
from components.model.tiny import new_adapter
from components.protocol.states import State
from components.protocol.turns import Dialogue, Turn
from tests.unit.model.conftest import TEXTS


@pytest.fixture(scope="module", params=FAMILIES)
def any_adapter(request):
    return new_adapter(TEXTS, 0, family=request.param, states=True)


def sequence(adapter, turns, seed, *, question="what color is the lamp?"):
    """(tokens, tower features) of a dialogue of `turns` turns with random frames."""
    states = [State.SILENCE, State.STANDBY, State.RESPONSE]
    said = [
        Turn(i, (question,) if not i else (), states[i % 3], "red" if i % 3 == 2 else None)
        for i in range(turns)
    ]
    generator = np.random.default_rng(seed)
    frames = [[generator.integers(0, 256, (56, 56, 3), dtype=np.uint8)] for _ in said]
    encoded = encode_dialogue(adapter, Dialogue("s", "v", "tsqa", "world", float(turns), said), frames)
    return encoded, adapter.features(encoded.pixel_values, encoded.grids)


def packed_logits(adapter, items):
    """Logits (L, V) of each sequence of a pack, cut apart."""
    row = pack(items)
    hidden = adapter.hidden(row.input_ids, row.positions, row.features, lengths=row.lengths)
    return torch.split(adapter.logits(hidden)[0], list(row.lengths))


def alone(adapter, item):
    """Logits (L, V) of a sequence in a row of its own, by the library's attention."""
    tokens, features = item
    out = adapter.hidden(tokens.input_ids[None], tokens.position_ids[:, None], features)
    return adapter.logits(out)[0]


@torch.no_grad()
def test_logits_in_a_pack_are_those_of_the_sequence_alone(any_adapter):
    items = [sequence(any_adapter, turns, seed) for seed, turns in enumerate((7, 1, 12, 3))]
    for item, got in zip(items, packed_logits(any_adapter, items), strict=True):
        torch.testing.assert_close(got, alone(any_adapter, item), atol=1e-4, rtol=0)


@torch.no_grad()
def test_without_lengths_the_samples_would_leak(any_adapter):
    """The bound of the test above is not loose: one row without segments is far outside it."""
    items = [sequence(any_adapter, turns, seed) for seed, turns in enumerate((7, 5))]
    row = pack(items)
    leaked = any_adapter.logits(any_adapter.hidden(row.input_ids, row.positions, row.features))[0]
    assert (leaked[row.lengths[0] :] - alone(any_adapter, items[1])).abs().max() > 1e-2


@torch.no_grad()
def test_another_sample_of_the_same_length_changes_no_bit(any_adapter):
    """Bit for bit: the products of a sequence never hold another's numbers, even where those are not finite.

    With a sample of another length the row is longer, and matrix products may round otherwise.
    """
    first, last = sequence(any_adapter, 6, 0), sequence(any_adapter, 9, 1)
    middle = sequence(any_adapter, 5, 2)
    before = packed_logits(any_adapter, [first, middle, last])
    poisoned = (middle[0], torch.full_like(middle[1], torch.nan))
    after = packed_logits(any_adapter, [first, poisoned, last])
    assert torch.equal(before[0], after[0]) and torch.equal(before[2], after[2])
    assert not after[1].isfinite().all()
    longer = packed_logits(any_adapter, [first, sequence(any_adapter, 8, 3), last])
    torch.testing.assert_close(longer[2], before[2], atol=1e-5, rtol=0)


def gradients(adapter, packs):
    """Summed gradients of the cross-entropy of some packs, by name."""
    adapter.model.zero_grad()
    for row in packs:
        logits, targets = supervised_rows(adapter, row)
        torch.nn.functional.cross_entropy(logits, targets, reduction="sum").backward()
    named = adapter.model.named_parameters()
    return {name: value.grad.clone() for name, value in named if value.grad is not None}


def assert_alike(found, expected):
    assert found.keys() == expected.keys() and len(found) > 20
    for name, value in found.items():
        assert (value - expected[name]).norm() <= 1e-5 * expected[name].norm().clamp_min(1e-3), name


def test_gradients_are_the_sum_over_the_sequences(any_adapter):
    items = [sequence(any_adapter, turns, seed) for seed, turns in enumerate((4, 2, 6))]
    alone = gradients(any_adapter, [pack([item]) for item in items])
    assert_alike(gradients(any_adapter, [pack(items)]), alone)


def test_recomputed_activations_stay_apart_too(any_adapter):
    items = [sequence(any_adapter, turns, seed) for seed, turns in enumerate((4, 2, 6))]
    expected = gradients(any_adapter, [pack(items)])
    any_adapter.model.train().gradient_checkpointing_enable({"use_reentrant": False})
    try:
        assert_alike(gradients(any_adapter, [pack(items)]), expected)
    finally:
        any_adapter.model.gradient_checkpointing_disable()
        any_adapter.model.eval()


def test_no_gradient_crosses_into_another_sequence(any_adapter):
    row = pack([sequence(any_adapter, 4, 0), sequence(any_adapter, 5, 1)])
    features = row.features.clone().requires_grad_()
    hidden = any_adapter.hidden(row.input_ids, row.positions, features, lengths=row.lengths)
    (into,) = torch.autograd.grad(hidden[0, row.lengths[0] :].square().sum(), features)
    assert torch.count_nonzero(into[:16]) == 0 and torch.count_nonzero(into[16:]) > 0


@torch.no_grad()
def test_a_cache_is_continued_as_before(any_adapter):
    """Streams pass no lengths: two pieces on a cache give what one pass gives."""
    tokens, features = sequence(any_adapter, 4, 0)
    cache, cut = any_adapter.new_cache(), 25
    seen = int((tokens.input_ids[:cut] == any_adapter.layout.image_pad).sum())
    pieces = [(slice(0, cut), features[:seen]), (slice(cut, None), features[seen:])]
    out = [
        any_adapter.hidden(
            tokens.input_ids[None, part], tokens.position_ids[:, None, part], rows, cache=cache
        )
        for part, rows in pieces
    ]
    whole = any_adapter.hidden(tokens.input_ids[None], tokens.position_ids[:, None], features)
    torch.testing.assert_close(torch.cat(out, 1), whole, atol=1e-5, rtol=0)


def test_supervised_places_are_the_labels_of_each_sequence(any_adapter):
    items = [sequence(any_adapter, turns, seed) for seed, turns in enumerate((3, 4))]
    _, targets = supervised_hidden(any_adapter, pack(items))
    labels = torch.cat([tokens.labels for tokens, _ in items])
    assert torch.equal(targets, labels[labels != IGNORE])


def test_the_tower_keeps_its_own_attention_and_rows_have_no_mask(any_adapter):
    config = any_adapter.model.config
    assert config.text_config._attn_implementation == PACKED
    assert config.vision_config._attn_implementation == "sdpa"
    assert packed_mask(batch_size=1, q_length=9, kv_length=9, mask_function=None) is None


def test_what_is_no_pack_is_refused(any_adapter):
    tokens, features = sequence(any_adapter, 2, 0)
    with pytest.raises(InternalError, match="at least one sequence"):
        pack([])
    wrong = Tokens(tokens.input_ids, tokens.input_ids, tokens.position_ids)
    with pytest.raises(InternalError, match="sequence 1 of a pack: its first token has a label"):
        pack([(tokens, features), (wrong, features)])
    for lengths in ((), (5, 0), (4, 4)):
        with pytest.raises(InternalError, match="do not tile a row of 9 tokens"):
            Segments.of(lengths, 9, torch.device("cpu"))
    row = (tokens.input_ids[None], tokens.position_ids[:, None], features)
    with pytest.raises(InternalError, match="no mask, no cache"):
        cache = any_adapter.new_cache()
        any_adapter.hidden(*row, cache=cache)
        any_adapter.hidden(*row, cache=cache, lengths=(len(tokens.input_ids),))
