"""An independent way to the picture on screen: decode everything, compare every timestamp."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def reference_frames(path: Path, instants: Sequence[float]) -> list[np.ndarray]:
    """The last picture with pts <= instant, counted from the first; slow and plain on purpose."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate or stream.guessed_rate
        step = round(1 / (rate * stream.time_base))
        decoded = []
        for frame in container.decode(stream):
            pts = frame.pts if frame.pts is not None else len(decoded) * step
            turns = round(frame.rotation / 90)
            decoded.append((pts, np.rot90(frame.to_ndarray(format="rgb24"), turns)))
        if (
            container.format.name == "avi"
        ):  # stores no presentation times: the decoder's order is the display's
            ordered = list(
                zip(sorted(pts for pts, _ in decoded), (image for _, image in decoded), strict=True)
            )
        else:
            ordered = sorted(decoded, key=lambda entry: entry[0])
        first, base = ordered[0][0], stream.time_base
    chosen = []
    for instant in instants:
        reached = Fraction(instant) + Fraction(1, 10**6)
        before = [image for pts, image in ordered if (pts - first) * base <= reached]
        chosen.append(before[-1] if before else ordered[0][1])
    return chosen
