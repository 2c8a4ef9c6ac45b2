"""Packs of any lengths: every sequence once, none above the budget; and full on the lengths that matter."""

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InternalError
from components.train.packing import best_fit, fill, spread
from components.train.windows import cut
from tests.support.lengths import paper_sizes, tiny_lengths

SETTINGS = settings(max_examples=300, deadline=None, derandomize=True)
BUDGET = 64
LENGTHS = st.lists(st.integers(1, BUDGET), max_size=60)


@given(LENGTHS, st.integers(1, 5))
@SETTINGS
def test_every_sequence_is_in_one_pack_within_the_budget(lengths: list[int], ranks: int) -> None:
    packs = best_fit(lengths, BUDGET)
    for some in (packs, spread(packs, lengths, ranks)):
        assert sorted(chain(*some)) == list(range(len(lengths)))
        assert all(0 < sum(lengths[index] for index in pack) <= BUDGET for pack in some)


@given(LENGTHS)
@SETTINGS
def test_no_two_packs_would_fit_into_one(lengths: list[int]) -> None:
    """What any-fit packings promise; so less than twice the fewest packs are ever used."""
    sums = sorted(sum(lengths[index] for index in pack) for pack in best_fit(lengths, BUDGET))
    assert len(sums) < 2 or sums[0] + sums[1] > BUDGET


@given(LENGTHS, st.integers(1, 5))
@SETTINGS
def test_no_rank_waits_unless_there_are_too_few_sequences(lengths: list[int], ranks: int) -> None:
    packs = spread(best_fit(lengths, BUDGET), lengths, ranks)
    assert len(packs) % ranks == 0 or all(len(pack) == 1 for pack in packs)
    sums = [sum(lengths[index] for index in pack) for pack in packs]
    assert sums == sorted(sums, reverse=True)


@given(LENGTHS)
@SETTINGS
def test_equal_lengths_give_equal_packs(lengths: list[int]) -> None:
    assert best_fit(lengths, BUDGET) == best_fit(list(lengths), BUDGET)


def test_a_sequence_above_the_budget_is_refused() -> None:
    for lengths in ([3, 65], [3, 0]):
        with pytest.raises(InternalError, match="sequence 1 has"):
            best_fit(lengths, BUDGET)


def test_the_tiny_set_fills_its_budget() -> None:
    """Over pools of 512 samples. A step of 8 is one pack of about 3,480 tokens: a row is never padded."""
    pools = [tiny_lengths(512, seed) for seed in range(10)]
    fills = [fill(lengths, best_fit(lengths, 4096), 4096) for lengths in pools]
    assert min(fills) > 0.97
    steps = [tiny_lengths(8, seed) for seed in range(50)]
    assert all(len(best_fit(lengths, 4096)) == 1 for lengths in steps)


def test_steps_of_the_papers_histogram_fill_their_budget() -> None:
    """512 samples a step; those above the budget are cut into windows of profiles/paper-*.yaml."""
    fills, cuts = [], 0
    for seed in range(10):
        parts = [cut(sizes, budget=32_768, width=200) for sizes in paper_sizes(512, seed)]
        lengths = [span.tokens for spans, _ in parts for span in spans]
        cuts += sum(len(spans) > 1 for spans, _ in parts)
        assert not any(skipped for _, skipped in parts)
        fills.append(fill(lengths, best_fit(lengths, 32_768), 32_768))
    assert cuts > 200  # windows are part of it
    assert min(fills) > 0.97
