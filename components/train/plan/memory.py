"""Memory of one card, phase by phase: what is always there plus the largest of three moments.

tower: the frozen vision tower runs under no_grad. backward: a pack's activations are whole and its backward
pass begins. update: AdamW. The reserve on top is what no formula here sees: CUDA context and NCCL (2 GiB) and
5 % of what comes and goes, for the allocator's fragments.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from components.train.plan.activations import Execution, activation_parts, tower_bytes
from components.train.plan.load import Load
from components.train.plan.settings import Settings
from components.train.plan.shapes import Shapes
from components.train.plan.states import ALWAYS, BACKWARD, HOST, STATES, TOWER, UPDATE, Part, state_parts

CONTEXT = 2 * 2**30
FRAGMENTS = 0.05


@dataclass(frozen=True)
class Memory:
    """Parts in bytes, and what they come to."""

    parts: Sequence[Part]

    @property
    def states(self) -> float:
        """Weights, gradients and optimizer states on the card: what ZeRO divides."""
        return sum(part.bytes for part in self.parts if part.phase == ALWAYS and part.name in STATES)

    @property
    def host(self) -> float:
        """Host memory that one card needs."""
        return self.of(HOST)

    @property
    def moving(self) -> float:
        """The largest phase beyond what is always there."""
        return max(self.of(TOWER), self.of(BACKWARD), self.of(UPDATE))

    @property
    def tensors(self) -> float:
        """Peak of tensor memory, without the reserve."""
        return self.of(ALWAYS) + self.moving

    @property
    def reserve(self) -> float:
        """CUDA context, NCCL and fragments."""
        return CONTEXT + FRAGMENTS * self.moving

    @property
    def total(self) -> float:
        """What a card must have."""
        return self.tensors + self.reserve

    def of(self, phase: str) -> float:
        """Bytes of the parts of one phase."""
        return sum(part.bytes for part in self.parts if part.phase == phase)


def card_memory(shapes: Shapes, settings: Settings, load: Load, chunk: int) -> Memory:
    """Memory of one card that trains packs like `load`, with logits of `chunk` rows at once."""
    run = Execution(settings.item, settings.recipe.gradient_checkpointing, chunk)
    activations = [Part(name, size, BACKWARD) for name, size in activation_parts(shapes, load, run).items()]
    tower = Part("vision tower at work", tower_bytes(shapes, load, run), TOWER)
    cache = Part("cached tower rows, at most", settings.recipe.cache_mb * 2**20, ALWAYS)
    kept = [cache] if cache.bytes else []
    return Memory([*state_parts(shapes, settings), *kept, *activations, tower])
