"""What would make a plan fit: one change at a time in a fixed order, then changes on top of each other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from components.train.plan.memory import Memory
from components.train.plan.settings import Settings

SMALLEST_BUDGET = 4096  # tokens: half a minute of video a window
MOST_CARDS = 64

Measure = Callable[[Settings], Memory]


@dataclass(frozen=True)
class Remedy:
    """Changes (in words), the settings they give, and their memory."""

    changes: tuple[str, ...]
    settings: Settings
    memory: Memory


def find_remedy(settings: Settings, measure: Measure, limit: float) -> Remedy | None:
    """The first change that fits into `limit` bytes alone; else the first that does on top of those before.

    Order: ZeRO stage up, offload, checkpointing, smaller token budget, gradients in the weights' dtype, more
    cards. None where nothing of this helps.
    """
    for step in STEPS:
        for words, changed in step(settings):
            memory = measure(changed)
            if memory.total <= limit:
                return Remedy((words,), changed, memory)
    taken: tuple[str, ...] = ()
    current, least = settings, measure(settings).total
    for step in STEPS:
        options = [(words, changed, measure(changed)) for words, changed in step(current)]
        for words, changed, memory in options:
            if memory.total <= limit:
                return Remedy((*taken, words), changed, memory)
        for words, changed, memory in options:
            if memory.total < least:
                taken, current, least = _then(taken, words), changed, memory.total
    return None


def _then(taken: tuple[str, ...], words: str) -> tuple[str, ...]:
    """`words` after `taken`, in place of another value of the same knob."""
    knob = words.partition(":")[0]
    return (*(other for other in taken if other.partition(":")[0] != knob), words)


def _zero(settings: Settings) -> Iterator[tuple[str, Settings]]:
    for stage in range(settings.recipe.zero_stage + 1, 4):
        yield f"train.zero_stage: {stage}", settings.change(zero_stage=stage)


def _offload(settings: Settings) -> Iterator[tuple[str, Settings]]:
    if not settings.recipe.offload and settings.recipe.zero_stage:
        yield "train.offload: true", settings.change(offload=True)


def _checkpointing(settings: Settings) -> Iterator[tuple[str, Settings]]:
    if not settings.recipe.gradient_checkpointing:
        yield "train.gradient_checkpointing: true", settings.change(gradient_checkpointing=True)


def _budget(settings: Settings) -> Iterator[tuple[str, Settings]]:
    budget = settings.budget // 2
    while budget >= SMALLEST_BUDGET:
        yield f"train.token_budget: {budget}", settings.change(token_budget=budget)
        budget //= 2


def _gradients(settings: Settings) -> Iterator[tuple[str, Settings]]:
    if settings.recipe.grad_dtype != settings.recipe.dtype:
        dtype = settings.recipe.dtype
        yield f"train.grad_dtype: {dtype}", settings.change(grad_dtype=dtype)


def _cards(settings: Settings) -> Iterator[tuple[str, Settings]]:
    gpus = settings.gpus * 2
    while gpus <= MOST_CARDS:
        yield f"{gpus} cards", settings.change(gpus=gpus)
        gpus *= 2


STEPS: tuple[Callable[[Settings], Iterator[tuple[str, Settings]]], ...] = (
    _zero, _offload, _checkpointing, _budget, _gradients, _cards,
)  # fmt: skip
