"""Stage annotate on two machines that share: the second decodes nothing, asks nobody, makes equal bytes."""

from pathlib import Path

import pytest
import yaml

from components.annotate.engine.stage import plan_stage
from components.core.errors import StoreError
from components.world.scene import read_scenes
from tests.support import engine_child as engine
from tests.support.engine_run import clip_of
from tests.support.openai_server import serving
from tests.support.small_world import small_world
from tests.support.world_server import WorldModel

SHARE = "STREAMO_SHARE"


def frames(root: Path) -> list[str]:
    """Names of the frame files that a checkout has."""
    return sorted(path.name for path in (root / "runs/frames").glob("??/[0-9a-f]*"))


def test_the_second_machine_takes_answers_and_frames_from_the_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    model = WorldModel(data, small_world(data, clips=2))
    monkeypatch.delenv(SHARE, raising=False)
    with serving(model) as server:
        here, there = (engine.checkout(tmp_path / name, server.url) for name in ("here", "there"))
        params = yaml.safe_load((here / "params.yaml").read_text())
        (here / "params.yaml").write_text(yaml.safe_dump({**params, "shared": str(tmp_path / "share")}))
        with pytest.raises(StoreError, match=r"share: no such folder: mount or create"):
            engine.annotate(here, data)
        assert server.calls == 0
        (tmp_path / "share").mkdir()
        engine.annotate(here, data)
        calls = server.calls
        assert calls > 0
        assert "frames: decoded 2" in capsys.readouterr().err

        monkeypatch.setenv(SHARE, str(tmp_path / "share"))
        clips = [clip_of(scene) for scene in read_scenes(data, "train")]
        for task in engine.TASKS:
            plan = plan_stage(task, clips, engine.SECTION, media=data / "media", root=there)
            steps = plan.plain()["steps"]
            assert [step["about"]["calls"] for step in steps] == [0] * len(steps)
            assert sum(step["cached"] for step in steps) > 0
        engine.annotate(there, data)
        assert server.calls == calls
        assert "decoded" not in capsys.readouterr().err
        assert frames(there) == frames(here) and len(frames(here)) == 2
        assert engine.products(there) == engine.products(here)
        assert engine.kept(there) == engine.kept(here)
