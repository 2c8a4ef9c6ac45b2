"""Frames by time, side by side: one pass (`frames_at`), a seek for every frame, and decoding everything.

    PYTHONPATH=. python benchmarks/bench_frames.py [--clips 600] [FILE ...]

Without files: clips as the embedded world has them (56x56, 2 frames a second, 24 s). All three ways read the
same files in one run and must give the same pictures; quote the ratios. Frames are counted in processor
seconds of this process, probes (which run in a child) in seconds on the clock.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from components.video import media
from components.video.frames import Image, frames_at, iter_frames_at, num_turns, to_rgb, turn_times
from components.video.probe import probe_many
from components.video.times import last_tick

SIZE, RATE, SECONDS = 56, 2, 24
Way = Callable[[Path, Sequence[float]], list[Image]]


def by_seeking(path: Path, instants: Sequence[float]) -> list[Image]:
    """What most loaders do: for each frame, seek to the keyframe before it and decode up to it."""
    images, converter = [], VideoReformatter()
    with media.open_media(path) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        origin = next(container.decode(stream)).pts
        for instant in instants:
            tick = last_tick(instant, origin, stream.time_base)
            container.seek(tick, stream=stream)
            shown = None
            for frame in container.decode(stream):
                if shown is not None and frame.pts > tick:
                    break
                shown = frame
            images.append(to_rgb(shown, converter))
    return images


def by_decoding_all(path: Path, instants: Sequence[float]) -> list[Image]:
    """Decode and convert every picture, then choose."""
    converter = VideoReformatter()
    with media.open_media(path) as container:
        stream = container.streams.video[0]
        stream.thread_count, base = 1, stream.time_base
        decoded = sorted(
            ((frame.pts, to_rgb(frame, converter)) for frame in container.decode(stream)), key=lambda e: e[0]
        )
    pts = [tick for tick, _ in decoded]
    ticks = [last_tick(instant, pts[0], base) for instant in instants]
    return [decoded[max(0, int(np.searchsorted(pts, tick, "right")) - 1)][1] for tick in ticks]


WAYS: dict[str, Way] = {"one pass": frames_at, "seek per frame": by_seeking, "decode all": by_decoding_all}


def write_clip(path: Path, seed: int) -> None:
    """A clip like the embedded world's: H.264 crf 18, ultrafast, one thread."""
    noise = np.random.default_rng(seed)
    with av.open(str(path), "w") as container:
        options = {"crf": "18", "preset": "ultrafast", "threads": "1"}
        stream = container.add_stream("libx264", rate=Fraction(RATE), options=options)
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for _ in range(SECONDS * RATE):
            blocks = noise.integers(0, 255, (SIZE // 14, SIZE // 14, 3), dtype=np.uint8)
            picture = np.kron(blocks, np.ones((14, 14, 1), np.uint8))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def measure(files: list[Path]) -> None:
    """Print seconds and ratios of the three ways over all files, interleaved file by file."""
    spent = dict.fromkeys(WAYS, 0.0)
    frames = 0
    for path, result in zip(files, probe_many(files, quick=True), strict=True):
        instants = turn_times(num_turns(result.duration_s or 0.0))
        frames += len(instants)
        images = {}
        for name, way in WAYS.items():
            start = time.process_time()
            images[name] = way(path, instants)
            spent[name] += time.process_time() - start
        for name in WAYS:
            same = all(np.array_equal(a, b) for a, b in zip(images["one pass"], images[name], strict=True))
            if not same:
                print(f"{path}: {name} gives other pictures than one pass")
    for name, total in spent.items():
        each = 1000 * total / len(files)
        ratio = total / spent["one pass"]
        print(f"{name:>15}: {each:8.2f} ms a file, {frames / total:7.0f} frames/s, {ratio:5.2f} x one pass")


def measure_memory(files: list[Path]) -> None:
    """Print the peak memory of one pass over every file, one picture held at a time."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path, result in zip(files, probe_many(files, quick=True), strict=True):
        for _ in iter_frames_at(path, turn_times(num_turns(result.duration_s or 0.0))):
            pass
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"         memory: {after / 1024:8.0f} MiB at the peak of one pass, {before / 1024:.0f} before it")


def measure_probe(files: list[Path]) -> None:
    """Print the seconds of a full and of a quick probe of all files, one worker."""
    for quick in (False, True):
        start = time.perf_counter()
        usable = sum(result.ok for result in probe_many(files, quick=quick, workers=1))
        total = time.perf_counter() - start
        name = "quick probe" if quick else "probe"
        print(f"{name:>15}: {1000 * total / len(files):8.2f} ms a file, {usable} of {len(files)} ok")


def main() -> None:
    """Run on the files given, or on generated clips."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=600, help="generated clips if no file is given")
    parser.add_argument("files", nargs="*", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files: list[Path] = args.files
        if not files:
            files = [Path(folder) / f"c{number:04d}.mp4" for number in range(args.clips)]
            for number, path in enumerate(files):
                write_clip(path, number)
        measure_probe(files)
        measure_memory(files)
        measure(files)


if __name__ == "__main__":
    main()
