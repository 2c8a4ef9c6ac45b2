"""What is trained on: how long samples are, and what one pack of them holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from components.model.families.family import MAX_PIXELS
from components.train.plan.shapes import Vision


@dataclass(frozen=True)
class Lengths:
    """Samples as a histogram, and the tokens of a turn (one second of video, one frame) as a model sees it.

    turns: (turns of a sample, how many samples); only the ratios count. visual, patches: of a frame. text:
    tokens of a turn besides. prefix: tokens before the first turn. supervised: tokens of a turn with a label.
    """

    turns: tuple[tuple[float, float], ...]
    visual: int
    patches: int
    text: int
    prefix: int
    supervised: float

    @property
    def turn_tokens(self) -> int:
        """Tokens of a turn."""
        return self.visual + self.text


@dataclass(frozen=True)
class Corpus:
    """The same before a model looks at it: frames of so many pixels."""

    turns: tuple[tuple[float, float], ...]
    pixels: int
    text: int
    prefix: int
    supervised: float

    def seen_by(self, vision: Vision) -> Lengths:
        """What a vision tower makes of the frames."""
        patches = vision.patches(self.pixels)
        visual = patches // vision.merged
        return Lengths(self.turns, visual, patches, self.text, self.prefix, self.supervised)


# Videos by duration (paper, data statistics), each bin at its middle and the open one (over 240 s) at 300 s;
# samples are taken to be spread evenly over videos. A frame has the paper's largest size, 100,352 pixels (128
# tokens of Qwen2.5-VL); with its text a turn is then 151 tokens, of which 3 are supervised.
PAPER = Corpus(
    turns=((15, 68_273), (45, 19_153), (90, 21_834), (180, 20_529), (300, 6_086)),
    pixels=MAX_PIXELS, text=23, prefix=170, supervised=3.0,
)  # fmt: skip
# The embedded world: clips of 20-24 s at 56 x 56 pixels, one word one token.
WORLD = Corpus(turns=((22, 1),), pixels=56 * 56, text=16, prefix=40, supervised=2.6)


@dataclass(frozen=True)
class Load:
    """One pack, or one sample: what a forward pass is given.

    tokens: of all segments. squares: sum of the squared segment lengths (attention). visual: tokens that show
    something, patches: what they were made of. supervised: rows that reach the head.
    """

    tokens: float
    squares: float
    visual: float
    patches: float
    supervised: float


def pack_load(lengths: Lengths, budget: int) -> Load:
    """A pack filled to `budget` tokens by one sample: the most that memory and attention can be asked for."""
    turns = (budget - lengths.prefix) / lengths.turn_tokens
    return Load(
        budget,
        float(budget) ** 2,
        turns * lengths.visual,
        turns * lengths.patches,
        turns * lengths.supervised,
    )


def sample_load(lengths: Lengths, budget: int) -> Load:
    """The mean sample. One longer than `budget` is cut into windows of it, each with the prefix.

    The overlap of windows is not counted: it concerns the share of samples above the budget alone.
    """
    windows = [(_windows(lengths, turns, budget), count) for turns, count in lengths.turns]
    total = sum(count for _, count in windows)

    def mean(values: Sequence[float]) -> float:
        return sum(value * count for value, (_, count) in zip(values, windows, strict=True)) / total

    tokens = mean([sum(sizes) for sizes, _ in windows])
    squares = mean([sum(size**2 for size in sizes) for sizes, _ in windows])
    turns = mean([turns for turns, _ in lengths.turns])
    return _load(lengths, turns, tokens, squares)


def _load(lengths: Lengths, turns: float, tokens: float, squares: float) -> Load:
    visual, patches = turns * lengths.visual, turns * lengths.patches
    return Load(tokens, squares, visual, patches, turns * lengths.supervised)


def _windows(lengths: Lengths, turns: float, budget: int) -> list[float]:
    """Tokens of each window of one sample."""
    body = turns * lengths.turn_tokens
    pieces = ceil(body / (budget - lengths.prefix))
    return [lengths.prefix + body / pieces] * pieces
