"""The plan of a step: a function of seed and step, equal on all ranks; the loader state proves the stream."""

from collections import Counter
from dataclasses import replace
from itertools import chain

import pytest

from components.core.errors import DataError
from components.model.tiny import new_adapter
from components.protocol.states import State
from components.protocol.turns import Dialogue, Turn
from components.train.loader import LoaderState
from components.train.order import plan_step
from components.train.sizes import Measure

LONG = 5  # this sample has 60 turns, more than the budget


@pytest.fixture(scope="module")
def samples():
    def dialogue(number):
        turns = 60 if number == LONG else 4 + number % 5
        said = [Turn(i, ("what color?",) if not i else (), State.SILENCE, None) for i in range(turns)]
        return Dialogue(f"s{number:02d}", f"v{number}", "tsqa", "world", float(turns), said)

    return [dialogue(number) for number in range(22)]


@pytest.fixture(scope="module")
def measure():
    return Measure(new_adapter(["what color?"], 0, states=True), lambda video_id: (56, 56))


@pytest.fixture
def small(recipe):
    return replace(recipe, batch=6, token_budget=320, window_turns=12, offsets=(0, 60))


def learnt(packs):
    """(sample, turn) of every supervised turn, sorted."""
    spans = [(draw.sample, draw.span) for draw in chain(*packs)]
    return sorted((s.index, s.offset, turn) for s, span in spans for turn in range(span.learn, span.last + 1))


def test_a_step_learns_every_turn_of_its_samples_once_on_any_number_of_ranks(samples, measure, small):
    for step in range(8):
        plans = [plan_step(3, step, samples, measure, small, ranks) for ranks in (1, 2, 4)]
        expected = sorted(
            (s.index, s.offset, turn) for s in plans[0].samples for turn in range(len(samples[s.index].turns))
        )
        for plan, ranks in zip(plans, (1, 2, 4), strict=True):
            mine = [plan.of_rank(rank, ranks) for rank in range(ranks)]
            assert len({len(packs) for packs in mine}) == 1
            assert learnt(chain(*mine)) == expected
            assert all(sum(draw.span.tokens for draw in pack) <= 320 for packs in mine for pack in packs)
            assert plan.ids == plans[0].ids and len(plan.ids) == 6
        assert (
            plans[0]
            == plan_step(3, step, samples, measure, small, 1)
            != plan_step(4, step, samples, measure, small, 1)
        )


def test_the_counts_tell_what_was_cut(samples, measure, small):
    plans = [plan_step(3, step, samples, measure, small, 2) for step in range(4)]
    for plan in plans:
        drawn = [draw for draw in chain(*plan.packs) if draw.span.learn <= draw.span.last]
        cuts = [sample for sample in plan.samples if sample.index == LONG]
        windows = [draw for draw in drawn if draw.sample.index == LONG]
        assert plan.counts["samples"] == 6 and plan.counts["skipped_turns"] == 0
        assert (plan.counts["cut"], plan.counts["windows"]) == (len(cuts), len(windows))
        assert plan.counts["tokens"] == sum(draw.span.tokens for draw in drawn)
        assert plan.counts["packs"] + plan.counts["empty_packs"] == len(plan.packs)
        assert plan.counts["sequences"] == len(drawn)
    assert sum(plan.counts["windows"] for plan in plans) > 8


def test_the_cuts_of_a_long_sample_fall_elsewhere_in_the_next_epoch(samples, measure, small):
    alone = [samples[LONG]]
    firsts = [
        min(
            draw.span.last
            for draw in chain(*plan_step(0, step, alone, measure, replace(small, batch=1), 1).packs)
        )
        for step in range(12)
    ]
    assert len(set(firsts)) > 3 and max(firsts) < 12


def test_a_rank_without_a_sequence_runs_an_empty_pack(samples, measure, small):
    plan = plan_step(0, 0, samples[:1], measure, replace(small, batch=1), 4)
    assert plan.counts["empty_packs"] == 3 and plan.counts["packs"] == 1
    for packs in (plan.of_rank(rank, 4) for rank in (1, 2, 3)):
        ((draw,),) = packs
        assert draw.span.learn > draw.span.last  # nothing in it is supervised


def test_a_turn_above_the_budget_is_counted(samples, measure, small):
    plan = plan_step(0, 0, samples[:1], measure, replace(small, batch=1, token_budget=20), 1)
    assert plan.counts["cut"] == 1 and plan.counts["windows"] == 0
    assert plan.counts["skipped_turns"] == len(samples[0].turns) and plan.counts["empty_packs"] == 1


# --- the stream of sample ids -------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_an_epoch_has_no_repeat_and_no_gap_over_resumes(samples, measure, small, ranks):
    """The run is cut after every step, its state goes through JSON values, and the next process goes on."""
    saved, stream = LoaderState(7, 6, len(samples)).to_dict(), []
    for _ in range(11):  # three epochs of 22 samples are eleven steps of six
        state = LoaderState.from_dict(saved, samples=samples)
        plan = plan_step(state.seed, state.steps, samples, measure, small, ranks)
        seen = {draw.sample.index for rank in range(ranks) for draw in chain(*plan.of_rank(rank, ranks))}
        assert seen == {sample.index for sample in plan.samples}
        stream += plan.ids
        saved = state.advance(plan).to_dict()
    names = Counter(sample.sample_id for sample in samples)
    assert all(Counter(stream[at : at + 22]) == names for at in (0, 22, 44))
    assert (saved["steps"], saved["epoch"]) == (11, 3)
    one = LoaderState(7, 6, len(samples))
    for step in range(11):
        one = one.advance(plan_step(7, step, samples, measure, small, 1))
    assert one.to_dict() == saved  # the number of ranks leaves no trace


def test_another_dataset_seed_or_batch_is_refused(samples):
    state = LoaderState(7, 6, len(samples), steps=5).replay(samples)
    saved = state.to_dict()
    assert LoaderState.from_dict(saved, samples=samples) == state and state.epoch == 1
    renamed = [replace(samples[0], sample_id="other"), *samples[1:]]
    for changed, those in (
        (saved, renamed),
        (saved, samples[::-1]),
        (saved | {"seed": 8}, samples),
        (saved | {"batch": 5}, samples),
        (saved | {"steps": 4}, samples),
    ):
        with pytest.raises(DataError, match="has seen other samples"):
            LoaderState.from_dict(changed, samples=those)
    with pytest.raises(DataError, match="22 samples, now there are 21"):
        LoaderState.from_dict(saved, samples=samples[1:])
    for broken in ({}, saved | {"steps": "5"}, {**saved, "more": 1}):
        with pytest.raises(DataError, match="expected seed, batch, total, steps, epoch, digest"):
            LoaderState.from_dict(broken, samples=samples)
