"""Opening media files safely: local files of real media formats only, and the first real video stream."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

# Demuxers of files that hold their media themselves. Playlists and manifests (hls, dash, concat, sdp, ...)
# are not here: they name other files or hosts, and a video must not reach outside the media root.
FORMATS = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,obu,ivf,flv,live_flv,asf,ogg,mxf,nut,rm,dv,wtv,"
    "gif,mjpeg,yuv4mpegpipe,wav,w64,mp3,aac,flac,aiff,amr,caf,ac3,eac3,dts,au,wv,ape,tta"
)
OPTIONS = {"protocol_whitelist": "file", "format_whitelist": FORMATS}


def open_media(path: Path) -> InputContainer:
    """Open a local media file; `av.error.FFmpegError` if it is none of the formats above.

    The absolute path keeps FFmpeg from reading a name such as `concat:a|b` as a protocol.
    """
    container: InputContainer = av.open(
        str(path.absolute()), "r", container_options=OPTIONS, metadata_errors="replace"
    )
    return container


def video_stream(container: InputContainer) -> VideoStream | None:
    """The first real video stream, set to decode in one thread; None if there is none.

    A cover picture is an attachment that FFmpeg shows as a video stream: it is none. One process per core
    with one thread is faster than frame threads, and needs less memory.
    """
    pictures = Disposition.attached_pic | Disposition.timed_thumbnails
    for stream in container.streams.video:
        if not stream.disposition & pictures:
            if stream.codec_context is not None:
                stream.codec_context.thread_count = 1
            return stream
    return None


def time_base(stream: VideoStream) -> Fraction:
    """Seconds per tick of the stream's timestamps."""
    return stream.time_base or Fraction(1, 90_000)


def nominal_ticks(stream: VideoStream) -> int:
    """One frame at the rate the header names, in ticks; 0 where it names none."""
    rate = stream.average_rate or stream.guessed_rate
    return round(1 / (rate * time_base(stream))) if rate else 0


def has_presentation_times(container: InputContainer) -> bool:
    """Whether the container stores presentation times. AVI does not: FFmpeg derives them from storage order,
    which is not the order of display where there are B-frames."""
    return container.format.name != "avi"


def timed_frames(container: InputContainer, stream: VideoStream) -> Iterator[tuple[int, VideoFrame]]:
    """Frames in the decoder's order with their pts in ticks; a missing pts is one nominal frame later."""
    step, last = max(1, nominal_ticks(stream)), None
    for frame in container.decode(stream):
        pts = frame.pts if frame.pts is not None else (0 if last is None else last + step)
        last = pts
        yield pts, frame


def display_rotation(frame: VideoFrame) -> int:
    """Clockwise degrees (0 to 359) by which the display matrix turns the stored picture for display."""
    return -round(frame.rotation) % 360
