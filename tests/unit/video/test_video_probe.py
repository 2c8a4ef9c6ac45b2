"""The probe on odd files: facts, reasons and notes."""

import os
from fractions import Fraction

import av
import pytest

from components.video.probe import Limits, probe, probe_many
from tests.support import videos


def test_a_plain_clip_is_ok_with_its_facts(tmp_path):
    result = probe(videos.plain(tmp_path / "a.mp4", seconds=2, rate=10))
    assert (result.status, result.reason, result.note) == ("ok", None, None)
    assert (result.duration_s, result.frames, result.fps, result.turns) == (2.0, 20, 10.0, 2)
    assert (result.width, result.height, result.rotation, result.codec) == (64, 48, 0, "h264")
    assert result.variable_rate is False


REJECTED = {
    "empty.mp4": (videos.empty, "empty_file"),
    "text.mp4": (videos.not_media, "not_media"),
    "tone.wav": (videos.audio_only, "audio_only"),
    "song.mp3": (videos.cover_picture, "audio_only"),
    "bare.mp4": (videos.no_stream, "no_video_stream"),
    "cut.mp4": (videos.truncated, "truncated"),
    "noise.mp4": (videos.scrambled, "undecodable"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_what_is_no_usable_video_is_rejected_with_a_reason(tmp_path, name):
    make, reason = REJECTED[name]
    result = probe(make(tmp_path / name))
    assert (result.status, result.reason) == ("rejected", reason)
    assert result.detail


def test_the_cover_picture_is_seen_by_ffmpeg_as_video(tmp_path):
    with av.open(str(videos.cover_picture(tmp_path / "a.mp3"))) as container:
        assert len(container.streams.video) == 1  # else the test above would show nothing


def test_a_playlist_never_opens_what_it_names(tmp_path):
    target = videos.plain(tmp_path / "a.ts")
    assert probe(videos.playlist(tmp_path / "a.m3u8", target)).reason == "not_media"


def test_special_files_are_rejected_without_opening_them(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for a writer for ever
    reasons = [result.reason for result in probe_many([tmp_path / "pipe", tmp_path, tmp_path / "none.mp4"])]
    assert reasons == ["not_a_regular_file", "not_a_regular_file", "not_found"]


def test_less_than_a_second_is_one_turn(tmp_path):
    result = probe(videos.sub_second(tmp_path / "a.mp4"))
    assert result.ok
    assert (result.duration_s, result.turns) == (0.1, 1)


def test_timestamps_out_of_order_are_ok_and_said(tmp_path):
    result = probe(videos.out_of_order(tmp_path / "a.mkv"))
    assert result.ok
    assert result.note == "timestamps out of order"
    assert (result.duration_s, result.frames) == (2.0, 20)


def test_no_duration_in_the_header_is_ok_and_said(tmp_path):
    result = probe(videos.no_header_duration(tmp_path / "a.mkv"))
    assert result.ok
    assert result.note == "no duration in the header"
    assert result.duration_s == 2.0


def test_uneven_gaps_are_a_variable_rate(tmp_path):
    assert probe(videos.variable_rate(tmp_path / "a.mp4")).variable_rate is True
    even = videos.write_video(
        tmp_path / "b.mkv", videos.constant(videos.FILM, 48), time_base=Fraction(1, 1000)
    )
    assert probe(even).variable_rate is False


@pytest.mark.parametrize(("counter_clockwise", "clockwise"), [(90, 270), (180, 180), (270, 90)])
def test_rotation_is_clockwise_degrees_and_size_is_as_stored(tmp_path, counter_clockwise, clockwise):
    result = probe(videos.rotated(tmp_path / "a.mp4", counter_clockwise))
    assert (result.rotation, result.width, result.height) == (clockwise, 64, 48)


def test_durations_count_from_the_first_frame(tmp_path):
    late = videos.write_video(tmp_path / "a.mkv", videos.constant(10, 20, start=5))
    result = probe(late)
    assert (result.duration_s, result.note) == (2.0, None)


def test_limits_become_reasons(tmp_path):
    clip = videos.plain(tmp_path / "a.mp4", seconds=3)
    assert probe(clip, limits=Limits(max_duration_s=2.0)).reason == "too_long"
    assert probe(clip, limits=Limits(max_pixels=64 * 47)).reason == "too_many_pixels"
    assert probe(clip, limits=Limits(max_streams=0)).reason == "too_many_streams"
    assert probe(clip, limits=Limits(max_duration_s=3.0, max_pixels=64 * 48, max_streams=1)).ok


def test_quick_reads_packets_and_decodes_nothing(tmp_path):
    clip = videos.variable_rate(tmp_path / "a.mp4")
    quick, full = probe(clip, quick=True), probe(clip)
    assert quick.rotation is None  # known only from a decoded frame
    assert (quick.duration_s, quick.frames, quick.fps) == (full.duration_s, full.frames, full.fps)
    assert probe(videos.scrambled(tmp_path / "b.mp4"), quick=True).ok


def test_many_files_keep_their_order_and_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["b.mp4", "none.mp4", "a.mp4", "t.mp4", "b.mp4"]
    for name in ("a.mp4", "b.mp4"):
        videos.sub_second(tmp_path / name)
    videos.not_media(tmp_path / "t.mp4")
    results = list(probe_many(names, workers=2))
    assert [result.path for result in results] == names
    assert [result.reason for result in results] == [None, "not_found", None, "not_media", None]


def test_a_name_that_is_not_text_is_rejected(tmp_path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mp4")
    result = probe(name)
    assert result.reason == "name_not_utf8"
    assert result.path.endswith("\\xff.mp4")
    assert result.path.encode("utf-8")


def test_the_shared_clips(shared_data):
    files = sorted(
        p for p in (shared_data / "videos").rglob("*") if p.suffix not in {".txt", ".json"} and p.is_file()
    )
    results = {os.path.basename(result.path): result for result in probe_many(files)}  # noqa: PTH119
    rejected = {name: result.reason for name, result in results.items() if not result.ok}
    assert rejected == {
        "Mpeg4.mp4": "no_video_stream",
        "mp4-with-audio.mp4": "audio_only",
        "test.wav": "audio_only",
    }
    short = {name for name, result in results.items() if result.ok and result.duration_s < 1}
    assert short == {"unordered.mov", "video_0.mov", "video_180.mov"}
    assert all(results[name].turns == 1 for name in short)
    assert results["video_180.mov"].rotation == 180
    assert results["no_duration.webm"].duration_s == pytest.approx(4.9, abs=0.05)
    assert "no duration in the header" in results["no_duration.webm"].note
    assert results["example.mp4"].fps == pytest.approx(23.976, abs=1e-3)
