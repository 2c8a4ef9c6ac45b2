"""What is kept of a picture: the stated fidelity, and the one way from pixels to the bytes that are sent."""

import io
import platform
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from components.core.hashing import fingerprint
from components.video.frames import Image

FPS = 1
QUALITY = 90  # of the JPEG
SUBSAMPLING = "4:4:4"  # the colours of thin things survive
FILTER = "bicubic"


@dataclass(frozen=True)
class Fidelity:
    """How a frame is encoded.

    Attributes:
        side: longest side in pixels; a larger picture is scaled down, a smaller one stays.

    """

    side: int

    @cached_property
    def plain(self) -> dict[str, Any]:
        """Everything the bytes depend on, as plain JSON: other libraries or another processor family may
        round a colour otherwise, so they are part of it."""
        import av
        import PIL
        from PIL import features

        codec, scaler = (
            ".".join(map(str, av.library_versions[name])) for name in ("libavcodec", "libswscale")
        )
        return {
            "fps": FPS,
            "side": self.side,
            "format": "JPEG",
            "quality": QUALITY,
            "subsampling": SUBSAMPLING,
            "filter": FILTER,
            "encoder": f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}",
            "decoder": f"libavcodec {codec}, libswscale {scaler}, {platform.machine()}",
        }

    def encode(self, pixels: Image) -> bytes:
        """An (H, W, 3) uint8 frame as JPEG; the same picture gives the same bytes."""
        from PIL import Image as Pil

        picture = Pil.fromarray(pixels)
        picture.thumbnail((self.side, self.side), Pil.Resampling.BICUBIC)
        buffer = io.BytesIO()
        picture.save(buffer, format="JPEG", quality=QUALITY, subsampling=SUBSAMPLING)
        return buffer.getvalue()


@dataclass(frozen=True)
class Key:
    """Which frames: those of one video's bytes, at one fidelity.

    Attributes:
        video: SHA-256 of the file.
        turns: whole seconds of it, from 0.
        fidelity: `Fidelity.plain`.

    """

    video: str
    turns: int
    fidelity: dict[str, Any]

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON, in the file's own metadata too."""
        return {"video": self.video, "turns": self.turns, "fidelity": self.fidelity}

    @cached_property
    def name(self) -> str:
        """SHA-256 of all that: 64 hex digits."""
        return fingerprint(self.plain)
