"""Any spacing of pictures, any group structure, any list of instants: the reference and `frames_at` agree."""

import tempfile
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from components.video.frames import frames_at
from components.video.limits import Limits
from components.video.probe import Worker
from components.video.times import num_turns
from tests.support import videos
from tests.support.reference import reference_frames

gaps_ms = st.lists(st.integers(10, 700), min_size=0, max_size=40)
instants_s = st.lists(st.floats(-1, 12, allow_nan=False), min_size=1, max_size=12)


def make(folder, gaps, start_ms, keyframes, b_frames, suffix):
    times = [Fraction(ms, 1000) for ms in accumulate(gaps, initial=start_ms)]
    options = {"g": str(keyframes), "bf": str(b_frames), "sc_threshold": "0"}
    return times, videos.write_video(
        Path(folder) / f"a.{suffix}", times, options=options, time_base=Fraction(1, 1000)
    )


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    gaps_ms,
    st.integers(0, 3000),
    st.integers(1, 30),
    st.integers(0, 3),
    st.sampled_from(["mp4", "mkv"]),
    instants_s,
)
def test_frames_at_equals_the_reference(gaps, start_ms, keyframes, b_frames, suffix, instants):
    with tempfile.TemporaryDirectory() as folder:
        times, path = make(folder, gaps, start_ms, keyframes, b_frames, suffix)
        exact = [float(time - times[0]) for time in times]  # instants that fall on a picture
        for chosen in (instants, exact):
            expected = reference_frames(path, chosen)
            assert all(np.array_equal(a, b) for a, b in zip(frames_at(path, chosen), expected, strict=True))
        assert [videos.number_of(image) for image in frames_at(path, exact)] == list(range(len(times)))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(gaps_ms, st.integers(0, 3000), st.sampled_from(["mp4", "mkv"]))
def test_probed_duration_spans_the_timestamps(gaps, start_ms, suffix):
    worker = Worker(Limits())
    with tempfile.TemporaryDirectory() as folder:
        times, path = make(folder, gaps, start_ms, 12, 2, suffix)
        result = worker.ask(path, quick=False)
        worker.close()
        assert result.ok
        assert result.frames == len(times)
        span = float(times[-1] - times[0])
        assert span < result.duration_s <= span + 1.01  # and the last picture's own duration
        assert result.turns == num_turns(result.duration_s)
