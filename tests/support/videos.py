"""Small videos made on the spot, plain and odd. Each picture bears its number, legible after lossy coding."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

BLOCK, COLUMNS, ROWS = 16, 4, 3  # 12 bits
WIDTH, HEIGHT = BLOCK * COLUMNS, BLOCK * ROWS
NTSC, FILM = Fraction(30_000, 1001), Fraction(24_000, 1001)


def picture(number: int) -> np.ndarray:
    """A (48, 64, 3) picture whose 16-pixel blocks spell `number` in binary, grey on grey."""
    bits = np.array([number >> bit & 1 for bit in range(COLUMNS * ROWS)]).reshape(ROWS, COLUMNS)
    grey = np.kron(np.where(bits, 200, 50), np.ones((BLOCK, BLOCK))).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def number_of(image: np.ndarray) -> int:
    """The number a decoded picture spells."""
    centres = image[BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK].mean(axis=2)
    return sum(1 << bit for bit, value in enumerate(centres.ravel()) if value > 125)


def constant(rate: Fraction | int, count: int, start: Fraction | int = 0) -> list[Fraction]:
    """`count` instants in seconds at a constant rate."""
    return [Fraction(start) + n / Fraction(rate) for n in range(count)]


def write_video(
    path: Path,
    times: Sequence[Fraction],
    *,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
    time_base: Fraction = Fraction(1, 90_000),
    rotation: int = 0,
    swap: tuple[int, int] | None = None,
) -> Path:
    """Write one picture per instant (seconds, ascending), picture n spelling n.

    Args:
        options: of the encoder, e.g. `{"bf": "3", "g": "30"}`.
        muxer: of the container, e.g. `{"live": "1"}`.
        rotation: display rotation in degrees, counter-clockwise as PyAV counts.
        swap: two packets whose timestamps are exchanged (intra-only codecs).

    """
    with av.open(str(path), "w", options=muxer or {}) as container:
        rate = Fraction(len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else Fraction(30)
        stream = container.add_stream(codec, rate=rate.limit_denominator(1001), options=options or {})
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = time_base
        stream.codec_context.thread_count = 1
        if rotation:
            stream.set_display_rotation(rotation)
        packets = []
        for number, instant in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            frame.time_base, frame.pts = time_base, round(instant / time_base)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        if swap:
            one, other = packets[swap[0]], packets[swap[1]]
            one.pts, other.pts = other.pts, one.pts
            for packet in packets:  # the muxer refuses a picture shown before it is decoded
                packet.dts -= round(1 / time_base)
        container.mux(packets)
    return path


def plain(path: Path, *, seconds: int = 2, rate: int = 10) -> Path:
    """A clip at a constant rate."""
    return write_video(path, constant(rate, seconds * rate))


def sub_second(path: Path) -> Path:
    """Three pictures in a tenth of a second."""
    return write_video(path, constant(30, 3))


def variable_rate(path: Path) -> Path:
    """Gaps between 33 and 400 ms."""
    gaps = [0, 33, 33, 400, 33, 200, 100, 33, 33, 300, 33, 150, 400, 33, 33]
    return write_video(
        path, [Fraction(sum(gaps[: n + 1]), 1000) for n in range(len(gaps))], options={"bf": "2"}
    )


def rotated(path: Path, degrees: int = 90) -> Path:
    """A clip whose display matrix turns it counter-clockwise by `degrees`."""
    return write_video(path, constant(10, 20), rotation=degrees)


def out_of_order(path: Path) -> Path:
    """Intra-only pictures, two of which bear each other's timestamps (Matroska)."""
    return write_video(path, constant(10, 20), codec="mjpeg", time_base=Fraction(1, 1000), swap=(7, 11))


def no_header_duration(path: Path) -> Path:
    """A live Matroska stream: no duration in the header, 2 s by its timestamps."""
    return write_video(path, constant(10, 20), muxer={"live": "1"}, time_base=Fraction(1, 1000))


def truncated(path: Path) -> Path:
    """An MP4 with its index in front, cut off at two thirds."""
    write_video(path, constant(10, 60), muxer={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    return path


def scrambled(path: Path) -> Path:
    """An MP4 whose compressed pictures after the first are overwritten with one value."""
    write_video(path, constant(10, 30), options={"g": "1000"})
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        spans = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    for start, size in spans[1:]:
        data[start : start + size] = b"\xff" * size
    path.write_bytes(bytes(data))
    return path


def audio_only(path: Path) -> Path:
    """A quarter of a second of a tone (any container that takes 16-bit PCM, e.g. .wav)."""
    with av.open(str(path), "w") as container:
        _tone(container, "pcm_s16le", 16_000)
    return path


def cover_picture(path: Path) -> Path:
    """An MP3 with a cover, which FFmpeg shows as a video stream."""
    with av.open(str(path), "w") as container:
        audio = container.add_stream("libmp3lame", rate=16_000)
        audio.layout = "mono"
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        container.mux(cover.encode(av.VideoFrame.from_ndarray(picture(1), format="rgb24")))
        container.mux(cover.encode(None))
        samples = np.zeros((1, 4000), np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16p", layout="mono")
        frame.sample_rate, frame.pts = 16_000, 0
        container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


def _tone(container: "av.container.OutputContainer", codec: str, rate: int) -> None:
    stream = container.add_stream(codec, rate=rate)
    stream.layout = "mono"
    wave = (8000 * np.sin(np.arange(rate // 4) * 2 * np.pi * 440 / rate)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts = rate, 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def no_stream(path: Path) -> Path:
    """An MP4 with a header and no stream at all."""
    box = lambda name, body: struct.pack(">I4s", 8 + len(body), name) + body  # noqa: E731
    header = struct.pack(">IIIIIIHHQ", 0, 0, 0, 1000, 1000, 0x10000, 0x100, 0, 0)
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    movie = box(b"mvhd", header + matrix + bytes(24) + struct.pack(">I", 1))
    path.write_bytes(box(b"ftyp", b"isom\0\0\2\0isomiso2mp41") + box(b"moov", movie))
    return path


def empty(path: Path) -> Path:
    """A file of 0 bytes."""
    path.write_bytes(b"")
    return path


def not_media(path: Path) -> Path:
    """A text under a video's name."""
    path.write_text("this is not a video\n" * 40, encoding="utf-8")
    return path


def playlist(path: Path, target: Path) -> Path:
    """An HLS playlist that names another local file."""
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", "#EXTINF:2,", str(target), "#EXT-X-ENDLIST", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
