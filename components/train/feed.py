"""The packs of one step of one rank, each read and encoded only when its turn has come.

At the paper's scale a step has 512 samples of up to 32,768 tokens: all at once, their tower rows take some
40 GB of host memory. What the loss must know of all packs beforehand is in the plan.
"""

from collections.abc import Callable, Iterator, Sequence

from components.model.pack import Pack
from components.train.labels import Labels, sum_labels
from components.train.order import Draw
from components.train.speed import Speed


class Feed:
    """Iterate once: pack after pack, none of which is kept here.

    draws: of each pack. labels: of each pack, as planned. lengths, visual: tokens of each sequence, and tower
    rows, encoded so far.
    """

    def __init__(
        self, encode: Callable[[Sequence[Draw]], Pack], draws: Sequence[Sequence[Draw]], speed: Speed
    ) -> None:
        """`encode` makes a pack of its draws; its time counts as `data` of `speed`."""
        self.encode, self.draws, self.speed = encode, draws, speed
        self.labels: list[Labels] = [sum_labels(draw.labels for draw in chosen) for chosen in draws]
        self.lengths: list[int] = []
        self.visual = 0

    def __iter__(self) -> Iterator[Pack]:
        """One pack for each of `draws`, in order."""
        for chosen in self.draws:
            yield self._pack(chosen)  # a name for it here would keep it alive while the next one is made

    def _pack(self, chosen: Sequence[Draw]) -> Pack:
        with self.speed.timed("data"):
            made = self.encode(chosen)
        self.lengths += made.lengths
        self.visual += len(made.features)
        return made
