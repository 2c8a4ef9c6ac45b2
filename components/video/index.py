"""The packets of a stream by time, without decoding: what to decode for an instant, and from where."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.video.stream import VideoStream

from components.video.media import has_presentation_times, time_base
from components.video.times import last_tick


@dataclass(frozen=True)
class Index:
    """Packets in storage order.

    Attributes:
        pts: timestamp of each packet that shows a picture, ticks, in storage order.
        keys: positions (in `pts`) of the keyframes.
        exact: every packet bears its own timestamp, stored by the container: a picture can be named by it.
        time_base: seconds per tick.

    """

    pts: Sequence[int]
    keys: Sequence[int]
    exact: bool
    time_base: Fraction

    @property
    def origin(self) -> int:
        """The lowest timestamp."""
        return min(self.pts)

    def wanted(self, times_s: Sequence[float]) -> list[int]:
        """The pts of the picture on screen at each instant: the last with pts <= instant, else the first."""
        ordered = sorted(self.pts)
        places = (bisect_right(ordered, last_tick(t, ordered[0], self.time_base)) for t in times_s)
        return [ordered[max(0, place - 1)] for place in places]

    def start_for(self, position: int) -> int:
        """Position of the keyframe from which the packet at `position` can be decoded.

        A picture stored after a keyframe but shown before it may lean on the group before, so the keyframe
        must be at or before it in both orders.
        """
        for key in reversed(self.keys[: bisect_right(self.keys, position)]):
            if self.pts[key] <= self.pts[position]:
                return key
        return 0


def read_index(container: InputContainer, stream: VideoStream) -> Index:
    """Read every packet of the stream; the container is at its end afterwards."""
    pts: list[int] = []
    keys: list[int] = []
    exact = has_presentation_times(container)
    for packet in container.demux(stream):
        if packet.size == 0 or packet.is_discard:
            continue
        if packet.pts is None:
            exact = False
            continue
        if packet.is_keyframe:
            keys.append(len(pts))
        pts.append(packet.pts)
    # A stream whose first picture is no keyframe, or has pictures shown before it, may lose some of them.
    starts_clean = bool(keys) and keys[0] == 0 and pts[0] == min(pts)
    exact = exact and starts_clean and len(set(pts)) == len(pts)
    return Index(pts, keys, exact, time_base(stream))
