"""frames_at against a reference that decodes everything and compares timestamps."""

import itertools
import json
from fractions import Fraction

import av
import numpy as np
import pytest

from components.core.errors import DataError
from components.video import pick
from components.video.frames import frames_at, iter_frames_at, num_turns, turn_times
from components.video.probe import probe_many
from components.video.reader import Reader
from tests.support import videos
from tests.support.reference import reference_frames

B_FRAMES = {"bf": "3", "g": "12", "b-adapt": "0"}
CLIPS = {
    "ntsc.mp4": lambda p: videos.write_video(p, videos.constant(videos.NTSC, 150), options=B_FRAMES),
    "film.mkv": lambda p: videos.write_video(
        p, videos.constant(videos.FILM, 120), time_base=Fraction(1, 1000)
    ),
    "vfr.mp4": videos.variable_rate,
    "late.mp4": lambda p: videos.write_video(
        p, videos.constant(10, 40, start=Fraction(7, 3)), options=B_FRAMES
    ),
    "late.ts": lambda p: videos.write_video(p, videos.constant(25, 60, start=3), options=B_FRAMES),
    "short.mov": videos.sub_second,
    "turned.mp4": videos.rotated,
    "unordered.mkv": videos.out_of_order,
    "live.mkv": videos.no_header_duration,
    "one.mp4": lambda p: videos.write_video(p, [Fraction(0)]),
    "vp9.webm": lambda p: videos.write_video(
        p, videos.constant(10, 40), codec="libvpx-vp9", options={"g": "5"}
    ),
    "hevc.mp4": lambda p: videos.write_video(
        p,
        videos.constant(15, 60),
        codec="libx265",
        options={"x265-params": "log-level=none:keyint=15:bframes=4"},
    ),
    "open.mkv": lambda p: videos.write_video(  # groups whose first pictures lean on the group before
        p, videos.constant(30, 150), options={"g": "14", "bf": "3", "x264-params": "open-gop=1:b-adapt=0"}
    ),
    "refresh.ts": lambda p: videos.write_video(  # no whole keyframe after the first, only recovery points
        p, videos.constant(30, 150), options={"g": "20", "bf": "0", "x264-params": "intra-refresh=1"}
    ),
    "raw.h264": lambda p: videos.write_video(p, videos.constant(25, 50)),
    "storage.avi": lambda p: videos.write_video(
        p, videos.constant(25, 50), options=B_FRAMES, time_base=Fraction(1, 25)
    ),
}


@pytest.mark.parametrize("name", CLIPS)
def test_every_instant_shows_the_last_picture_not_after_it(tmp_path, name):
    path = CLIPS[name](tmp_path / name)
    end = 6.5
    instants = [*turn_times(num_turns(end), 7), -1.0, 0.0, end, 1e6, 0.4, 0.4]
    expected = reference_frames(path, instants)
    for instant, ours, theirs in zip(instants, frames_at(path, instants), expected, strict=True):
        assert np.array_equal(ours, theirs), f"another picture at {instant} s"


@pytest.mark.parametrize(
    "name", ["ntsc.mp4", "vfr.mp4", "late.mp4", "film.mkv", "hevc.mp4", "vp9.webm", "open.mkv", "refresh.ts"]
)
def test_few_instants_give_the_same_as_all(tmp_path, name):
    path = CLIPS[name](tmp_path / name)
    for instant in (0.0, 0.9, 1.0, 1.7, 2.9, 3.9):
        assert np.array_equal(frames_at(path, [instant])[0], reference_frames(path, [instant])[0])


def test_at_29_97_fps_turn_4_shows_second_4_and_not_the_stride(tmp_path):
    path = CLIPS["ntsc.mp4"](tmp_path / "ntsc.mp4")
    shown = [videos.number_of(image) for image in frames_at(path, turn_times(5))]
    assert shown == [0, 29, 59, 89, 119]  # an integer stride of 29 would give 0, 29, 58, 87, 116


def test_avi_shows_pictures_in_the_order_of_display(tmp_path):
    path = CLIPS["storage.avi"](tmp_path / "a.avi")
    assert [videos.number_of(image) for image in frames_at(path, [n / 25 for n in range(50)])] == list(
        range(50)
    )


def test_rotation_is_applied(tmp_path):
    straight = frames_at(videos.plain(tmp_path / "a.mp4"), [1.0])[0]
    turned = frames_at(videos.rotated(tmp_path / "b.mp4", 90), [1.0])[0]
    assert straight.shape == (48, 64, 3)
    assert turned.shape == (64, 48, 3)
    assert turned.flags.c_contiguous
    assert videos.number_of(np.rot90(turned, -1)) == videos.number_of(straight) == 10


