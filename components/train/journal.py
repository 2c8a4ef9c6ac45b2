"""What a run has done so far: goes into every checkpoint, comes back on resume, becomes files at the end."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import write_text
from components.train.curves import Curves

STREAM_NAME = "curves/stream.csv"


class Journal:
    """Steps done, the curves, and which samples each step trained on.

    `curves/stream.csv` has a line for each sample, in order: the proof that a resumed run saw what an
    uninterrupted one sees.
    """

    def __init__(self, curves: Curves) -> None:
        self.step = 0
        self.curves = curves
        self.stream: list[list[str]] = []

    def done(self, samples: Sequence[str]) -> None:
        """One more step is done, on these samples (`sample id @ start offset`)."""
        self.stream.append(list(samples))
        self.step += 1

    def state(self) -> dict[str, Any]:
        """All of it as JSON; every rank calls this."""
        return {"curves": self.curves.state(), "stream": self.stream}

    def restore(self, state: Mapping[str, Any], rank: int) -> None:
        """Go on from `state()` of step `state["step"]`; DataError where the stream has a gap."""
        self.step, self.stream = int(state["step"]), [list(samples) for samples in state["stream"]]
        if len(self.stream) != self.step:
            raise DataError(f"checkpoint of step {self.step}: its stream has {len(self.stream)} steps")
        self.curves.restore(state["curves"], rank=rank)

    def write(self, out_dir: Path) -> None:
        """Write `curves/` below `out_dir`."""
        self.curves.write(out_dir)
        lines = [
            f"{step},{sample}" for step, samples in enumerate(self.stream, start=1) for sample in samples
        ]
        write_text(out_dir / STREAM_NAME, "\n".join(["step,sample", *lines]) + "\n")
