"""The blind clock: a policy that sees the task, the turn and the question, never a frame.

It is fitted on training scenes. On points that only look balanced it scores far above chance, because
events have typical times; on time-matched points it must stay at the floor.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from components.world.points import Point
from components.world.queries import asks_at
from components.world.scene import Scene


@dataclass
class Clock:
    """Frequencies of answers by turn (and by seconds since the question for clues), from training scenes."""

    counts: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    steps: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    clues: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    choices: dict[tuple[str, int], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @classmethod
    def fit(cls, scenes: Iterable[Scene]) -> "Clock":
        """Count what is true at every turn of the training scenes."""
        clock = cls()
        for scene in scenes:
            for t in range(scene.duration_s):
                clock._see(scene, t)
        return clock

    def _see(self, scene: Scene, t: int) -> None:
        self.counts[t][str(scene.jumps_by(t))] += 1
        for span in scene.drops:
            self.steps[t]["yes" if span.holds(t) else "no"] += 1
        if not scene.sign[0].value:  # clues exist only on signs that begin blank
            self.clues[t]["yes" if scene.sign_at(t) else "no"] += 1
        for ask in asks_at(scene, t):
            self.choices[ask.topic, t][ask.answer] += 1

    def __call__(self, point: Point) -> str:
        """The likeliest answer at this turn; of a multiple-choice point, the likeliest of its options."""
        table = {"REC": self.counts, "SSR": self.steps, "CRR": self.clues}.get(point.task)
        if table is not None:
            return max(sorted(table[point.turn].items()), key=lambda item: item[1])[0]
        seen = self.choices[point.task, point.turn]
        return max(point.options, key=lambda option: (seen[option], option))
