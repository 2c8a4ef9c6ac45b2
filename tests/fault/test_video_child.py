"""Whatever a file does to the process that probes it is a reason, and the next file is probed."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import psutil
import pytest

from components.video.probe import Limits, Worker, probe
from tests.support import videos

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def worker(request):
    worker = Worker(getattr(request, "param", Limits()))
    yield worker
    worker.close()


def start(worker, tmp_path):
    """Have the worker probe something, so that its child runs; returns a good clip and the child's pid."""
    clip = videos.sub_second(tmp_path / "good.mp4")
    assert worker.ask(clip, quick=False).ok
    return clip, worker.process.pid


def test_a_decoder_of_foreign_files_holds_no_keys(worker, tmp_path, monkeypatch):
    for name in ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "DB_PASSWORD"):
        monkeypatch.setenv(name, "sk-planted-secret")
    monkeypatch.setenv("PLANTED", "it is inherited")
    _, pid = start(worker, tmp_path)
    held = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"it is inherited" in held
    assert b"sk-planted-secret" not in held


def heavy(path, *, width=1920, height=1080, pictures=400):
    """One intra-coded picture stored many times: cheap to write, slow to decode."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        frame = av.VideoFrame(width, height, "yuvj420p")
        for plane in frame.planes:
            plane.update(bytes([90]) * plane.buffer_size)
        frame.pts = 0
        (first,) = [*stream.encode(frame), *stream.encode(None)]
        for number in range(pictures):
            packet = av.Packet(bytes(first))
            packet.pts = packet.dts = number
            packet.duration, packet.time_base, packet.stream, packet.is_keyframe = (
                1,
                first.time_base,
                stream,
                True,
            )
            container.mux(packet)
    return path


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_crash_is_a_reason_and_the_next_file_is_probed(worker, tmp_path, name):
    clip, child = start(worker, tmp_path)
    os.kill(child, signal.SIGSTOP)  # so that it is surely in the middle of the file

    def strike():
        time.sleep(0.3)
        os.kill(child, getattr(signal, name))
        os.kill(child, signal.SIGCONT)

    threading.Thread(target=strike).start()
    result = worker.ask(clip, quick=False)
    assert (result.reason, result.detail) == ("crash", f"the probing process ended with {name}")
    assert worker.ask(clip, quick=False).ok


@pytest.mark.parametrize("worker", [Limits(wall_s=5.0)], indirect=True)
def test_a_hang_is_a_timeout(worker, tmp_path):
    clip, child = start(worker, tmp_path)
    os.kill(child, signal.SIGSTOP)
    worker.child.limits = Limits(wall_s=0.5)
    result = worker.ask(clip, quick=False)
    assert (result.reason, result.detail) == ("timeout", "no answer within 0.5 s")
    assert not psutil.pid_exists(child)
    worker.child.limits = Limits()
    assert worker.ask(clip, quick=False).ok


def test_too_much_processor_time_is_a_timeout(tmp_path):
    result = probe(heavy(tmp_path / "a.mkv"), limits=Limits(cpu_s=0))
    assert (result.reason, result.detail) == ("timeout", "more than 0 processor seconds")


def test_too_much_memory_is_a_reason(worker, tmp_path):
    start(worker, tmp_path)
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    size = int(status.partition("VmSize:")[2].split()[0]) // 1024
    big = heavy(tmp_path / "a.mkv", width=7680, height=4320, pictures=1)
    assert probe(big).ok
    assert probe(big, limits=Limits(memory_mb=size + 16)).reason == "memory"


def test_a_child_that_died_between_two_files_is_nobodys_fault(worker, tmp_path):
    clip, child = start(worker, tmp_path)
    os.kill(child, signal.SIGKILL)
    psutil.Process(child).wait(10)
    assert worker.ask(clip, quick=False).ok


def test_a_child_cannot_write_files_and_leaves_no_core(worker, tmp_path):
    start(worker, tmp_path)
    limits = psutil.Process(worker.process.pid)
    assert limits.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert limits.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert limits.rlimit(psutil.RLIMIT_AS) == (4096 << 20, 4096 << 20)


def test_children_die_with_their_parent(tmp_path):
    video = heavy(tmp_path / "a.mkv", width=3840, height=2160, pictures=1500)
    code = f"from components.video.probe import probe; probe({str(video)!r})"
    parent = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)})
    deadline = time.monotonic() + 60
    children: list[psutil.Process] = []
    while not children and time.monotonic() < deadline:
        children = [c for c in psutil.Process(parent.pid).children(recursive=True) if busy(c)]
        time.sleep(0.02)
    assert children
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def busy(process):
    """Whether the child has begun its work (and so has set its death signal)."""
    return any("a.mkv" in opened.path for opened in process.open_files())
