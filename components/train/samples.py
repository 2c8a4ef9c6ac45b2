"""Which samples with which start offsets at which step: a function of the seed, equal on every rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from components.core.errors import DataError
from components.core.seeds import rng
from components.protocol.tables import read_samples
from components.protocol.turns import Dialogue


@dataclass(frozen=True)
class Draw:
    """One sample of a step: its index in the training list, and the seconds its clock starts at."""

    index: int
    offset: int


def read_split(dataset_dir: Path, split: str) -> list[Dialogue]:
    """Every sample of `train` or `validation`, in file order; DataError where there is none."""
    shards = sorted((dataset_dir / split).glob("*.parquet"))
    samples = list(read_samples(shards))
    if not samples:
        raise DataError(f"{dataset_dir / split}: no sample; run the dataset stage first")
    return samples


def draw_step(seed: int, step: int, batch: int, total: int, offsets: Sequence[int]) -> list[Draw]:
    """The samples of one optimizer step (0-based): whole epochs, each in its own shuffled order.

    Offset: one entry of `offsets` at random, then a whole second from 0 to it, so that late time tags are not
    new to a model trained on short clips (design, the rules of time).
    """
    generator = rng(seed, "offset", step)
    draws = []
    for place in range(step * batch, (step + 1) * batch):
        epoch, position = divmod(place, total)
        index = _order(seed, epoch, total)[position]
        limit = int(offsets[int(generator.integers(len(offsets)))])
        draws.append(Draw(index, int(generator.integers(limit + 1))))
    return draws


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, total: int) -> list[int]:
    order: list[int] = rng(seed, "order", epoch).permutation(total).tolist()
    return order
