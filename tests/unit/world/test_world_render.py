import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from components.core.errors import DataError
from components.core.hashing import sha256_tree
from components.video.frames import frames_at
from components.world.corpus import MARKER, generate
from components.world.draw import BACKGROUND, REGION, draw
from components.world.generate import sample_scenes
from components.world.scene import read_scenes
from tests.support.small_world import lengths, small_world


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world") / "data"
    return folder, small_world(folder, clips=3)


def test_the_same_seed_gives_the_same_bytes_in_another_process(world, tmp_path):
    folder, _ = world
    code = "import sys, tests.support.small_world as w; w.small_world(w.Path(sys.argv[1]), clips=3)"
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True, cwd=Path(__file__).parents[3])
    assert sha256_tree(tmp_path) == sha256_tree(folder)


def test_another_seed_gives_other_videos(world, tmp_path):
    folder, _ = world
    small_world(tmp_path, clips=1, seed=1)
    assert sha256_tree(tmp_path)["media/train/c0000.mp4"] != sha256_tree(folder)["media/train/c0000.mp4"]


def test_every_clip_decodes_to_exactly_its_frames(world):
    folder, scenes = world
    for scene in scenes:
        with av.open(str(folder / "media" / scene.video_id)) as container:
            stream = container.streams.video[0]
            assert stream.codec.name == "h264" and (stream.width, stream.height) == (56, 56)
            assert "creation_time" not in container.metadata
            instants = [float(frame.time) for frame in container.decode(stream)]
        assert instants == [index / 2 for index in range(2 * scene.duration_s)]


def test_the_frame_of_each_whole_second_shows_the_scene(world):
    folder, scenes = world
    scene = scenes[0]
    times = list(range(scene.duration_s))
    shown = frames_at(folder / "media" / scene.video_id, [float(t) for t in times])
    drawn = [draw(scene, t) for t in times]
    for t in times:
        errors = [np.abs(shown[t].astype(int) - other.astype(int)).mean() for other in drawn]
        same = [u for u in times if np.array_equal(drawn[u], drawn[t])]
        assert int(np.argmin(errors)) in same


def test_each_region_holds_one_thing(world):
    """A visual token of the tiny model is one 28 x 28 region: what happens in one never shows in another."""
    _, scenes = world
    scene = scenes[0]
    whole = draw(scene, 0)
    assert (whole[[0, -1], 0] == BACKGROUND).all()
    for t in range(scene.duration_s - 1):
        now, after = draw(scene, t), draw(scene, t + 1)
        changed = {
            (row, column)
            for row in range(2)
            for column in range(2)
            if not np.array_equal(_region(now, row, column), _region(after, row, column))
        }
        expected = set()
        if scene.lamp_at(t) != scene.lamp_at(t + 1):
            expected.add((0, 0))
        if (scene.jumping_at(t), scene.side_at(t)) != (scene.jumping_at(t + 1), scene.side_at(t + 1)):
            expected.add((0, 1))
        if scene.drop_at(t) != scene.drop_at(t + 1):
            expected.add((1, 0))
        if scene.sign_at(t) != scene.sign_at(t + 1):
            expected.add((1, 1))
        assert changed == expected


def _region(frame, row, column):
    return frame[row * REGION : (row + 1) * REGION, column * REGION : (column + 1) * REGION]


def test_scene_files_lie_beside_the_videos(world):
    folder, scenes = world
    assert read_scenes(folder, "train") == scenes == sample_scenes("train", 3, 0, lengths())
    names = sorted(path.name for path in (folder / "media" / "train").iterdir())
    assert names == ["c0000.mp4", "c0001.mp4", "c0002.mp4"]


def test_generate_publishes_whole_and_leaves_a_users_videos_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = "world: {clips: 1, heldout_sets: 0, lengths: {clip_s: [20, 20]}}\nseed: 4\n"
    Path("params.yaml").write_text(settings)
    generate(Path("data"))
    first = sha256_tree(Path("data"))
    generate(Path("data"))
    assert sha256_tree(Path("data")) == first and MARKER in first
    own = Path("own/media/film.mp4")
    own.parent.mkdir(parents=True)
    own.write_bytes(b"film")
    with pytest.raises(DataError, match="not generated here"):
        generate(Path("own"))
    assert own.read_bytes() == b"film"
