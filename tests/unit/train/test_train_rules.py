"""`train.rules: released` through the module and the run: alpha of each sequence alone, losses it refuses."""

from dataclasses import replace

import pytest
import torch

from components.core.errors import UsageError
from components.core.files import read_json
from components.model.adapter import load
from components.model.encode import Tokens
from components.model.pack import pack
from components.train.loss import state_aware_loss, state_counts
from components.train.module import LossOptions, StreamLoss
from components.train.recipe import read_recipe
from components.train.run import open_adapter, train

RELEASED = LossOptions("focal", 2.0, rules="released", chunk_rows=3)  # chunks that cut sequences
# Which state each answer of a sequence has: their counts, and how many states are there, differ.
STATES = ([0, 0, 0, 1, 2], [0, 2], [1, 1, 1, 1], [])


@pytest.fixture
def adapter(base, recipe):
    return open_adapter(base, recipe, 0)


def sequences(adapter):
    """Rows of word, state, word, state ...: states and the words after them are supervised."""
    generator = torch.Generator().manual_seed(3)
    made = []
    for states in STATES:
        ids = torch.randint(5, 60, (2 * len(states) + 4,), generator=generator)
        labels = torch.full_like(ids, -100)
        for place, state in enumerate(states):
            ids[2 * place + 1] = adapter.state_ids[state]
        labels[1 : 2 * len(states) + 1] = ids[1 : 2 * len(states) + 1]
        made.append(Tokens(ids, labels, torch.arange(len(ids)).expand(3, -1)))
    return made


def laid(chosen):
    """Sequences without frames in one pack."""
    return pack([(tokens, torch.zeros(0, 1)) for tokens in chosen])


def with_gradient(module, packs, normalizer, counts):
    """The loss summed over packs, the gradient of the head, and the dtype of the cross-entropies."""
    total, dtypes = 0.0, set()
    module.zero_grad()
    for row in packs:
        part, ce = module(row, counts, normalizer)
        part.backward()
        total, dtypes = total + part.item(), dtypes | {part.dtype, ce.dtype}
    return total, module.head.weight.grad.clone(), dtypes


def by_sequence(adapter, made, normalizer):
    """The released formula, one sequence at a time through the whole model: a micro-batch is a sample."""
    adapter.model.zero_grad()
    total = 0.0
    for tokens in made:
        alone = laid([tokens])
        logits = adapter.logits(adapter.hidden(alone.input_ids, alone.positions, alone.features))
        options = {"kind": "focal", "rules": "released", "normalizer": normalizer}
        part = state_aware_loss(logits, alone.labels, adapter.state_ids, **options)
        part.backward()
        total += part.item()
    return total, adapter.model.get_output_embeddings().weight.grad.clone()


def test_alpha_is_of_each_sequence_alone_in_whatever_pack_it_lies(adapter):
    made = sequences(adapter)
    rows = sum(int((tokens.labels[1:] != -100).sum()) for tokens in made)
    counts = sum(state_counts(tokens.labels[None], adapter.state_ids) for tokens in made)
    expected, expected_grad = by_sequence(adapter, made, rows)
    module = StreamLoss(adapter, RELEASED)
    for packs in ([made], [made[:1], made[1:]], [[tokens] for tokens in made], [made[::-1]]):
        got, grad, _ = with_gradient(module, [laid(row) for row in packs], rows, counts)
        assert got == pytest.approx(expected, rel=1e-5)
        torch.testing.assert_close(grad, expected_grad, rtol=1e-4, atol=1e-6)
    corrected = StreamLoss(adapter, LossOptions("focal", 2.0))
    other, _, _ = with_gradient(corrected, [laid(made)], rows, counts)
    assert abs(other - expected) > 1e-4 * expected


def test_the_counts_of_the_step_matter_to_the_corrected_rules_alone(adapter):
    row = [laid(sequences(adapter))]
    for options, same in ((RELEASED, True), (LossOptions("focal", 2.0), False)):
        module = StreamLoss(adapter, options)
        values = {with_gradient(module, row, 20, torch.tensor(n))[0] for n in ([3, 2, 1], [90, 1, 9])}
        assert (len(values) == 1) == same


def test_rows_are_in_the_dtype_of_the_logits(base, recipe):
    adapter = open_adapter(base, replace(recipe, dtype="bfloat16"), 0)
    row, counts = [laid(sequences(adapter))], torch.tensor([4, 5, 2])
    assert with_gradient(StreamLoss(adapter, RELEASED), row, 20, counts)[2] == {torch.bfloat16}
    wide = StreamLoss(adapter, LossOptions("focal", 2.0))
    assert with_gradient(wide, row, 20, counts)[2] == {torch.float32}


def test_a_run_by_the_released_rules_says_so_and_gives_other_weights(products, base, recipe, tmp_path):
    weights = {}
    for rules in ("corrected", "released"):
        out = tmp_path / rules
        out.mkdir()
        where = {"base": base, "dataset": products.dataset, "media": products.media}
        train(out, **where, recipe=replace(recipe, rules=rules), method="focal", seed=0)
        about = read_json(out / "streamo.json")
        assert about["rules"] == about["recipe"]["rules"] == rules
        weights[rules] = load(out).model.lm_head.weight
    assert not torch.equal(weights["corrected"], weights["released"])


@pytest.mark.parametrize(
    ("kind", "gamma", "rules", "said"),
    [
        ("focal", 2.0, "relaxed", "train.rules: 'relaxed', expected corrected or released"),
        ("ce", 2.0, "released", "released has no loss 'ce', expected focal"),
        ("fixed", 2.0, "released", "released has no loss 'fixed', expected focal"),
        ("focal_detached", 2.0, "released", "no loss 'focal_detached'"),
        ("class_balanced", 2.0, "released", "no loss 'class_balanced'"),
        ("focal", 1.0, "released", "train.gamma: 1.0, expected 2.0"),
    ],
)
def test_what_the_released_code_does_not_have_is_refused(kind, gamma, rules, said, recipe, tmp_path):
    with pytest.raises(UsageError, match=said):
        LossOptions(kind, gamma, rules)
    none = {"base": tmp_path, "dataset": tmp_path, "media": tmp_path}
    with pytest.raises(UsageError, match=said):
        train(tmp_path / "out", **none, recipe=replace(recipe, rules=rules, gamma=gamma), method=kind, seed=0)
    assert not list(tmp_path.iterdir())


def test_the_recipe_reads_the_rules(recipe):
    from dataclasses import asdict

    values = asdict(replace(recipe, rules="released"))
    assert read_recipe(lambda key: values[key.removeprefix("train.")]).rules == "released"
