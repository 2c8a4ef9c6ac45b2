"""Which sequences are trained on at which step, in which packs: a function of the seed, equal on every rank.

One optimizer step is `batch` samples over all ranks, whatever their number.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from components.core.seeds import rng
from components.protocol.turns import Dialogue
from components.train.labels import Labels, sum_labels
from components.train.packing import best_fit, spread
from components.train.recipe import Recipe
from components.train.sizes import Measure
from components.train.windows import Span, cut, stride


@dataclass(frozen=True)
class Sample:
    """A sample of a step: its index in the training list, and the seconds its clock starts at."""

    index: int
    offset: int


@dataclass(frozen=True)
class Draw:
    """One sequence of a pack: some turns of a sample (all of them, but for a sample that was cut).

    labels: what it will be supervised on, known before a picture is read.
    """

    sample: Sample
    span: Span
    labels: Labels


@dataclass(frozen=True)
class Step:
    """The packs of all ranks, a multiple of `ranks`, and what happened to the samples.

    packs: rank r runs packs r, r + ranks, ... . samples, ids: as they were drawn. counts: `samples`, `cut`
    (samples), `windows` (of those), `skipped_turns` (each alone above the token budget), `sequences`, `packs`
    and `tokens` of them, and `empty_packs`, which are not among `packs`.
    """

    packs: tuple[tuple[Draw, ...], ...]
    samples: tuple[Sample, ...]
    ids: tuple[str, ...]
    counts: dict[str, int]

    def of_rank(self, rank: int, ranks: int) -> tuple[tuple[Draw, ...], ...]:
        """The packs of one rank, as many as every other rank has."""
        return self.packs[rank::ranks]


def plan_step(
    seed: int, step: int, samples: Sequence[Dialogue], measure: Measure, recipe: Recipe, ranks: int
) -> Step:
    """The 0-based optimizer step `step`; every rank computes all of it and takes its own packs.

    A rank for which there is no pack runs an empty one: one turn without a label, so that it takes part in
    every collective operation and adds nothing to the loss.
    """
    drawn = draw_samples(seed, step, recipe.batch, len(samples), recipe.offsets)
    counts = Counter(samples=len(drawn), cut=0, windows=0, skipped_turns=0, empty_packs=0)
    draws: list[Draw] = []
    for place, sample in enumerate(drawn):
        sizes = measure.sizes(samples[sample.index], sample.offset)
        phase = int(rng(seed, "phase", step, place).integers(stride(recipe.window_turns)))
        spans, skipped = cut(sizes, budget=recipe.token_budget, width=recipe.window_turns, phase=phase)
        if sizes.total > recipe.token_budget:
            counts.update(cut=1, windows=len(spans), skipped_turns=len(skipped))
        draws += [Draw(sample, span, sizes.learnt(span)) for span in spans]
    lengths = [draw.span.tokens for draw in draws]
    fitted = best_fit(lengths, recipe.token_budget)
    packs = [tuple(draws[index] for index in pack) for pack in spread(fitted, lengths, ranks)]
    counts.update(sequences=len(draws), packs=len(packs), tokens=sum(lengths))
    while len(packs) % ranks or not packs:
        packs.append((_empty(drawn[0], samples, measure),))
        counts["empty_packs"] += 1
    ids = tuple(samples[sample.index].sample_id for sample in drawn)
    return Step(tuple(packs), tuple(drawn), ids, dict(counts))


def draw_samples(seed: int, step: int, batch: int, total: int, offsets: Sequence[int]) -> list[Sample]:
    """The samples of one optimizer step (0-based): whole epochs, each in its own shuffled order.

    Offset: one entry of `offsets` at random, then a whole second from 0 to it, so that late time tags are not
    new to a model trained on short clips (design, the rules of time).
    """
    generator = rng(seed, "offset", step)
    samples = []
    for place in range(step * batch, (step + 1) * batch):
        epoch, position = divmod(place, total)
        limit = int(offsets[int(generator.integers(len(offsets)))])
        samples.append(Sample(_order(seed, epoch, total)[position], int(generator.integers(limit + 1))))
    return samples


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, total: int) -> list[int]:
    order: list[int] = rng(seed, "order", epoch).permutation(total).tolist()
    return order


def _empty(sample: Sample, samples: Sequence[Dialogue], measure: Measure) -> Draw:
    """The first turn of a sample with nothing to learn."""
    sizes = measure.sizes(samples[sample.index], sample.offset)
    return Draw(sample, Span(0, 0, 1, sizes.window(0, 0)), sum_labels([]))
