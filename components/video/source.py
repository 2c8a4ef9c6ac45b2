"""The videos below a media root as the vision tower's users ask for them: pictures, size, content."""

from collections.abc import Sequence
from pathlib import Path

from components.core.errors import DataError
from components.core.hashing import sha256_file
from components.video.frames import Image, frames_at, turn_times
from components.video.root import MediaRoot


class VideoSource:
    """Pictures of videos, `fps` a turn, numbered from 0: picture p is on screen at p / fps seconds."""

    def __init__(self, media: MediaRoot, *, fps: int = 1):
        self.media, self.fps = media, fps
        self._hashes: dict[tuple[Path, int, int], str] = {}
        self._sizes: dict[str, tuple[int, int]] = {}

    def frames(self, video_id: str, start: int, stop: int) -> Sequence[Image]:
        """Pictures start .. stop - 1 of a video, (H, W, 3) uint8 each."""
        times = turn_times(-(-stop // self.fps), self.fps)
        return frames_at(self.media.resolve(video_id), times[start:stop])

    def content(self, video_id: str) -> str:
        """SHA-256 of the file's bytes, read again only if its size or time of change differs."""
        path = self.media.resolve(video_id)
        seen = path.stat()
        key = (path, seen.st_size, seen.st_mtime_ns)
        if key not in self._hashes:
            self._hashes[key] = sha256_file(path)
        return self._hashes[key]

    def size(self, video_id: str) -> tuple[int, int]:
        """(height, width) of the stored pictures as the header tells them; nothing is decoded.

        A picture that is turned for display has the two swapped, which changes no number of visual tokens.

        Raises:
            DataError: the file is no video.

        """
        if video_id not in self._sizes:
            self._sizes[video_id] = _stored_size(self.media.resolve(video_id))
        return self._sizes[video_id]


def _stored_size(path: Path) -> tuple[int, int]:
    from av.error import FFmpegError

    from components.video.media import open_media, video_stream

    try:
        with open_media(path) as container:
            stream = video_stream(container)
            if stream is not None and stream.codec_context is not None:
                return stream.codec_context.height, stream.codec_context.width
    except FFmpegError as error:
        raise DataError(f"{path}: not a readable video ({error}); run the corpus stage again") from error
    raise DataError(f"{path}: no video stream; run the corpus stage again")
