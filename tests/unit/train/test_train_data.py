"""From a plan to packs on rendered clips: planned lengths, every label once, cut or whole, cached or not."""

import re
from dataclasses import replace
from itertools import chain

import pytest
import torch

from components.core.errors import InternalError
from components.model.adapter import load
from components.model.encode import IGNORE
from components.model.states import add_states
from components.train.data import check_packs, open_data
from components.train.labels import label_counts, sum_labels
from components.train.order import plan_step
from components.train.sizes import Measure

BUDGETS = (150, 4096)  # every sample in windows of seven turns or so; all samples in one pack


@pytest.fixture(scope="module")
def adapter(base):
    adapter = load(base)
    add_states(adapter.model, adapter.tokenizer, 0)
    return adapter


@pytest.fixture
def opened(adapter, products, recipe):
    def build(**changes):
        changed = replace(recipe, **changes)
        return open_data(adapter, products.dataset, products.media, changed), changed

    return build


def labels_of(packs):
    """Supervised tokens of some packs, sorted."""
    return sorted(token for pack in packs for token in pack.labels[0].tolist() if token != IGNORE)


def test_packs_have_the_planned_lengths_and_learn_each_label_once(opened, adapter):
    learnt = []
    for budget in BUDGETS:
        data, recipe = opened(token_budget=budget, window_turns=8)
        plan = plan_step(0, 1, data.train, data.measure, recipe, 1)
        packs = [data.encode(draws) for draws in plan.packs]
        for draws, pack in zip(plan.packs, packs, strict=True):
            assert pack.lengths == tuple(draw.span.tokens for draw in draws)
            planned = sum_labels(draw.labels for draw in draws)
            assert planned == label_counts(pack.labels, adapter.state_ids) and planned[3] > 0
            assert int((pack.input_ids == adapter.layout.image_pad).sum()) == len(pack.features)
        assert (plan.counts["cut"] == recipe.batch) == (budget == BUDGETS[0])
        learnt.append(labels_of(packs))
    assert learnt[0] == learnt[1] and len(learnt[0]) > 2 * sum(
        len(data.train[sample.index].turns) for sample in plan.samples
    )


def test_the_validation_slice_is_the_same_cut_or_whole(opened):
    found = []
    for budget in BUDGETS:
        data, recipe = opened(token_budget=budget, window_turns=8, check_samples=3)
        packs = check_packs(data, recipe)
        assert all(pack.input_ids.shape[1] <= budget for pack in packs)
        found.append(labels_of(packs))
    assert found[0] == found[1]


def test_an_empty_pack_has_frames_and_no_label(opened):
    data, recipe = opened(batch=1)
    plan = plan_step(0, 0, data.train, data.measure, recipe, len(data.train[0].turns) * 2)
    assert plan.counts["empty_packs"] > 0
    pack = data.encode(plan.packs[-1])
    assert (pack.labels == IGNORE).all() and len(pack.features) > 0
    assert plan.packs[-1][0].labels == (0, 0, 0, 0)


def test_other_labels_than_planned_stop_the_step_and_name_the_sample(opened):
    """One answer more under another state: alpha of the step, already in use, would be wrong."""
    data, recipe = opened()
    *others, draw = plan_step(0, 0, data.train, data.measure, recipe, 1).packs[0]
    silence, standby, response, rows = draw.labels
    name = data.train[draw.sample.index].sample_id
    for wrong in ((silence + 1, standby - 1, response, rows), (silence, standby, response, rows + 1)):
        with pytest.raises(InternalError, match=rf"sample {re.escape(name)}, turns .* planned") as caught:
            data.encode([*others, replace(draw, labels=wrong)])
        assert str(wrong) in str(caught.value) and str(draw.labels) in str(caught.value)


def test_features_of_a_pack_do_not_depend_on_the_cache(opened):
    packs = []
    for budget in (0.0, 64.0):
        data, recipe = opened(cache_mb=budget)
        draws = plan_step(0, 0, data.train, data.measure, recipe, 1).packs[0]
        packs.append(data.encode(draws))
    torch.testing.assert_close(packs[0].features, packs[1].features, atol=1e-5, rtol=0)
    assert torch.equal(packs[0].input_ids, packs[1].input_ids)


def test_pictures_of_another_size_than_told_are_said(opened, adapter, capsys):
    data, recipe = opened()
    lying = replace(data, measure=Measure(adapter, lambda video_id: (112, 112)))
    plan = plan_step(0, 0, data.train, lying.measure, recipe, 1)
    made = list(chain(*(lying.encode(draws).lengths for draws in plan.packs)))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(made) == recipe.batch
    assert "planned" in lines[0] and "another size than its header tells" in lines[0]
