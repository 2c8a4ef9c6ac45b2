import json
from itertools import pairwise

import numpy as np
import pytest

from components.core.errors import DataError, UsageError
from components.core.files import write_json
from components.core.seeds import rng
from components.world.generate import sample_scenes
from components.world.sample import Lengths, sample_scene
from components.world.scene import Scene, read_scene, scene_from_json
from components.world.words import AMBER, ITEMS, OPPOSITE

LENGTHS = Lengths()
SCENES = sample_scenes("train", 200, 0, LENGTHS)


def within(span, limits):
    return limits[0] <= span.end - span.start <= limits[1]


def covers(spans, duration):
    return (
        spans[0].start == 0
        and spans[-1].end == duration
        and all(a.end == b.start for a, b in pairwise(spans))
    )


def test_a_scene_survives_json(tmp_path):
    path = tmp_path / "scene.json"
    write_json(path, SCENES[3].to_json())
    assert read_scene(path) == SCENES[3]


@pytest.mark.parametrize("broken", [[], {}, {"schema": 9}, {"schema": 1, "video_id": "x"}])
def test_a_foreign_scene_file_is_refused_by_name(broken):
    with pytest.raises(DataError, match=r"scenes/a\.json"):
        scene_from_json(broken, "scenes/a.json")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.video_id)
def test_timelines_keep_to_the_lengths(scene: Scene):
    assert LENGTHS.clip_s[0] <= scene.duration_s <= LENGTHS.clip_s[1]
    assert covers(scene.lamp, scene.duration_s) and covers(scene.side, scene.duration_s)
    assert covers(scene.sign, scene.duration_s)
    assert all(within(span, LENGTHS.amber_s) for span in scene.lamp if span.value == AMBER)
    assert all(within(span, LENGTHS.jump_s) for span in scene.jumps)
    assert all(within(span, LENGTHS.drop_s) for span in scene.drops)
    assert 1 <= len(scene.jumps) <= LENGTHS.jumps[1] and 1 <= len(scene.drops) <= LENGTHS.drops[1]


@pytest.mark.parametrize("scene", SCENES[:50], ids=lambda scene: scene.video_id)
def test_events_are_apart_inside_the_clip_and_unambiguous(scene: Scene):
    for spans in (scene.jumps, scene.drops):
        assert spans[0].start >= 1 and spans[-1].end < scene.duration_s
        assert all(b.start > a.end for a, b in pairwise(spans))
    items = [span.value for span in scene.drops]
    assert len({*items, scene.actor}) == len(items) + 1 and set(items) <= set(ITEMS)
    for before, amber, after in zip(scene.lamp, scene.lamp[1:], scene.lamp[2:], strict=False):
        if amber.value == AMBER:
            assert after.value == OPPOSITE[before.value] == scene.lamp_next(amber.start)


def test_a_further_clip_changes_no_other():
    assert sample_scenes("train", 3, 5, LENGTHS) == sample_scenes("train", 6, 5, LENGTHS)[:3]
    assert sample_scenes("train", 3, 6, LENGTHS) != sample_scenes("train", 3, 5, LENGTHS)


def test_events_that_do_not_fit_are_left_out_rather_than_squeezed():
    crowded = Lengths(clip_s=(8, 8), jumps=(9, 9), jump_s=(3, 3))
    scene = sample_scene("train/c.mp4", rng(0, "crowded"), crowded)
    assert len(scene.jumps) == 1 and within(scene.jumps[0], (3, 3))


def test_counting_and_memory_follow_the_timelines():
    scene = SCENES[0]
    for t in np.arange(0, scene.duration_s, 0.5):
        assert scene.jumps_by(t) == sum(1 for span in scene.jumps if t >= span.end)
        assert scene.drops_by(t) == [span.value for span in scene.drops if t >= span.end]


def test_lengths_of_params_are_checked():
    assert Lengths.from_params({"jump_s": [1, 2]}).jump_s == (1, 2)
    for wrong in ({"jump_s": [3, 2]}, {"jump_s": [0, 2]}, {"flights": [1, 2]}, {"jump_s": [1, 2, 3]}):
        with pytest.raises(UsageError, match=f"world.lengths.{next(iter(wrong))}"):
            Lengths.from_params(wrong)


def test_scene_files_hold_plain_whole_seconds():
    text = json.dumps(SCENES[0].to_json())
    assert "." not in text.replace(".mp4", "")
