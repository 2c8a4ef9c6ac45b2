"""Frames of six label tasks with and without the frame store, side by side; a fill on one and on all cores.

    PYTHONPATH=. python benchmarks/frame_store.py [--clips 8] [--seconds 60] [--frames 64] [FILE ...]

Without files: clips of 640x360 at 30 frames a second. One task asks for every second of a clip (narration),
five for at most `--frames` seconds evenly apart, as the label engine does (without its second looks at the
edges of events). Without the store each task decodes for itself, seeking where that is cheaper. Both ways
must give the same bytes. Quote the ratios: of processor seconds, children included, and of seconds on the
clock for one against all cores.
"""

import argparse
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from components.annotate.engine.looks import Looks, strided
from components.annotate.samples import Clip
from components.core.hashing import sha256_bytes
from components.video.frames import iter_frames_at
from components.video.framestore.fidelity import Fidelity
from components.video.framestore.store import FrameStore
from components.video.probe import probe_many
from components.video.root import MediaRoot

TASKS, SIDE, RATE = 6, 448, 30
Hashes = list[str]


def write_clip(path: Path, seed: int, seconds: int) -> None:
    """A clip of smooth shapes that move over a still background, in H.264."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:360, 0:640].astype(np.float32)
    still = generator.integers(0, 60, (360, 640, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(RATE), options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.codec_context.thread_count = 1
        for number in range(seconds * RATE):
            x, y = 320 + 250 * np.sin(number / 40 + seed), 180 + 120 * np.cos(number / 23)
            shape = 190 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 4000)
            picture = still + shape[:, :, None].astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def asked(clip: Clip, task: int, frames: int) -> list[int]:
    """The seconds that a task shows of a clip; the first task is narration."""
    return list(range(clip.last_turn + 1)) if task == 0 else strided(clip.last_turn, frames)


def without(media: MediaRoot, clips: Sequence[Clip], frames: int) -> Hashes:
    """Each task decodes each clip."""
    fidelity, found = Fidelity(SIDE), []
    for task in range(TASKS):
        for clip in clips:
            last = None
            for _, pixels in iter_frames_at(media.resolve(clip.video_id), asked(clip, task, frames)):
                if last is None or pixels is not last[0]:
                    last = (pixels, sha256_bytes(fidelity.encode(pixels)))
                found.append(last[1])
    return found


def stored(media: MediaRoot, clips: Sequence[Clip], frames: int, folder: Path) -> Hashes:
    """Each task reads what the first one decoded, as if in a process of its own."""
    found = []
    for task in range(TASKS):
        looks = Looks(media, SIDE, FrameStore(folder))
        looks.prepare(clips)
        for clip in clips:
            found += [image.sha256 for image in looks.frames(clip, asked(clip, task, frames))]
    return found


class Spent:
    """Seconds between two calls of a `with` block: of processors, children included, and on the clock."""

    def __enter__(self) -> "Spent":
        self.processor, self.clock = -_processor(), -time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.processor += _processor()
        self.clock += time.perf_counter()

    def __str__(self) -> str:
        return f"{self.processor:7.2f} processor s, {self.clock:7.2f} s"


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def compare(media: MediaRoot, clips: Sequence[Clip], frames: int, folder: Path) -> None:
    """Print both ways of six tasks."""
    with Spent() as alone:
        plain = without(media, clips, frames)
    with Spent() as cold:
        kept = stored(media, clips, frames, folder)
    with Spent() as again:
        warm = stored(media, clips, frames, folder)
    if not plain == kept == warm:
        print("the two ways give other frames")
    size = sum(path.stat().st_size for path in folder.glob("??/*.arrow"))
    turns = sum(clip.last_turn + 1 for clip in clips)
    print(f"{len(clips)} clips, {turns} s of video, {len(plain)} frames for {TASKS} tasks")
    print(f"  each task decodes: {alone}")
    for name, spent in (("cold", cold), ("warm", again)):
        ratio, faster = alone.processor / spent.processor, alone.clock / spent.clock
        print(f"  frame store, {name}: {spent}: {ratio:.1f}x less work, {faster:.1f}x as fast")
    print(f"  files: {size / 1e6:.1f} MB, {size / 1000 / turns:.1f} kB a second of video")


def cores(media: MediaRoot, clips: Sequence[Clip], folder: Path) -> None:
    """Print a fill by one child and by one a core."""
    seconds = []
    for workers in (1, len(os.sched_getaffinity(0))):
        looks = Looks(media, SIDE, FrameStore(folder / str(workers)), workers=workers)
        with Spent() as spent:
            looks.prepare(clips)
        seconds.append(spent.clock)
        print(f"  fill by {workers}: {spent}")
    print(f"  all cores against one: {seconds[0] / seconds[-1]:.2f}x as fast")


def main() -> None:
    """Run on the files given, or on generated clips."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=8, help="generated clips if no file is given")
    parser.add_argument("--seconds", type=int, default=60, help="of a generated clip")
    parser.add_argument("--frames", type=int, default=64, help="most frames of a question about a whole clip")
    parser.add_argument("files", nargs="*", type=Path, help="videos below one folder")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        media = Path(temporary) / "media"
        media.mkdir()
        for number in range(0 if args.files else args.clips):
            write_clip(media / f"{number}.mp4", number, args.seconds)
        for path in args.files:
            shutil.copy(path, media / path.name)
        paths = sorted(media.iterdir())
        root = MediaRoot(media)
        clips = [
            Clip(path.name, probe.duration_s)
            for path, probe in zip(paths, probe_many(paths, quick=True), strict=True)
            if probe.duration_s is not None
        ]
        compare(root, clips, args.frames, Path(temporary) / "frames")
        cores(root, clips, Path(temporary) / "cores")


if __name__ == "__main__":
    main()