def test_pictures_before_the_edit_list_are_never_shown(tmp_path):
    """A stream copied from inside a group keeps its lead-in pictures, marked as not to be shown."""
    whole = videos.write_video(tmp_path / "a.mp4", videos.constant(10, 40), options={"g": "20", "bf": "0"})
    with av.open(str(whole)) as source, av.open(str(tmp_path / "b.mp4"), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        base = source.streams.video[0].time_base
        for packet in source.demux(video=0):
            if packet.size:
                shift = round(Fraction(1, 2) / base)
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = stream
                target.mux(packet)
    instants = turn_times(4, 5)
    for ours, theirs in zip(
        frames_at(tmp_path / "b.mp4", instants), reference_frames(tmp_path / "b.mp4", instants), strict=True
    ):
        assert np.array_equal(ours, theirs)
    assert videos.number_of(frames_at(tmp_path / "b.mp4", [0.0])[0]) == 5


def test_a_container_that_misses_its_keyframes_is_read_through(tmp_path, monkeypatch):
    path = CLIPS["ntsc.mp4"](tmp_path / "a.mp4")
    missed = []
    monkeypatch.setattr(Reader, "_seek", lambda self, key: missed.append(key))
    assert [videos.number_of(image) for image in frames_at(path, turn_times(5))] == [0, 29, 59, 89, 119]
    assert len(missed) == 1


@pytest.mark.parametrize("name", sorted(set(CLIPS) - {"unordered.mkv", "raw.h264", "storage.avi"}))
def test_ordinary_files_are_decoded_once(tmp_path, monkeypatch, name):
    path = CLIPS[name](tmp_path / name)

    def twice(*_):
        raise AssertionError("took the slow way")

    monkeypatch.setattr(pick, "_by_order", twice)
    assert len(frames_at(path, turn_times(6, 4))) == 24


def test_a_picture_that_does_not_come_is_looked_for_the_sure_way(tmp_path, monkeypatch):
    path = CLIPS["ntsc.mp4"](tmp_path / "a.mp4")
    monkeypatch.setattr(Reader, "find", lambda self, pts: None)
    assert [videos.number_of(image) for image in frames_at(path, turn_times(5))] == [0, 29, 59, 89, 119]


def test_instants_that_show_one_picture_share_it(tmp_path):
    images = frames_at(videos.plain(tmp_path / "a.mp4"), [0.0, 0.01, 0.1])
    assert images[0] is images[1]
    assert images[0] is not images[2]


@pytest.mark.parametrize("name", ["ntsc.mp4", "unordered.mkv", "storage.avi", "late.ts"])
def test_iteration_yields_each_position_once_in_order_of_time(tmp_path, name):
    path = CLIPS[name](tmp_path / name)
    instants = [*turn_times(4, 10), 0.25, 9.0, 0.25, -1.0]
    places = [place for place, _ in iter_frames_at(path, instants)]
    assert sorted(places) == list(range(len(instants)))
    assert [instants[place] for place in places] == sorted(instants)
    assert list(iter_frames_at(path, [])) == []


def test_files_that_cannot_be_shown_are_named(tmp_path):
    for make in (videos.audio_only, videos.not_media):
        path = make(tmp_path / f"{make.__name__}.wav")
        with pytest.raises(DataError, match=path.name):
            frames_at(path, [0.0])
    with pytest.raises(ValueError, match="finite"):
        frames_at(videos.sub_second(tmp_path / "a.mp4"), [float("nan")])


def test_the_shared_clips_against_the_reference(shared_data):
    for path in sorted((shared_data / "videos").rglob("*")):
        if path.suffix in {".mov", ".mkv"} or path.name in {"nasa_13013.mp4", "no_duration.webm", "demo.mp4"}:
            instants = turn_times(14, 2)
            pairs = zip(frames_at(path, instants), reference_frames(path, instants), strict=True)
            assert all(np.array_equal(ours, theirs) for ours, theirs in pairs), path.name


def test_every_usable_shared_clip_shows_what_its_timestamps_say(shared_data):
    """Second by second, against one pass over the pictures in the order of their timestamps."""
    files = [path for path in sorted((shared_data / "videos").rglob("*")) if path.suffix in {".mp4", ".webm"}]
    usable = [probe for probe in probe_many(files, quick=True) if probe.ok]
    assert len(usable) >= 10
    for probe in usable:
        instants = turn_times(min(30, num_turns(probe.duration_s)))
        shown = dict(iter_frames_at(probe.path, instants))
        assert len(shown) == len(instants)
        for position, picture in by_timestamp(probe.path, instants):
            assert np.array_equal(shown[position], picture), f"{probe.path} at {instants[position]} s"


def by_timestamp(path, instants):
    """(position, picture): the last picture whose timestamp, from the first on, is not past the instant."""
    with av.open(str(path)) as container:
        frames = ((frame.time, frame) for frame in container.decode(video=0))
        first, before = next(frames)
        waiting = list(enumerate(instants))
        for time_s, frame in itertools.chain(frames, [(float("inf"), None)]):
            while waiting and waiting[0][1] < time_s - first - 1e-6:
                yield waiting.pop(0)[0], before.to_ndarray(format="rgb24")
            before = frame


def test_the_published_timestamps_of_every_frame(shared_data, tmp_path):
    """torchcodec's list of all frames: the n-th is on screen from its pts until the next one's."""
    folder = shared_data / "videos" / "torchcodec"
    listed = json.loads((folder / "nasa_13013.mp4.stream3.all_frames_info.json").read_text())
    times = [float(frame["pts_time"]) for frame in listed]
    alone = tmp_path / "stream3.mp4"
    with av.open(str(folder / "nasa_13013.mp4")) as source, av.open(str(alone), "w") as target:
        stream = target.add_stream_from_template(source.streams[3])
        for packet in source.demux(source.streams[3]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    with av.open(str(alone)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == len(times) == 390
    shown = frames_at(alone, times)
    just_before = frames_at(alone, [t - 0.001 for t in times])
    for n in range(0, 390, 7):
        assert np.array_equal(shown[n], pictures[n])
        assert np.array_equal(just_before[n], pictures[max(0, n - 1)])
