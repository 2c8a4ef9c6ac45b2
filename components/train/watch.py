"""What a run tells while it trains: a row of every curve, its speed, one progress line with the time left."""

from collections.abc import Sequence

from components.core.progress import Progress
from components.protocol.turns import Dialogue
from components.train.curves import COUNTS, Curves
from components.train.feed import Feed
from components.train.order import Step
from components.train.speed import Speed
from components.train.statistics import by_sequence
from components.train.step import StepDone


class Watch:
    """The curves of a run (they come back on resume) and the speed of this process (it does not)."""

    def __init__(self, curves: Curves, speed: Speed, progress: Progress, budget: int) -> None:
        """`budget`: tokens of a full pack."""
        self.curves, self.speed, self.progress, self.budget = curves, speed, progress, budget

    def trained(
        self,
        step: int,
        planned: Step,
        fed: Feed,
        done: StepDone,
        samples: Sequence[Dialogue],
    ) -> None:
        """One step is done.

        Args:
            step: from 1.
            planned: all packs of the step.
            fed: those of this rank, all of them encoded by now.
            done: what the step left.
            samples: the training list that the draws point into.

        """
        counts = planned.counts
        fill = counts["tokens"] / (self.budget * max(1, counts["packs"]))
        self.curves.loss.append({"step": step, **done.row})
        self.curves.samples.append({"step": step, **{name: counts[name] for name in COUNTS}, "fill": fill})
        for draws, ce_M in zip(fed.draws, done.ce, strict=True):
            tasks = [samples[draw.sample.index].task for draw in draws]
            self.curves.count(tasks, by_sequence(ce_M, [draw.labels[3] for draw in draws]))
        self.speed.trained(
            fed.lengths,
            visual=fed.visual,
            supervised=sum(len(ce_M) for ce_M in done.ce),
            tokens=counts["tokens"],
        )
        self.progress.step(note=f"loss {done.row['loss']:.4f}, {self.speed.tokens_per_s:,.0f} tokens/s")
