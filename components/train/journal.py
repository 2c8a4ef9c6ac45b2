"""What a run has done so far: goes into every checkpoint, comes back on resume, becomes files at the end."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from components.core.errors import DataError
from components.core.files import write_text
from components.protocol.turns import Dialogue
from components.train.curves import Curves
from components.train.loader import LoaderState
from components.train.order import Step

STREAM_NAME = "curves/stream.csv"


class Journal:
    """Steps done, the curves, where the loader stands, and which samples each step trained on.

    `curves/stream.csv` has a line for each sample, `id@offset`, in order: the proof that a resumed run saw
    what an uninterrupted one sees.
    """

    def __init__(self, curves: Curves, loader: LoaderState) -> None:
        self.step = 0
        self.curves, self.loader = curves, loader
        self.stream: list[list[str]] = []

    def done(self, plan: Step) -> None:
        """One more step is done, on these samples."""
        pairs = zip(plan.ids, plan.samples, strict=True)
        self.stream.append([f"{name}@{sample.offset}" for name, sample in pairs])
        self.loader = self.loader.advance(plan)
        self.step += 1

    def state(self) -> dict[str, Any]:
        """All of it as JSON; every rank calls this."""
        return {"curves": self.curves.state(), "stream": self.stream, "loader": self.loader.to_dict()}

    def restore(self, state: Mapping[str, Any], samples: Sequence[Dialogue], rank: int) -> None:
        """Go on from `state()` of step `state["step"]`.

        Raises:
            DataError: the stream has a gap, or `samples` are not those that the steps so far were drawn from.

        """
        self.step, self.stream = int(state["step"]), [list(names) for names in state["stream"]]
        self.loader = LoaderState.from_dict(state["loader"], samples=samples)
        if not len(self.stream) == self.loader.steps == self.step:
            raise DataError(
                f"checkpoint of step {self.step}: its stream has {len(self.stream)} steps, its loader "
                f"{self.loader.steps}; remove it to go on from an older one"
            )
        self.curves.restore(state["curves"], rank=rank)

    def write(self, out_dir: Path) -> None:
        """Write `curves/` below `out_dir`."""
        self.curves.write(out_dir)
        lines = [
            f"{step},{sample}" for step, samples in enumerate(self.stream, start=1) for sample in samples
        ]
        write_text(out_dir / STREAM_NAME, "\n".join(["step,sample", *lines]) + "\n")
