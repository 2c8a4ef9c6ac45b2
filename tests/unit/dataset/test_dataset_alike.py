"""Signatures and near-duplicates on real clips."""

from pathlib import Path

import numpy as np
import pytest

from components.core.errors import DataError
from components.dataset.alike import BITS, COLOUR, alike, alike_pairs, group
from components.dataset.signature import MAX_SECONDS, describe, furthest, grid, look, look_all
from components.world import render
from tests.support.clips import copy_again, pictures, save


def test_the_grid_holds_every_second_of_a_short_video_and_nests_for_long_ones() -> None:
    assert grid(0.4) == [0]
    assert grid(5.2) == [0, 1, 2, 3, 4, 5]
    for duration in (33.0, 64.0, 65.0, 500.0, 3600.0):
        seconds = grid(duration)
        assert len(seconds) <= MAX_SECONDS
        assert seconds[-1] < duration
        assert set(grid(2 * duration)) >= {second for second in seconds if second % (2 * (seconds[1])) == 0}


def test_many_videos_are_looked_at_as_one_by_one_and_a_broken_one_is_named(tmp_path: Path) -> None:
    names = ["c", "a", "d", "b", "e"]
    wanted = {name: (save(tmp_path / f"{name}.mp4", pictures(name)), 4.0) for name in names}
    found = list(look_all(wanted))
    assert [name for name, _ in found] == names
    for name, signature in found:
        assert furthest(signature, look(*wanted[name])) == (0, 0)
    wanted["d"][0].write_bytes(b"broken")
    with pytest.raises(DataError, match=r"d\.mp4"):
        list(look_all(wanted))


def test_a_flat_picture_has_no_bits_and_tells_its_colour() -> None:
    flat = np.full((30, 40, 3), (10, 90, 200), dtype=np.uint8)
    noisy = flat + np.random.default_rng(0).integers(0, 4, flat.shape, dtype=np.uint8)
    bits, colour = describe(flat)
    assert bits.tolist() == [0, 0, 0]
    assert colour.tolist() == [10, 90, 200]
    assert describe(noisy)[0].tolist() == [0, 0, 0]


def test_colours_of_one_brightness_are_different_pictures() -> None:
    red, green = np.zeros((2, 72, 72, 3), dtype=np.uint8)
    red[:, 32:, 0], green[:, 32:, 1] = 150, 150
    distance = np.bitwise_count(describe(red)[0] ^ describe(green)[0])
    assert distance.tolist() == [8, 8, 0]


@pytest.mark.parametrize(("scale", "crf"), [(1, 23), (2, 30), (3, 36)])
def test_a_copy_coded_again_is_a_near_duplicate(scale: int, crf: int, tmp_path: Path) -> None:
    one = save(tmp_path / "one.mp4", pictures("one"))
    other = copy_again(one, tmp_path / "other.mp4", scale=scale, crf=crf)
    assert one.read_bytes() != other.read_bytes()
    assert alike(look(one, 4.0), look(other, 4.0))


def test_a_clip_that_differs_in_one_second_is_none(tmp_path: Path) -> None:
    shown = pictures("one")
    changed = [*shown[:2], pictures("another")[2], shown[3]]
    one, other = look(save(tmp_path / "1.mp4", shown), 4.0), look(save(tmp_path / "2.mp4", changed), 4.0)
    assert not alike(one, other)
    assert furthest(one, other)[0] > BITS


def test_clips_of_the_embedded_world_are_no_near_duplicates_of_each_other(tmp_path: Path) -> None:
    scenes = render(tmp_path, clips=24, seed=5)
    signatures = {
        scene.video_id: look(tmp_path / "media" / scene.video_id, float(scene.duration_s)) for scene in scenes
    }
    assert list(alike_pairs(signatures)) == []
    nearest = min(
        furthest(one, other)[0]
        for name, one in signatures.items()
        for rival, other in signatures.items()
        if name != rival
    )
    assert nearest > BITS


def test_a_copy_is_found_among_world_clips_by_pictures_not_by_name(tmp_path: Path) -> None:
    scenes = render(tmp_path, clips=6, seed=5)
    media = tmp_path / "media"
    copy_again(media / scenes[3].video_id, media / "zzz.mp4")
    durations = {scene.video_id: float(scene.duration_s) for scene in scenes}
    durations["zzz.mp4"] = durations[scenes[3].video_id] + 0.02
    signatures = {name: look(media / name, duration) for name, duration in durations.items()}
    assert {frozenset(pair) for pair in alike_pairs(signatures)} == {
        frozenset({scenes[3].video_id, "zzz.mp4"})
    }


def test_equal_pictures_of_other_lengths_are_not_compared(tmp_path: Path) -> None:
    shown = pictures("one", 6)
    short, long = save(tmp_path / "1.mp4", shown[:4]), save(tmp_path / "2.mp4", shown)
    assert list(alike_pairs({"short": look(short, 4.0), "long": look(long, 6.0)})) == []


def test_a_darker_copy_is_another_video(tmp_path: Path) -> None:
    shown = [(picture * 0.8).astype(np.uint8) for picture in pictures("one")]
    one, other = save(tmp_path / "1.mp4", pictures("one")), save(tmp_path / "2.mp4", shown)
    assert furthest(look(one, 4.0), look(other, 4.0))[1] > COLOUR


def test_groups_join_equal_bytes_and_alike_pictures_through_others() -> None:
    digests = {"a": "1", "b": "1", "c": "2", "d": "3", "e": "4"}
    assert group(sorted(digests), digests, iter([("b", "c")])) == [["a", "b", "c"], ["d"], ["e"]]
