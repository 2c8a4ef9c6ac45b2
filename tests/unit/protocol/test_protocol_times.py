"""Time fields: the strict reader and the released one."""

import pytest

from components.protocol.times import parse_time, released_index


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (5, 5.0), (0, 0.0), (9.515, 9.515), ("5", 5.0), ("5.0", 5.0), (" 7.25 ", 7.25), ("01:05", 65.0),
        ("00:01:05", 65.0), ("1:00:00.5", 3600.5), ("75:10", 4510.0),
        (0.1 + 0.2, 0.3), (1.1 + 2.2 - 0.3, 3.0), ("", None), ("  ", None), (None, None),
    ],
)  # fmt: skip
def test_times_that_can_be_read(value, seconds):
    assert parse_time(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        -1, -0.5, "-1", "5s", "abc", "1e3", "5.", ".5", "00:75", "01:75:00", "1:2:3:4", ":05", "0:123",
        float("nan"), float("inf"), "nan", "inf", True, [5], {"s": 5}, "5,0",
        10**400, "9" * 400, "9" * 400 + ":00",
    ],
)  # fmt: skip
def test_times_that_cannot_be_read_are_refused(value):
    with pytest.raises(ValueError, match="is not a"):
        parse_time(value)


@pytest.mark.parametrize(
    ("value", "fps", "index"),
    [
        (5, 2.0, 5), (9.515, 2.0, 9), ("5", 2.0, 5), ("-3", 1.0, -3),  # numbers and integer strings: indices
        ("5.0", 2.0, 10), ("9.515", 1.0, 9), ("9.515", 2.0, 19), ("2.5", 0.5, 1),  # other numbers: seconds
        ("01:05", 1.0, 65), ("00:01:05", 2.0, 130), ("0:00.9", 1.0, 0), ("01:05.7", 2.0, 131),  # clocks
        (-0.5, 1.0, 0), ("-0.5", 1.0, 0),  # cut off towards zero
        ("", 1.0, None), (None, 1.0, None), ("abc", 1.0, None), ("1:2:3:4", 1.0, None), ("nan", 1.0, None),
        ("a:b", 1.0, None), (float("inf"), 1.0, None),
    ],
)  # fmt: skip
def test_the_released_index(value, fps, index):
    assert released_index(value, fps) == index
