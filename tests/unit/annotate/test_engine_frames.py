"""Frames of the label engine: each video is decoded once for all tasks, and a cache changes no question."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import components.video.pick as picking
from components.annotate.engine.looks import Looks
from components.annotate.engine.pipelines import PIPELINES
from components.annotate.engine.run import annotate_clips
from components.annotate.samples import Clip
from components.core.errors import DataError
from components.video.framestore.fidelity import Fidelity
from components.video.framestore.store import FrameStore
from components.video.root import MediaRoot
from components.world.scene import Scene
from tests.support import engine_run as engine
from tests.support.openai_server import serving
from tests.support.small_world import params, small_world
from tests.support.world_server import WorldModel

CLIPS = 2
World = tuple[Path, list[Scene]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    return folder, small_world(folder, clips=CLIPS)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each video is opened for decoding, by its name."""
    counts: Counter[str] = Counter()
    pick = picking.pick

    def counting(path: Path, times_s: Any) -> Any:
        counts[path.name] += 1
        return pick(path, times_s)

    monkeypatch.setattr(picking, "pick", counting)
    return counts


def run(world: World, answers: Path, folders: list[Path]) -> tuple[list[Any], int, Counter[str]]:
    """All tasks, each as if alone: products, how many questions were sent, the stores' counts."""
    data, scenes = world
    products, counts = [], Counter[str]()
    with serving(WorldModel(data, scenes)) as server:
        asker = engine.asker(server, answers)
        for task, folder in zip(PIPELINES, folders, strict=True):
            store = FrameStore(folder)
            looks = Looks(MediaRoot(data / "media"), 448, store, workers=0)
            clips, weights = [engine.clip_of(scene) for scene in scenes], params()["annotate"]["weights"]
            done = annotate_clips(task, clips, asker, looks, engine.settings(), weights=weights, seed=0)
            products.append((done.labels, done.quarantine, done.answers, done.summary))
            counts += store.counts
        return products, server.calls, counts


def test_six_tasks_decode_each_video_once_and_a_cache_changes_nothing(
    world: World, tmp_path: Path, decoded: Counter[str]
) -> None:
    assert len(PIPELINES) == 6
    engine.looks(world[0]).prepare([engine.clip_of(scene) for scene in world[1]])  # the server's own frames
    decoded.clear()
    shared = [tmp_path / "frames"] * len(PIPELINES)
    cold = run(world, tmp_path / "answers", shared)
    assert set(decoded.values()) == {1} and len(decoded) == CLIPS
    assert cold[2] == Counter(decoded=CLIPS, held=CLIPS * (len(PIPELINES) - 1))
    warm = run(world, tmp_path / "answers", shared)
    assert decoded.total() == CLIPS and warm[2] == Counter(held=CLIPS * len(PIPELINES))
    none = run(world, tmp_path / "answers", [tmp_path / f"frames{n}" for n in range(len(PIPELINES))])
    assert none[2] == Counter(decoded=CLIPS * len(PIPELINES))
    assert cold[0] == warm[0] == none[0] and all(labels for labels, *_ in cold[0])
    assert cold[1] > 0 and (warm[1], none[1]) == (0, 0)  # the same frames: every answer is kept


def test_the_summary_states_the_fidelity(world: World, tmp_path: Path) -> None:
    data, scenes = world
    with serving(WorldModel(data, scenes)) as server:
        done = annotate_clips(
            "narration",
            [engine.clip_of(scene) for scene in scenes],
            engine.asker(server, tmp_path),
            engine.looks(data),
            engine.settings(),
            weights={"narration": 1.0},
            seed=0,
        )
    said = done.summary["fidelity"]
    assert said == Fidelity(448).plain
    stated = {name: said[name] for name in ("fps", "side", "format", "quality", "subsampling", "filter")}
    assert stated == {"fps": 1, "side": 448, "format": "JPEG", "quality": 90} | {
        "subsampling": "4:4:4",
        "filter": "bicubic",
    }
    assert said["encoder"].startswith("Pillow ") and said["decoder"].startswith("libavcodec ")


def test_a_picture_that_no_longer_verifies_is_made_again_and_never_shown(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, scenes = world
    clip, store = engine.clip_of(scenes[0]), FrameStore(tmp_path)
    looks = Looks(MediaRoot(data / "media"), 448, store, workers=0)
    seconds = range(clip.last_turn + 1)
    before = [bytes(image.data) for image in looks.frames(clip, seconds)]
    looks.forget()
    (path,) = tmp_path.glob("??/*.arrow")
    changed = bytearray(path.read_bytes())
    changed[changed.index(before[5]) + 200] ^= 16
    path.write_bytes(bytes(changed))
    assert [bytes(image.data) for image in looks.frames(clip, seconds)] == before
    assert store.counts == Counter(decoded=2, refused=1)
    assert "the picture of second 5 does not have its SHA-256" in capsys.readouterr().err


def test_a_video_that_cannot_be_decoded_is_asked_for_once(world: World, tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "bad.mp4").write_bytes(b"no video")
    store = FrameStore(tmp_path / "frames")
    looks = Looks(MediaRoot(tmp_path / "media"), 448, store, workers=0)
    clip = Clip("bad.mp4", 3.0)
    looks.prepare([clip])
    for _ in range(2):
        with pytest.raises(DataError, match=r"bad\.mp4: undecodable: cannot be decoded"):
            looks.frames(clip, [0])
    assert store.counts == Counter(failed_undecodable=1)
