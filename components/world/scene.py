"""One clip as exact timelines: what is on screen at every instant, stored as JSON beside the videos.

All times are whole seconds from the first frame and every span is half open, `[start, end)`: the frame at
instant t shows what holds at t, so each label can be decided from the frames at whole seconds.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import read_json
from components.world.words import AMBER, OPPOSITE

SCHEMA = 1


@dataclass(frozen=True)
class Span:
    """A value that holds during `[start, end)` seconds; `value` is `""` where only the span counts."""

    start: int
    end: int
    value: str = ""

    def holds(self, t: float) -> bool:
        """Whether instant `t` (seconds) lies inside."""
        return self.start <= t < self.end


@dataclass(frozen=True)
class Scene:
    """The timelines of one clip.

    Attributes:
        video_id: POSIX path below the media root.
        duration_s: length in whole seconds; the clip has as many turns.
        lamp: red, amber and green spans that cover the clip.
        actor: `<colour> <shape>`, the same all along.
        side: where the actor stands (left, middle, right); covers the clip.
        jumps: spans in the air, apart from each other by a second at least.
        drops: `<colour> <shape>` spans: the object is visible, then hidden in the bowl; all different.
        sign: letter spans that cover the clip; `""` is a blank sign.

    """

    video_id: str
    duration_s: int
    lamp: tuple[Span, ...]
    actor: str
    side: tuple[Span, ...]
    jumps: tuple[Span, ...]
    drops: tuple[Span, ...]
    sign: tuple[Span, ...]

    def lamp_at(self, t: float) -> str:
        """Colour of the lamp at instant `t`."""
        return _covering(self.lamp, t).value

    def lamp_before(self, t: float) -> str | None:
        """Colour of the lamp before the one at `t`; None during the first."""
        index = self.lamp.index(_covering(self.lamp, t))
        return self.lamp[index - 1].value if index else None

    def lamp_next(self, t: float) -> str | None:
        """The colour that follows the one at `t`: amber after red or green, the other colour after amber."""
        if self.lamp_at(t) != AMBER:
            return AMBER
        before = self.lamp_before(t)
        return OPPOSITE[before] if before else None

    def side_at(self, t: float) -> str:
        """Where the actor is at instant `t`."""
        return _covering(self.side, t).value

    def sign_at(self, t: float) -> str:
        """The letter on the sign at instant `t`, `""` if it is blank."""
        return _covering(self.sign, t).value

    def jumping_at(self, t: float) -> bool:
        """Whether the actor is in the air at instant `t`."""
        return any(span.holds(t) for span in self.jumps)

    def drop_at(self, t: float) -> str | None:
        """The object on screen at instant `t`, or None."""
        return next((span.value for span in self.drops if span.holds(t)), None)

    def jumps_by(self, t: float) -> int:
        """How many jumps had ended at instant `t`."""
        return sum(span.end <= t for span in self.jumps)

    def drops_by(self, t: float) -> list[str]:
        """The objects hidden in the bowl at instant `t`, in order."""
        return [span.value for span in self.drops if span.end <= t]

    def to_json(self) -> dict[str, Any]:
        """A plain dict for `components.core.files.write_json`."""
        return {"schema": SCHEMA, **asdict(self)}


def _covering(spans: tuple[Span, ...], t: float) -> Span:
    return next(span for span in spans if span.holds(t))


def scene_from_json(value: Any, where: str) -> Scene:
    """The inverse of `Scene.to_json`; a file of another shape is a DataError that names `where`."""
    try:
        if value["schema"] != SCHEMA:
            raise DataError(
                f"{where}: scene schema {value['schema']!r}, expected {SCHEMA}; run `make data` again"
            )
        fields = ("lamp", "side", "jumps", "drops", "sign")
        spans = {
            key: tuple(Span(int(s["start"]), int(s["end"]), str(s["value"])) for s in value[key])
            for key in fields
        }
        return Scene(str(value["video_id"]), int(value["duration_s"]), actor=str(value["actor"]), **spans)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{where}: not a scene file ({error!r}); run `make data` again") from None


def scene_path(data_dir: Path, video_id: str) -> Path:
    """`scenes/<video_id without suffix>.json` below the data folder."""
    return (data_dir / "scenes" / video_id).with_suffix(".json")


def read_scene(path: Path) -> Scene:
    """Read one scene file."""
    return scene_from_json(read_json(path), str(path))


def read_scenes(data_dir: Path, split: str) -> list[Scene]:
    """Every scene of `scenes/<split>/`, sorted by file name."""
    return [read_scene(path) for path in sorted((data_dir / "scenes" / split).glob("*.json"))]
