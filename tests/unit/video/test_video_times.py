from fractions import Fraction

import pytest

from components.video.times import duration_ticks, is_variable, last_tick, num_turns, turn_times


@pytest.mark.parametrize(
    ("duration_s", "turns"),
    [(0.0, 1), (0.1, 1), (1.0, 1), (1.000001, 2), (9.5, 10), (10.0, 10), (10.0000004, 10)],
)
def test_turns_are_the_ceiling_and_at_least_one(duration_s, turns):
    assert num_turns(duration_s) == turns


@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf")])
def test_a_duration_is_finite_and_not_negative(bad):
    with pytest.raises(ValueError, match="finite"):
        num_turns(bad)


def test_turn_times_are_whole_seconds_and_k_only_adds_frames():
    assert turn_times(3) == [0.0, 1.0, 2.0]
    assert turn_times(2, 4) == [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]
    assert set(turn_times(5)) <= set(turn_times(5, 3))
    with pytest.raises(ValueError, match="whole numbers"):
        turn_times(3, 0)


def test_an_instant_includes_the_frame_that_begins_at_it():
    base = Fraction(1, 30_000)
    assert last_tick(1.0, 0, base) == 30_000
    assert last_tick(1 / 3, 0, base) == 10_000  # the float is a little below one third
    assert last_tick(1.0, 500, base) == 30_500
    assert last_tick(0.9999, 0, base) == 29_997


def test_duration_counts_the_last_frame():
    assert duration_ticks([0, 40, 80], 40, 0) == 120
    assert duration_ticks([100, 140, 180], 0, 0) == 120  # no own duration: the typical gap
    assert duration_ticks([7], 0, 33) == 33  # a lone frame: the header's rate
    assert duration_ticks([7], 0, 0) == 0


def test_rounding_to_milliseconds_is_no_variable_rate():
    film = [round(n * 1001 / 24) for n in range(100)]
    assert not is_variable(film)
    assert is_variable([*film, film[-1] + 84])
    assert not is_variable([0])
