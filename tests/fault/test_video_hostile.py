"""Headers that lie: pictures of 64k x 64k, videos without an end, thousands of streams.

The files are made here and are small; what they promise is not. A child process reads them within 2 GiB of
address space, where one such picture alone would be 6.4 GB, and no picture makes it meet that limit.
"""

import struct
from pathlib import Path

import pytest

from components.video.limits import Limits
from components.video.probe import probe, probe_many
from tests.support.videos import constant, write_video

HUGE = 65_535
LIMITS = Limits(memory_mb=2048, cpu_s=20, wall_s=60.0, max_duration_s=3600.0)


def boxes(data: bytes, name: bytes) -> list[int]:
    """Where the bodies of all boxes of this name begin."""
    found, at = [], data.find(name)
    while at >= 0:
        found.append(at + 4)
        at = data.find(name, at + 4)
    return found


def patched(path: Path, name: bytes, offset: int, value: bytes) -> None:
    """Write `value` at `offset` of the first such box."""
    data = bytearray(path.read_bytes())
    at = boxes(bytes(data), name)[0] + offset
    data[at : at + len(value)] = value
    path.write_bytes(bytes(data))


def huge_pictures(path: Path) -> Path:
    """Every JPEG of the file says it is 65,535 x 65,535."""
    data = bytearray(path.read_bytes())
    at = data.find(b"\xff\xc0")
    while at >= 0:
        data[at + 5 : at + 9] = struct.pack(">HH", HUGE, HUGE)
        at = data.find(b"\xff\xc0", at + 4)
    path.write_bytes(bytes(data))
    return path


def huge_header(path: Path) -> Path:
    """The sample description says it too."""
    data = bytearray(path.read_bytes())
    at = boxes(bytes(data), b"stsd")[0] + 8 + 8 + 24  # box, entry, fields before width
    assert struct.unpack(">HH", data[at : at + 4]) == (64, 48)
    data[at : at + 4] = struct.pack(">HH", HUGE, HUGE)
    path.write_bytes(bytes(data))
    return path


def test_a_header_of_64k_by_64k_is_not_believed(tmp_path):
    path = huge_header(write_video(tmp_path / "huge.mov", constant(10, 20), codec="mjpeg"))
    found = probe(path, limits=LIMITS)
    assert (found.ok, found.width, found.height) == (True, 64, 48)


@pytest.mark.parametrize("also", [lambda path: path, huge_header])
def test_pictures_of_64k_by_64k_are_never_made(tmp_path, also):
    path = also(huge_pictures(write_video(tmp_path / "huge.mov", constant(10, 20), codec="mjpeg")))
    found = probe(path, limits=LIMITS)
    assert found.reason in {"too_many_pixels", "undecodable"}, found
    assert probe(path, quick=True, limits=LIMITS).ok  # sees no picture, and takes no memory for one


def test_a_video_without_an_end_is_too_long(tmp_path):
    path = write_video(tmp_path / "endless.mov", constant(10, 20), codec="mjpeg")
    data = path.read_bytes()
    at = boxes(data, b"stts")[0]
    count = struct.unpack(">I", data[at + 4 : at + 8])[0]
    for entry in range(count):
        patched(path, b"stts", 8 + 8 * entry + 4, struct.pack(">I", 0x7FFF_FFFF))
    assert probe(path, limits=LIMITS).reason == "too_long"


def test_a_header_that_promises_years_is_not_believed(tmp_path):
    path = write_video(tmp_path / "years.mov", constant(10, 20), codec="mjpeg")
    patched(path, b"mvhd", 16, struct.pack(">I", 0xFFFF_FFF0))
    found = probe(path, limits=LIMITS)
    assert found.ok
    assert found.duration_s == pytest.approx(2.0)


def with_tracks(path: Path, count: int) -> Path:
    """The only track of a MOV, `count` times: its index stands behind the pictures, so no offset moves."""
    data = path.read_bytes()
    moov, trak = boxes(data, b"moov")[0], boxes(data, b"trak")[0]
    assert moov > boxes(data, b"mdat")[0]
    size = struct.unpack(">I", data[trak - 8 : trak - 4])[0]
    track = data[trak - 8 : trak - 8 + size]
    body = data[moov : trak - 8] + track * count + data[trak - 8 + size :]
    path.write_bytes(data[: moov - 8] + struct.pack(">I", len(body) + 8) + b"moov" + body)
    return path


def test_hundreds_of_streams_are_too_many(tmp_path):
    path = with_tracks(write_video(tmp_path / "many.mov", constant(10, 20), codec="mjpeg"), 900)
    assert probe(path, limits=LIMITS).reason == "too_many_streams"


def test_thousands_of_streams_end_at_a_limit(tmp_path):
    """Beyond a thousand FFmpeg does not open the file, or meets the child's memory limit before."""
    path = with_tracks(write_video(tmp_path / "many.mov", constant(10, 20), codec="mjpeg"), 5000)
    assert probe(path, limits=LIMITS).reason in {"too_many_streams", "not_media", "memory"}


def test_none_of_them_takes_the_others_with_it(tmp_path):
    good = write_video(tmp_path / "good.mov", constant(10, 20), codec="mjpeg")
    bad = huge_pictures(write_video(tmp_path / "bad.mov", constant(10, 20), codec="mjpeg"))
    results = list(probe_many([bad, good, bad], limits=LIMITS))
    assert [one.ok for one in results] == [False, True, False]
