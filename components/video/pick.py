"""Decodes the pictures on screen at given instants: by timestamp where that is exact, else by order."""

import contextlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
from av.video.frame import VideoFrame

from components.core.errors import DataError
from components.video import media
from components.video.reader import Reader, decodable_stream
from components.video.times import last_tick


def pick(path: Path, times_s: Sequence[float]) -> Iterator[tuple[VideoFrame, list[int]]]:
    """Each picture needed, once, in order of time, with the positions in `times_s` it answers.

    Raises:
        DataError: the file cannot be opened or has no picture to show.

    """
    try:
        yield from _pick(path, times_s)
    except av.error.FFmpegError as error:
        raise DataError(f"{path}: cannot be decoded ({error}); `streamo probe` says why") from error


def _pick(path: Path, times_s: Sequence[float]) -> Iterator[tuple[VideoFrame, list[int]]]:
    left = dict(sorted(enumerate(times_s), key=lambda item: item[1]))
    with contextlib.closing(Reader(path)) as reader:
        if reader.index.exact:
            wanted: dict[int, list[int]] = {}
            for place, pts in zip(left, reader.index.wanted(list(left.values())), strict=True):
                wanted.setdefault(pts, []).append(place)
            for pts, frame in _by_timestamp(reader, sorted(wanted)):
                for place in wanted[pts]:
                    del left[place]
                yield frame, wanted[pts]
    if left:
        yield from _by_order(path, left)


def _by_timestamp(reader: Reader, wanted: Sequence[int]) -> Iterator[tuple[int, VideoFrame]]:
    """The pictures with these timestamps (ascending), in one pass that jumps ahead where that is cheaper.

    Stops early, with pictures missing, as soon as the stream does not decode as its packets promise (packets
    that show nothing, broken leading pictures): the caller then takes the slow, sure way.
    """
    where = {pts: position for position, pts in enumerate(reader.index.pts)}
    reader.begin(set(wanted))
    for pts in wanted:
        reader.approach(reader.index.start_for(where[pts]))
        frame = reader.find(pts)
        if frame is None:
            return
        yield pts, frame


def _by_order(path: Path, times_s: dict[int, float]) -> Iterator[tuple[VideoFrame, list[int]]]:
    """The same by decoding everything twice: first the timestamps, then the pictures; instants ascending.

    Right for every stream that decodes: missing, repeated and unordered timestamps included.
    """
    with media.open_media(path) as container:
        stream = decodable_stream(container, path)
        pts = [tick for tick, _ in media.timed_frames(container, stream)]
        if not pts:
            raise DataError(f"{path}: no picture could be decoded")
        shown = list(range(len(pts)))
        if media.has_presentation_times(container):
            shown.sort(key=pts.__getitem__)
        ordered, base = sorted(pts), media.time_base(stream)
    needed: dict[int, list[int]] = {}
    for place, instant in times_s.items():
        tick = last_tick(instant, ordered[0], base)
        rank = max(0, bisect_right(ordered, tick) - 1)
        needed.setdefault(shown[rank], []).append(place)
    due = list(needed)  # in order of time
    held: dict[int, VideoFrame] = {}  # pictures that came before their turn
    with media.open_media(path) as container:
        frames = media.timed_frames(container, decodable_stream(container, path))
        for number, (_, frame) in enumerate(frames):
            if number in needed:
                held[number] = frame
            while due and due[0] in held:
                yield held.pop(due[0]), needed[due.pop(0)]
