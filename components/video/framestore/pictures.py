"""The picture of every whole second of a video, encoded, one after the other."""

from collections.abc import Iterator
from pathlib import Path

from components.video.frames import Image, iter_frames_at
from components.video.framestore.fidelity import Fidelity


def pictures(path: Path, turns: int, fidelity: Fidelity) -> Iterator[bytes]:
    """The bytes of seconds 0 to turns - 1; a picture that stays on screen is encoded once.

    Raises:
        DataError: the file cannot be decoded.

    """
    pixels: Image | None = None
    encoded = b""
    for due, (second, image) in enumerate(iter_frames_at(path, range(turns))):
        assert second == due, "pictures come in order of time"
        if image is not pixels:
            pixels, encoded = image, fidelity.encode(image)
        yield encoded
