"""What is trained on: how long samples are, and what one pack of them holds."""

from dataclasses import dataclass

from components.model.families.family import MAX_PIXELS
from components.train.plan.shapes import Vision
from components.train.windows import Sizes, cut


@dataclass(frozen=True)
class Lengths:
    """Samples as a histogram, and the tokens of a turn (one second of video, one frame) as a model sees it.

    turns: (turns of a sample, how many samples); only the ratios count. visual, patches: of a frame. text:
    tokens of a turn besides. prefix: tokens before the first turn. supervised: tokens of a turn with a label.
    """

    turns: tuple[tuple[int, int], ...]
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

    turns: tuple[tuple[int, int], ...]
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
    pixels=MAX_PIXELS, text=23, prefix=40, supervised=3.0,
)  # fmt: skip
# The embedded world: clips of 20-24 s at 56 x 56 pixels, one word one token.
WORLD = Corpus(turns=((22, 1),), pixels=56 * 56, text=15, prefix=18, supervised=2.3)


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


def sample_load(lengths: Lengths, budget: int, width: int) -> Load:
    """The mean sample, cut as training cuts it: one longer than `budget` into windows of `width` turns."""
    total = sum(count for _, count in lengths.turns)
    sums = [0.0] * 5
    for turns, count in lengths.turns:
        load = _sample(lengths, turns, budget, width)
        parts = (load.tokens, load.squares, load.visual, load.patches, load.supervised)
        sums = [so_far + part * count / total for so_far, part in zip(sums, parts, strict=True)]
    return Load(*sums)


def _sample(lengths: Lengths, turns: int, budget: int, width: int) -> Load:
    """All sequences of one sample of so many equal turns."""
    sizes = Sizes(lengths.prefix, (lengths.turn_tokens,) * turns, (0,) * turns)
    spans, _ = cut(sizes, budget=budget, width=width)
    seen = sum(span.last - span.first + 1 for span in spans)
    learnt = sum(span.last - span.learn + 1 for span in spans)
    tokens, squares = sum(span.tokens for span in spans), sum(span.tokens**2 for span in spans)
    return Load(tokens, squares, seen * lengths.visual, seen * lengths.patches, learnt * lengths.supervised)
