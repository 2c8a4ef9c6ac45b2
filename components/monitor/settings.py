"""Section `monitor` of params.yaml as `streamo drift` uses it."""

from dataclasses import dataclass
from pathlib import Path

from components.core import params
from components.core.errors import UsageError


@dataclass(frozen=True)
class Settings:
    """What decides about drift.

    Attributes:
        rate: the share of reports on unchanged data that find anything at all.
        permutations: the fewest relabellings the thresholds come from.
        videos: the fewest, on either side, that are decided about.
        streams: the same of live streams.
        seed: of the relabellings.

    """

    rate: float = 0.05
    permutations: int = 1000
    videos: int = 20
    streams: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise UsageError(f"monitor.rate: expected a number between 0 and 1, got {self.rate!r}")
        for name in ("permutations", "videos", "streams"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 2:
                key = name if name == "permutations" else f"smallest.{name}"
                raise UsageError(f"monitor.{key}: expected a whole number from 2, got {value!r}")


def read_settings(root: Path = Path()) -> Settings:
    """The settings of the checkout at `root`; UsageError names the key that is missing or wrong."""
    return Settings(
        rate=params.get("monitor.rate", root),
        permutations=params.get("monitor.permutations", root),
        videos=params.get("monitor.smallest.videos", root),
        streams=params.get("monitor.smallest.streams", root),
        seed=int(params.get("seed", root)),
    )
