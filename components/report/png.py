"""PNG data URIs whose bytes depend on the pixels alone.

Compressed PNGs differ between builds of zlib; the page is a hashed product, so pixels are stored in the
uncompressed blocks that the deflate format allows. Thumbnails are small enough for that.
"""

import base64
import struct
import zlib

import numpy as np

from components.video.frames import Image

BLOCK = 65535


def thumbnail(image: Image, max_side: int) -> Image:
    """The image with its longer side at most `max_side` pixels, every n-th pixel taken; never enlarged."""
    step = -(-max(image.shape[:2]) // max_side)
    return np.ascontiguousarray(image[step // 2 :: step, step // 2 :: step])


def data_uri(image: Image) -> str:
    """An (H, W, 3) uint8 RGB array as `data:image/png;base64,...`."""
    return "data:image/png;base64," + base64.b64encode(encode(image)).decode("ascii")


def encode(image: Image) -> bytes:
    """The PNG file of an (H, W, 3) uint8 RGB array."""
    height, width, _ = image.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # a filter byte of 0 before each row
    rows[:, 1:] = image.reshape(height, 3 * width)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", stored(rows.tobytes())), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def chunk(kind: bytes, data: bytes) -> bytes:
    """One PNG chunk: length, kind, data, CRC."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def stored(data: bytes) -> bytes:
    """`data` as a zlib stream of uncompressed blocks (RFC 1950, RFC 1951 section 3.2.4)."""
    blocks = [data[start : start + BLOCK] for start in range(0, len(data), BLOCK)] or [b""]
    out = [b"\x78\x01"]
    for number, block in enumerate(blocks):
        final = number == len(blocks) - 1
        out.append(struct.pack("<BHH", final, len(block), len(block) ^ 0xFFFF) + block)
    return b"".join(out) + struct.pack(">I", zlib.adler32(data))
