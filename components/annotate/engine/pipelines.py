"""The pipeline of every task that the engine annotates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.annotate.engine import narration
from components.annotate.engine.asker import Asker
from components.annotate.engine.described import Described
from components.annotate.engine.looks import Looks
from components.annotate.engine.section import Settings
from components.annotate.engine.step import Step
from components.annotate.samples import Clip

Describe = Callable[[Sequence[Clip], Asker, Looks, Settings], list[Described]]


@dataclass(frozen=True)
class Pipeline:
    """A task's questions in the order they are asked, and what makes descriptions of the answers."""

    steps: tuple[Step, ...]
    describe: Describe

    def prompts(self) -> dict[str, str]:
        """`{step: prompt version}`."""
        return {step.name: step.version for step in self.steps}


PIPELINES: dict[str, Pipeline] = {
    "narration": Pipeline((narration.CHANGE, narration.CLEAN), narration.describe),
}
