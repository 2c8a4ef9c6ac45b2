"""A training plan: parameters, memory, tokens, time and cost, or what would make it fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from components.train.plan.flops import Flops, flops_of
from components.train.plan.gpus import Gpu
from components.train.plan.load import Corpus, Lengths, Load, pack_load, sample_load
from components.train.plan.memory import Memory, card_memory
from components.train.plan.remedies import Remedy, find_remedy
from components.train.plan.settings import Settings
from components.train.plan.shapes import Shapes, read_shapes
from components.train.recipe import Recipe

GIB = 2**30
TARGET_MFU = 0.40  # a first good figure; 0.50 is the aim (components/train/README.md)
HOST_BANDWIDTH = 100e9  # bytes a second of a server's memory, which its ranks share
HOST_CARDS = 8  # cards of one server
HOST_PASSES = 48  # bytes AdamW moves for one parameter: weight, gradient, moments, temporaries, fp32


@dataclass(frozen=True)
class Plan:
    """What a run would need. samples: of an epoch. chunk: rows of logits at once. remedy: None if it fits."""

    shapes: Shapes
    settings: Settings
    gpu: Gpu
    lengths: Lengths
    samples: int
    mfu: float
    price: float
    chunk: int
    memory: Memory
    remedy: Remedy | None

    @property
    def limit(self) -> float:
        """Bytes of one card."""
        return self.gpu.memory_gib * GIB

    @property
    def fits(self) -> bool:
        """Whether a card holds what the plan needs."""
        return self.memory.total <= self.limit

    @property
    def sample(self) -> Load:
        """The mean sample."""
        return sample_load(self.lengths, self.settings.budget, self.settings.recipe.window_turns)

    @property
    def pack(self) -> Load:
        """The heaviest pack: one sample that fills it."""
        return pack_load(self.lengths, self.settings.budget)

    @property
    def steps(self) -> int:
        """Optimizer steps of one epoch."""
        return ceil(self.samples / self.settings.recipe.batch)

    def flops(self, load: Load) -> Flops:
        """Operations of training on `load`."""
        checkpointing = self.settings.recipe.gradient_checkpointing
        return flops_of(self.shapes, load, frame_patches=self.lengths.patches, checkpointing=checkpointing)

    def speed(self, load: Load) -> float:
        """Tokens a second on one card at the plan's MFU, of packs made of such loads."""
        return self.mfu * self.gpu.reachable * 1e12 * load.tokens / self.flops(load).useful

    @property
    def hours(self) -> float:
        """Wall-clock hours of the epoch: operations at the MFU, and the offloaded update."""
        rate = self.settings.gpus * self.gpu.reachable * 1e12 * self.mfu
        return self.flops(self.sample).useful * self.samples / rate / 3600 + self.offload_hours

    @property
    def offload_hours(self) -> float:
        """Hours in which the host updates the weights: gradients down, AdamW there, weights up, each step."""
        if not self.settings.recipe.offload:
            return 0.0
        share = self.shapes.all_trained / self.settings.gpus
        link = (self.settings.grad_item + self.settings.item) * share / (self.gpu.link * 1e9)
        host = HOST_PASSES * share * min(self.settings.gpus, HOST_CARDS) / HOST_BANDWIDTH
        return self.steps * (link + host) / 3600

    @property
    def cost(self) -> float:
        """US dollars for all cards."""
        return self.hours * self.settings.gpus * self.price


def train_plan(
    config: Mapping[str, Any],
    recipe: Recipe,
    gpu: Gpu,
    gpus: int,
    *,
    corpus: Corpus,
    samples: int,
    mfu: float = TARGET_MFU,
    price: float | None = None,
    chunk: int | None = None,
) -> Plan:
    """The plan of one epoch; it is made whether it fits or not (`Plan.fits`).

    Args:
        config: content of the base's config.json.
        recipe: knobs of section `train`.
        gpu: the card.
        gpus: how many of them; ZeRO divides by this number.
        corpus: what samples look like.
        samples: of the epoch.
        mfu: share of the card's reachable bf16 rate that goes into useful operations.
        price: US dollars a card-hour; None: the table's.
        chunk: rows of logits at once; None: as the fused head does.

    Raises:
        DataError: the base's family is unknown.

    """
    from components.train.fused import CHUNK_ROWS

    rows = chunk or CHUNK_ROWS
    shapes = read_shapes(config, frozen=recipe.freeze)
    settings, lengths = Settings.of(recipe, gpus), corpus.seen_by(shapes.vision)

    def measure(changed: Settings) -> Memory:
        return card_memory(shapes, changed, pack_load(lengths, changed.budget), rows)

    memory, limit = measure(settings), gpu.memory_gib * GIB
    remedy = None if memory.total <= limit else find_remedy(settings, measure, limit)
    return Plan(
        shapes,
        settings,
        gpu,
        lengths,
        samples,
        mfu,
        gpu.price if price is None else price,
        rows,
        memory,
        remedy,
    )
