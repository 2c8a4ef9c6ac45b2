"""Pictures by number, size without decoding, content by the file's bytes."""

import pytest

from components.core.errors import DataError
from components.core.hashing import sha256_file
from components.video.root import MediaRoot
from components.video.source import VideoSource
from tests.support.videos import HEIGHT, WIDTH, constant, number_of, write_video


def test_pictures_are_numbered_by_turn_and_frame(tmp_path):
    write_video(tmp_path / "a.mp4", constant(10, 50))  # picture n is on screen from n / 10 s
    one, two = (VideoSource(MediaRoot(tmp_path), fps=fps) for fps in (1, 2))
    assert [number_of(image) for image in one.frames("a.mp4", 0, 5)] == [0, 10, 20, 30, 40]
    assert [number_of(image) for image in one.frames("a.mp4", 2, 4)] == [20, 30]
    assert [number_of(image) for image in two.frames("a.mp4", 3, 6)] == [15, 20, 25]


@pytest.mark.parametrize("rotation", [0, 90])
def test_size_is_that_of_the_pictures_but_for_a_turn(tmp_path, rotation):
    write_video(tmp_path / "a.mp4", constant(5, 5), rotation=rotation)
    source = VideoSource(MediaRoot(tmp_path))
    (image,) = source.frames("a.mp4", 0, 1)
    assert source.size("a.mp4") == (HEIGHT, WIDTH)
    assert image.shape[:2] == ((WIDTH, HEIGHT) if rotation else (HEIGHT, WIDTH))


def test_content_follows_the_bytes(tmp_path):
    path = write_video(tmp_path / "a.mp4", constant(5, 5))
    source = VideoSource(MediaRoot(tmp_path))
    before = source.content("a.mp4")
    assert before == sha256_file(path) == source.content("a.mp4")
    write_video(path, constant(5, 9))
    assert source.content("a.mp4") == sha256_file(path) != before


def test_what_is_no_video_is_named(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    source = VideoSource(MediaRoot(tmp_path))
    with pytest.raises(DataError, match=r"a\.mp4: not a readable video"):
        source.size("a.mp4")
    with pytest.raises(DataError, match="no such file"):
        source.content("b.mp4")
