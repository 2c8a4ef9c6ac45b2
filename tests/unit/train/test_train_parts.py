"""Draws, schedule, checks and statistics by themselves."""

import math
from collections import Counter

import pytest
import torch

from components.core.errors import DataError
from components.train.check import exact_answers, state_confusion
from components.train.engine import schedule
from components.train.order import draw_samples
from components.train.samples import read_split
from components.train.statistics import by_kind, means

STATES = (7, 8, 9)


def test_each_epoch_draws_every_sample_once():
    draws = [draw.index for step in range(10) for draw in draw_samples(0, step, 4, 20, (0,))]
    assert Counter(draws[:20]) == Counter(range(20)) == Counter(draws[20:])
    assert draws[:20] != draws[20:]


def test_offsets_are_thirds_of_nothing_short_and_long():
    offsets = [draw.offset for step in range(400) for draw in draw_samples(3, step, 8, 50, (0, 60, 400))]
    shares = [sum(o == 0 for o in offsets), sum(o > 60 for o in offsets)]
    assert abs(shares[0] / len(offsets) - (1 / 3 + 1 / 183 + 1 / 1203)) < 0.03
    assert abs(shares[1] / len(offsets) - 340 / 1203) < 0.03 and max(offsets) <= 400


def test_draws_depend_on_seed_and_step_alone():
    assert draw_samples(1, 5, 4, 9, (0, 60)) == draw_samples(1, 5, 4, 9, (0, 60))
    assert draw_samples(1, 5, 4, 9, (0, 60)) != draw_samples(2, 5, 4, 9, (0, 60))


def test_empty_split_is_an_error(tmp_path):
    with pytest.raises(DataError, match="no sample"):
        read_split(tmp_path, "train")


def test_schedule_warms_up_and_falls_to_zero(recipe):
    from dataclasses import replace

    factor = schedule(replace(recipe, steps=100))
    assert [round(factor(step), 6) for step in range(5)] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert factor(52) == pytest.approx(0.5 * (1 + math.cos(math.pi * 47 / 95))) and factor(
        100
    ) == pytest.approx(0)


def test_confusion_is_over_states_alone():
    targets = torch.tensor([7, 3, 8, 9, 9])
    logits = torch.zeros(5, 12)
    for row, guess in enumerate((7, 3, 7, 9, 8)):
        logits[row, guess] = 1.0
    logits[0, 2] = 5.0  # a text token above all states changes nothing
    assert state_confusion(logits, targets, STATES).tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 1]]


def test_an_answer_is_exact_when_every_token_after_the_state_is():
    targets = torch.tensor([7, 1, 9, 4, 5, 1, 9, 4, 1, 8, 1, 9, 6, 1])
    guesses = targets.clone()
    guesses[4] = 0  # first answer: one wrong word
    guesses[6] = 7  # second answer: only its state is wrong
    logits = torch.nn.functional.one_hot(guesses, 12).float()
    assert exact_answers(logits, targets, STATES) == (2, 3)


def test_statistics_by_kind_of_token():
    sums = by_kind(torch.tensor([1.0, 2.0, 4.0, 8.0]), torch.tensor([7, 7, 9, 3]), STATES)
    assert means(sums) == {"silence": 1.5, "standby": 0.0, "response": 4.0, "text": 8.0}
