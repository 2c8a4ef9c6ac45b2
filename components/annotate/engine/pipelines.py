"""The pipeline of every task that the engine annotates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from components.annotate.engine import captions, changes, narration, one_step, quiet
from components.annotate.engine.asker import Asker
from components.annotate.engine.described import Described
from components.annotate.engine.looks import Looks
from components.annotate.engine.section import Settings
from components.annotate.engine.step import Step
from components.annotate.samples import Clip

Describe = Callable[[Sequence[Clip], Asker, Looks, Settings], list[Described]]
Negatives = Callable[[Sequence[Described], Asker, Looks, Settings], None]


@dataclass(frozen=True)
class Pipeline:
    """A task's questions in the order they are asked, and what makes descriptions of the answers."""

    steps: tuple[Step, ...]
    describe: Describe
    negatives: Negatives | None = None  # of clips without events, once the others are described

    def prompts(self) -> dict[str, str]:
        """`{step: prompt version}`."""
        return {step.name: step.version for step in self.steps}


def _captions(task: str) -> Pipeline:
    steps = captions.steps_of(task)
    return Pipeline(
        (steps.caption, steps.ground, steps.edge, steps.rewrite),
        partial(captions.describe, steps),
        partial(quiet.negatives, steps),
    )


PIPELINES: dict[str, Pipeline] = {
    "narration": Pipeline((narration.CHANGE, narration.CLEAN), narration.describe),
    "event_caption": _captions("event_caption"),
    "action_caption": _captions("action_caption"),
    "tsqa": Pipeline((changes.CHANGES, changes.EDGE, changes.QUESTION), changes.describe),
    "offline_qa": Pipeline(
        (one_step.OFFLINE, one_step.EDGE), partial(one_step.describe, one_step.OFFLINE, one_step.EDGE)
    ),
    "base_qa": Pipeline((one_step.BASE,), partial(one_step.describe, one_step.BASE, None)),
}
