"""A fill that is killed, and two at once: no half file, one video decoded again at most, none twice."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from components.cli.main import main
from components.video.framestore.keep import verify
from components.video.framestore.store import FrameStore
from tests.support import frame_checkout as frames
from tests.support.frame_checkout import CLIPS

T = TypeVar("T")
WORKER = "components.video.framestore.worker"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return frames.checkout(tmp_path / "checkout")


def until(holds: Callable[[], T], process: "subprocess.Popen[str]") -> T:
    """The first true value of `holds` while the process lives."""
    deadline = time.monotonic() + 120
    while not (found := holds()):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.002)
    return found


def decoding(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """Its children that decode."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if WORKER in child.cmdline()]


def test_a_killed_fill_leaves_no_half_file_and_costs_one_video(root: Path) -> None:
    process = frames.fill(root)
    until(lambda: len(frames.files(root)) >= 2, process)
    children = decoding(process)
    process.kill()
    process.communicate()
    assert children and not psutil.wait_procs(children, timeout=30)[1]
    done = frames.files(root)
    assert 2 <= len(done) < CLIPS and len(frames.unfinished(root)) <= 1
    assert verify(FrameStore(root / "runs" / "frames")) == (len(done), [])
    again = frames.told(frames.fill(root))
    assert (again["held"], again["decoded"], again["failed"]) == (len(done), CLIPS - len(done), 0)
    assert not frames.unfinished(root) and len(frames.files(root)) == CLIPS


def test_a_killed_child_costs_one_video_and_no_label(root: Path) -> None:
    process = frames.fill(root)
    until(lambda: frames.files(root), process)
    (child,) = decoding(process)
    child.suspend()
    until(lambda: frames.unfinished(root), process)
    time.sleep(0.2)  # by now it has been asked for this one
    child.kill()
    told = frames.told(process)
    assert (told["decoded"], told["decoded_again"], told["failed"]) == (CLIPS, 1, 0)
    assert verify(FrameStore(root / "runs" / "frames")) == (CLIPS, [])


def test_two_at_once_decode_each_video_once(root: Path) -> None:
    both = [frames.told(process) for process in [frames.fill(root), frames.fill(root)]]
    assert sum(told.get("decoded", 0) for told in both) == CLIPS
    assert sum(told.get("held", 0) for told in both) == CLIPS


def test_the_commands_say_what_they_did(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "media" / "3.mp4").write_bytes(b"no video")
    out, said = frames.fill(root).communicate(timeout=300)
    assert '"failed": 1' in out and '"failed_undecodable": 1' in out and f'"decoded": {CLIPS - 1}' in out
    assert "3.mp4: undecodable" in said and "Traceback" not in said
    monkeypatch.chdir(root)
    path = min((root / "runs" / "frames").glob("??/*.arrow"))
    path.write_bytes(path.read_bytes()[:-1])
    assert main(["frames", "verify"]) == 1
    assert f"{CLIPS - 1} files, 1 refused" in capsys.readouterr().out
    assert main(["frames", "verify"]) == 0
    assert main(["frames", "prune"]) == 0
    assert "1 files gone" in capsys.readouterr().out  # the refused one
    for video in sorted(root.glob("media/?.mp4")):
        if video.name != "3.mp4":
            last = video
            assert main(["frames", "prune", "--of", str(video)]) == 0
            if "1 files gone" in capsys.readouterr().out:
                break
    assert main(["frames", "prune", "--of", str(last)]) == 0
    assert "0 files gone" in capsys.readouterr().out
    assert main(["frames", "prune", "--of", "nothing.mp4"]) == 2
    assert main(["frames", "prune", "--keep-gb", "0", "--json"]) == 0
    assert f'"gone": {CLIPS - 3}' in capsys.readouterr().out
    assert main(["frames", "prune", "--keep-gb", "-1"]) == 2
    assert main(["frames", "fill", "--manifest", "none.parquet"]) == 1
    (root / "params.yaml").write_text("frames: {folder: null}")
    assert main(["frames", "prune"]) == 2
